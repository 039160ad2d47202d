"""`kho audit` and `kho verify`: is everything still there, intact, in every copy?"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kho.cli.failing import verb
from kho.cli.options import HomeOption, JsonOption, OperatorOption
from kho.cli.output import Output, ledger_behind, recovered

if TYPE_CHECKING:
    from kho.wiring import Archive
    from preservation.audit.run import Depth, Selection
    from repository.catalogue.records import AuditResultRecord

IdsArgument = Annotated[list[str] | None, typer.Argument(metavar="[ID]…")]
CopyOption = Annotated[
    list[str] | None, typer.Option("--copy", help="Only this store; may be given again.")
]
CachedOption = Annotated[
    bool,
    typer.Option("--cached", help="Read through the page cache: faster, proves less."),
]
StructuralOption = Annotated[
    bool,
    typer.Option(
        "--structural",
        help="List every file, read inventories only: the documents' bytes stay not checked.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("audit")(verb(audit))
    app.command("verify")(verb(verify))


def audit(
    ids: IdsArgument = None,
    everything: Annotated[bool, typer.Option("--all", help="Every copy of everything.")] = False,
    due: Annotated[bool, typer.Option("--due", help="What is late, and today's share.")] = False,
    sample: Annotated[
        str | None, typer.Option("--sample", help="A random part, such as 2%.", metavar="PERCENT")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The seed of a sample, to repeat it.")] = None,
    budget: Annotated[
        str | None, typer.Option(help="With --due: read at most so much, such as 50GB.")
    ] = None,
    structural: StructuralOption = False,
    resume: Annotated[
        str | None,
        typer.Option(help="Go on with an audit that was killed or stopped.", metavar="RUN"),
    ] = None,
    copy: CopyOption = None,
    cached: CachedOption = False,
    home: HomeOption = None,
    operator: OperatorOption = None,
    as_json: JsonOption = False,
) -> int:
    """Read every byte of the chosen copies again and compare it with what it must be."""
    chosen = [bool(ids), everything, due, sample is not None, resume is not None]
    if sum(chosen) != 1:
        raise typer.BadParameter("choose one of: ids, --all, --due, --sample 2%, --resume RUN")
    if structural and (due or resume is not None):
        raise typer.BadParameter("goes with ids, --all or --sample", param_hint="--structural")
    if copy and resume is not None:
        raise typer.BadParameter("the run itself says which stores", param_hint="--copy")
    if budget is not None and not due:
        raise typer.BadParameter("goes with --due", param_hint="--budget")
    if seed is not None and sample is None:
        raise typer.BadParameter("goes with --sample", param_hint="--seed")
    room, percent = _bytes(budget), _percent(sample)

    def select(archive: Archive) -> Selection:
        from kho import selecting

        if resume is not None:
            return selecting.asked_again(archive, resume)
        stores = selecting.stores(archive, copy)
        if due:
            return selecting.due(archive, stores, room)
        depth: Depth = "structural" if structural else "full"
        if percent is not None:
            drawn = secrets.randbelow(2**31) if seed is None else seed
            return selecting.sampled(archive, stores, percent, drawn, depth=depth)
        if ids:
            return selecting.named(archive, stores, ids, depth=depth)
        return selecting.everything(archive, stores, depth=depth)

    return _run(
        select,
        cached=cached,
        resume=resume or "",
        home=home,
        operator=operator,
        as_json=as_json,
        sign_of_life=due and not copy,  # of one store it says nothing of the others
    )


def verify(
    ids: IdsArgument = None,
    everything: Annotated[bool, typer.Option("--all", help="Every copy of everything.")] = False,
    copy: CopyOption = None,
    cached: CachedOption = False,
    home: HomeOption = None,
    operator: OperatorOption = None,
    as_json: JsonOption = False,
) -> int:
    """Audit the named dossiers, or everything, now."""
    return audit(
        ids=ids,
        everything=everything or not ids,
        copy=copy,
        cached=cached,
        home=home,
        operator=operator,
        as_json=as_json,
    )


def _run(
    select: Callable[[Archive], Selection],
    *,
    cached: bool,
    resume: str,
    home: Path | None,
    operator: str | None,
    as_json: bool,
    sign_of_life: bool,
) -> int:
    from kho import exits, wiring
    from kho.interrupt import until_interrupted
    from kho.settings import find_home
    from preservation.audit.run import audit as run_audit

    out = Output(as_json=as_json)
    with (
        wiring.open_archive(find_home(home)) as archive,
        until_interrupted() as interrupted,
    ):
        begun = archive.clock.now()
        recovered(out, archive.recover())
        selection = select(archive)
        if selection.note:
            out.note(selection.note)
        total = sum(len(ids) for ids in selection.copies.values())
        with out.progress("audit", total, "bản sao") as bar:

            def heard(result: AuditResultRecord) -> None:
                bar.advance(1, result.object_id)
                if result.verdict != "intact":
                    _show(out, result)

            summary = run_audit(
                archive.auditing(),
                selection,
                operator=wiring.operator_name(operator),
                medium=not cached,
                resume=resume,
                on_result=heard,
                stop=interrupted,
            )
        seconds = round((archive.clock.now() - begun).total_seconds(), 3)
        out.line("summary", {"run_id": summary.run_id, **summary.totals(), "seconds": seconds})
        _tell(out, summary.totals(), summary.run_id, seconds)
        ledger_behind(out, archive.ledger_behind)
        if interrupted():
            return exits.Exit.CANCELLED
        if sign_of_life:
            # Where cron runs `audit --due`, its regular end is the clock's sign of life.
            from preservation import heartbeat

            failed = summary.broken
            if set(summary.stores_unavailable) >= set(selection.copies):
                failed = failed or "none of the stores could be reached"
            sign = archive.home.folder("reports") / heartbeat.FILE
            heartbeat.after_audit(sign, archive.clock.now(), failed)
        return exits.of_audit(summary.sums, bool(summary.stores_unavailable), summary.broken)


def _show(out: Output, result: AuditResultRecord) -> None:
    value = asdict(result)
    out.line("object", {**value, "files": list(value["files"])})
    out.text(f"{out.word(result.verdict).upper()}  {result.object_id}  ({result.store})")
    for file in result.files[:20]:
        verdict, why = out.word(str(file["verdict"])).upper(), out.words(str(file["reason"]))
        out.text(f"    {verdict}  {file['path']}  {why}".rstrip())
    more = result.expected - result.intact + result.unexpected - 20
    if more > 0 and len(result.files) > 20:
        out.text(f"    … {more}")


def _tell(out: Output, totals: dict[str, object], run_id: str, seconds: float) -> None:
    vi = out.language == "vi"
    names = (
        ("expected", "cần có"), ("intact", "nguyên vẹn"), ("altered", "bị sửa"),
        ("missing", "bị mất"), ("unreadable", "không đọc được"),
        ("not_checked", "chưa kiểm tra"), ("unexpected", "thừa"),
    )  # fmt: skip
    counts = " · ".join(f"{viet if vi else name} {totals[name]}" for name, viet in names)
    out.text(f"{run_id}: {totals['objects']} {'hồ sơ' if vi else 'objects'}, {seconds} s")
    out.text(f"  {'tệp' if vi else 'files'}: {counts}")
    told = totals.get("sample")
    if isinstance(told, dict):
        out.text("  " + _proves(told, vi=vi))
    if totals.get("broken"):
        out.text(f"  {'CUỘC KIỂM TRA HỎNG' if vi else 'THIS RUN IS BROKEN'}: {totals['broken']}")
    away = totals["stores_unavailable"]
    if isinstance(away, list) and away:
        out.text(f"  {'kho không tới được' if vi else 'stores unavailable'}: {', '.join(away)}")


def _proves(told: dict[str, int], *, vi: bool) -> str:
    from preservation.audit.sampling import Statement

    bad = told["drawn"] - told["intact"]
    said = Statement(told["of"], told["drawn"], bad, told["at_most"])
    return said.sentence("hồ sơ" if vi else "dossiers", vi=vi)


def _percent(text: str | None) -> float | None:
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,3}(?:\.\d+)?)\s*%?", text.strip(), re.ASCII)
    if match is None or not 0 < float(match[1]) <= 100:
        raise typer.BadParameter(f"{text!r} is not a share such as 2%", param_hint="--sample")
    return float(match[1])


def _bytes(text: str | None) -> int | None:
    if text is None:
        return None
    match = re.fullmatch(
        r"(\d{1,18}(?:\.\d+)?)\s*(?:([kmgt])(i)?)?b?", text.strip().lower(), re.ASCII
    )
    if match is None:
        raise typer.BadParameter(f"{text!r} is not a size such as 50GB", param_hint="--budget")
    power = " kmgt".index(match[2] or " ")
    return int(float(match[1]) * (1024 if match[3] else 1000) ** power)
