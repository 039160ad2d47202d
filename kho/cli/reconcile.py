"""`kho reconcile`: do catalogue, ledger and stores agree?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kho.cli.failing import verb
from kho.cli.options import HomeOption, JsonOption, OperatorOption
from kho.cli.output import Output, problem_document, recovered

if TYPE_CHECKING:
    from repository.problems import Problem


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("reconcile")(verb(reconcile))


def reconcile(
    copy: Annotated[
        list[str] | None, typer.Option("--copy", help="Only this store; may be given again.")
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Catch up what is merely behind.")] = False,
    home: HomeOption = None,
    operator: OperatorOption = None,
    as_json: JsonOption = False,
) -> int:
    """Compare catalogue, ledger and stores both ways, by names, heads and inventories: no content."""
    from kho import exits, selecting, wiring
    from kho.interrupt import until_interrupted
    from kho.settings import find_home
    from preservation.events import Outcome
    from preservation.reconcile import reconcile as compare_all

    out = Output(as_json=as_json)
    with (
        wiring.open_archive(find_home(home)) as archive,
        until_interrupted() as interrupted,
    ):
        recovered(out, archive.recover())
        archive.publish()
        begun = archive.clock.now()

        def tell(problem: Problem) -> None:
            out.line("problem", problem_document(problem))
            out.problems([problem], indent="")

        result = compare_all(
            archive.caring(),
            selecting.stores(archive, copy),
            operator=wiring.operator_name(operator),
            fix=fix,
            resting=archive.resting.names(),
            on_problem=tell,
            stop=interrupted,
        )
        seconds = round((archive.clock.now() - begun).total_seconds(), 3)
        out.line("summary", {**result.totals(), "seconds": seconds})
        out.say(
            f"{result.objects} hồ sơ, {result.copies} bản sao, {len(result.problems)} điều cần xem, "
            f"{result.fixed} đã chép bổ sung, {seconds} s",
            f"{result.objects} objects, {result.copies} copies, {len(result.problems)} findings, "
            f"{result.fixed} caught up, {seconds} s",
        )
        if interrupted():
            return exits.Exit.CANCELLED
        match result.outcome:
            case Outcome.FAILURE:
                return exits.Exit.FOUND
            case Outcome.INCOMPLETE:
                return exits.Exit.INCOMPLETE
            case _:
                return exits.Exit.DONE
