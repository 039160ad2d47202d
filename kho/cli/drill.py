"""`kho drill`: plant damage in objects of our own, and require audit and repair to do their work."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from kho.cli.failing import verb
from kho.cli.options import HomeOption, JsonOption, OperatorOption
from kho.cli.output import Output, ledger_behind, recovered

if TYPE_CHECKING:
    from kho.wiring import Archive
    from preservation.drills.drill import Drilled


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("drill")(verb(drill))


def drill(
    kinds: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KIND]…", help="flip, truncation, missing, extra, swapped…"),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every kind.")] = False,
    make: Annotated[
        bool, typer.Option("--make-canaries", help="Make the objects that drills may harm.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: HomeOption = None,
    operator: OperatorOption = None,
    as_json: JsonOption = False,
) -> int:
    """Harm canaries on purpose, in every store, and see that audit finds and repair mends it all.

    Never touches a real dossier. Exit status 3 when something was not found or not mended.
    """
    from kho import exits, wiring
    from kho.interrupt import until_interrupted
    from kho.settings import find_home
    from preservation.drills import drill as drills

    if bool(kinds) + everything + make != 1:
        raise typer.BadParameter("choose one of: kinds, --all, --make-canaries")
    wanted = list(dict.fromkeys(kinds or drills.KINDS))
    for kind in wanted:
        if kind not in drills.KINDS:
            raise typer.BadParameter(f"{kind} is no kind; there are: {', '.join(drills.KINDS)}")
    if as_json and not (yes or make):
        raise typer.BadParameter("goes with --yes", param_hint="--json")
    out = Output(as_json=as_json)
    who = wiring.operator_name(operator)
    with wiring.open_archive(find_home(home)) as archive, until_interrupted() as interrupted:
        recovered(out, archive.recover())
        if make:
            _make(out, archive, who)
            return exits.Exit.DONE
        if not yes:
            typer.confirm(_question(out), abort=True, err=True)
        summary = drills.drill(
            archive.drilling(),
            wanted,
            operator=who,
            on_result=lambda one: _tell(out, one),
            stop=interrupted,
        )
        failed = len(summary.failed)
        counts = {"kinds": len(summary.results), "failed": failed}
        away = summary.stores_unavailable
        told = {"stores_unavailable": list(away), "not_drilled": list(summary.not_drilled)}
        out.line("summary", {"drill_id": summary.drill_id, **counts, **told})
        for one in summary.not_drilled:
            out.note(one)
        out.say(
            f"{summary.drill_id}: {len(summary.results) - failed}/{len(summary.results)} đạt",
            f"{summary.drill_id}: {len(summary.results) - failed} of {len(summary.results)} passed",
        )
        ledger_behind(out, archive.ledger_behind)
        if interrupted():
            return exits.Exit.CANCELLED
        if failed:
            return exits.Exit.FOUND
        return exits.Exit.DONE if summary.outcome == "success" else exits.Exit.INCOMPLETE


def _make(out: Output, archive: Archive, who: str) -> None:
    from kho import wiring
    from preservation.drills.canaries import make_canaries

    count = 0
    for object_id in make_canaries(
        archive.holding(),
        operator=who,
        software=wiring.software(),
        organisation=archive.organisation(),
    ):
        count += 1
        out.line("canary", {"object_id": object_id})
        out.text(object_id)
    out.line("summary", {"made": count})
    out.say(f"Đã tạo {count} hồ sơ diễn tập.", f"Made {count} canaries.")


def _question(out: Output) -> str:
    if out.language == "vi":
        return "Cố ý làm hỏng các hồ sơ diễn tập (không phải hồ sơ thật) rồi sửa lại?"
    return "Harm the canaries (no real dossier) on purpose, and mend them again?"


def _tell(out: Output, one: Drilled) -> None:
    out.line("drilled", {**asdict(one), "passed": one.passed})
    mark = "✓" if one.passed else "✗"
    kind, how = out.word(one.kind), out.word(one.how)
    out.text(f"{mark} {kind:12} {one.store:12} {how:9}  {out.words(one.verdict)}")
    if one.why:
        out.text(f"    {one.why}")
