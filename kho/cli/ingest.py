"""`kho ingest`: receive transfers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kho.cli.copies import follow
from kho.cli.failing import verb
from kho.cli.options import (
    DryRunOption,
    FondsOption,
    HomeOption,
    JsonOption,
    MappingOption,
    OperatorOption,
)
from kho.cli.output import Output, ledger_behind, problem_document, recovered

if TYPE_CHECKING:
    from ingest.arrival import Arrival
    from ingest.judging import IngestResult
    from kho.taking import Taken
    from kho.watching import Watch
    from kho.wiring import Archive
    from preservation.package.plan import AipPlan
    from repository.errors import ArchiveError
    from repository.problems import Problem


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("ingest")(verb(ingest))


def ingest(
    transfers: Annotated[
        list[Path] | None,
        typer.Argument(help="SIP_hoso ZIPs, bags, lists with their files, or folders of these."),
    ] = None,
    home: HomeOption = None,
    operator: OperatorOption = None,
    dry_run: DryRunOption = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", min=1, max=64, help="Dossiers at once (else one a processor)."
        ),
    ] = None,
    watch: Annotated[
        Path | None,
        typer.Option("--watch", help="Take what comes to rest in this folder, until stopped."),
    ] = None,
    settle: Annotated[
        float,
        typer.Option("--settle", min=0.1, help="Seconds a watched file must have been still."),
    ] = 10.0,
    mapping: MappingOption = None,
    fonds: FondsOption = "",
    as_json: JsonOption = False,
) -> int:
    """Receive transfers: check each one, and hold what has no error in every store."""
    from kho import intake, taking, wiring
    from kho.interrupt import until_interrupted
    from kho.mapping_files import mappings_for
    from kho.settings import find_home
    from kho.watching import Watch

    if bool(transfers) == (watch is not None):
        raise typer.BadParameter("name transfers, or --watch a folder; one of the two")
    if watch is not None and dry_run:
        raise typer.BadParameter("a dry run looks at named transfers, not at a watched folder")
    out = Output(as_json=as_json)
    tally = _Tally(out, dry_run=dry_run)
    with (
        wiring.open_archive(find_home(home)) as archive,
        until_interrupted() as interrupted,
    ):
        recovered(out, archive.recover())
        who = wiring.operator_name(operator)
        most = jobs or taking.processors()
        mappings = mappings_for(archive.home.path, mapping or ())
        fonds = fonds or archive.settings.intake.fonds
        if watch is not None:
            watched = Watch(watch, archive.catalogue, settle=settle, mappings=mappings, fonds=fonds)
            _watch(out, archive, watched, tally, who, most, interrupted)
        else:
            sources = intake.expand(
                transfers or [],
                mappings=mappings,
                fonds=fonds,
                told=lambda name, problem: stranger(out, name, problem),
            )
            if jobs is None and (len(sources) < taking.PAYS_FROM or dry_run):
                most = 1
            with out.progress("ingest", len(sources), "hồ sơ") as bar:
                for taken in taking.take_all(
                    archive,
                    sources,
                    operator=who,
                    jobs=most,
                    dry_run=dry_run,
                    stop=interrupted,
                ):
                    if taken.failure is not None and len(sources) == 1:
                        raise taken.failure
                    tally.add(taken)
                    bar.advance(1, source_name(taken.source))
        if not dry_run:
            follow(out, archive, who, interrupted)
        ledger_behind(out, archive.ledger_behind)
    return tally.end(cancelled=interrupted())


def _watch(
    out: Output,
    archive: Archive,
    watched: Watch,
    tally: _Tally,
    operator: str,
    jobs: int,
    stop: Callable[[], bool],
) -> None:
    """Take what comes to rest in a folder until told to stop."""
    from kho import taking

    out.note(
        f"Theo dõi {watched.folder}; Ctrl-C để dừng"
        if out.language == "vi"
        else f"watching {watched.folder}; Ctrl-C stops it"
    )
    while not stop():
        look = watched.look()
        if look.trouble:
            out.note(look.trouble)
        for name, problem in look.strangers:
            stranger(out, name, problem)
        for taken in taking.take_all(
            archive,
            look.ready,
            operator=operator,
            jobs=jobs if len(look.ready) >= taking.PAYS_FROM else 1,
            stop=stop,
        ):
            tally.add(taken)
            watched.settled(taken)
            follow(out, archive, operator, stop)
        watched.rest(stop)


class _Tally:
    """What became of a batch, told as it goes and summed up at its end."""

    def __init__(self, out: Output, *, dry_run: bool) -> None:
        self._out, self._dry_run = out, dry_run
        self._counts = {"accepted": 0, "refused": 0, "awaiting-decision": 0, "failed": 0}

    def add(self, taken: Taken) -> None:
        """Tell what became of one transfer."""
        if taken.failure is not None:
            # One transfer that fails must not keep the others from being received.
            self._counts["failed"] += 1
            failed(self._out, taken.source, taken.failure)
        elif taken.result is not None:
            self._counts[taken.result.verdict] += 1
            show(self._out, taken.result)

    def end(self, *, cancelled: bool) -> int:
        """Tell the sums; the exit status."""
        from kho import exits

        counts = self._counts
        total = sum(counts.values())
        self._out.line(
            "summary",
            {"dossiers": total, **counts, "dry_run": self._dry_run, "cancelled": cancelled},
        )
        self._out.say(
            f"Nhận {counts['accepted']} · từ chối {counts['refused']} · chờ quyết định "
            f"{counts['awaiting-decision']} · lỗi {counts['failed']}",
            f"accepted {counts['accepted']} · refused {counts['refused']} · awaiting a decision "
            f"{counts['awaiting-decision']} · failed {counts['failed']}",
        )
        if cancelled:
            return exits.Exit.CANCELLED
        if counts["failed"]:
            return exits.Exit.FAILURE
        return exits.Exit.FOUND if counts["refused"] else exits.Exit.DONE


def show(out: Output, result: IngestResult) -> None:
    """One transfer's result, for a program or a person."""
    plan = result.plan
    out.line(
        "dossier",
        {
            "source": result.source,
            "transfer_id": result.transfer_id,
            "object_id": result.object_id,
            "title": result.title,
            "verdict": result.verdict,
            "problems": [problem_document(problem) for problem in result.report],
            **({"plan": _plan_document(plan)} if plan else {}),
        },
    )
    vi = {"accepted": "NHẬN", "refused": "TỪ CHỐI", "awaiting-decision": "CHỜ QUYẾT ĐỊNH"}
    word = vi[result.verdict] if out.language == "vi" else result.verdict.upper()
    out.text(f"{word}  {result.source}  {result.title}")
    if result.object_id:
        out.text(f"  {result.object_id}")
    out.problems(result.report.problems)
    if plan:
        for file in plan.version.files:
            out.text(f"  + {file.logical_path}  {file.size}")


def source_name(source: Path | Arrival) -> str:
    """How a transfer is called in what is told."""
    return source.name


def stranger(out: Output, name: str, problem: Problem) -> None:
    """Something in a folder that is no transfer: told, and passed by."""
    out.line("not-understood", {"source": name, "problems": [problem_document(problem)]})
    out.problems([problem])


def failed(out: Output, source: Path | Arrival, failure: ArchiveError) -> None:
    """One transfer of several that could not be judged or received: told, and the next one taken."""
    kind = type(failure).__name__
    out.line("error", {"source": source.name, "error": kind, "message": failure.operator})
    out.note(f"{source.name}: {failure.operator}")


def _plan_document(plan: AipPlan) -> dict[str, object]:
    return {
        "object_id": plan.version.object_id,
        "profile": plan.profile,
        "files": [
            {"path": file.logical_path, "size": file.size, "sha512": file.sha512}
            for file in plan.version.files
        ],
    }
