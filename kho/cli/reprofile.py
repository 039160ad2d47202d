"""`kho reprofile`: write packages again under the newest projection."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from kho.cli.copies import follow
from kho.cli.failing import verb
from kho.cli.options import DryRunOption, HomeOption, JsonOption, OperatorOption
from kho.cli.output import Output, recovered


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("reprofile")(verb(reprofile))


def reprofile(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]…", help="Else all.")] = None,
    reason: Annotated[str, typer.Option(help="Why; it stands in the new version.")] = "",
    dry_run: DryRunOption = False,
    home: HomeOption = None,
    operator: OperatorOption = None,
    as_json: JsonOption = False,
) -> int:
    """Give every dossier a new version under the newest projection; received bytes stay as they are."""
    from kho import exits, selecting, wiring
    from kho.interrupt import until_interrupted
    from kho.settings import find_home
    from preservation.package.plan import PROFILE
    from preservation.reprofile import reprofile as write_again

    out = Output(as_json=as_json)
    with (
        wiring.open_archive(find_home(home)) as archive,
        until_interrupted() as interrupted,
    ):
        recovered(out, archive.recover())
        wanted = selecting.held(archive, ids)
        counts = {"current": 0, "planned": 0, "written": 0, "failed": 0}
        with out.progress("reprofile", len(wanted), "hồ sơ") as bar:
            for done in write_again(
                archive.holding(),
                wanted,
                operator=wiring.operator_name(operator),
                software=wiring.software(),
                organisation=archive.organisation(),
                reason=reason or f"new projection {PROFILE}",
                dry_run=dry_run,
                stop=interrupted,
            ):
                counts[done.action] += 1
                out.line("object", asdict(done))
                told = done.reason or f"{done.version} {done.profile}"
                out.text(f"{done.action:8} {done.object_id} {told}")
                bar.advance(1, done.object_id)
        if not dry_run:
            follow(out, archive, wiring.operator_name(operator), interrupted)
        out.line("summary", counts)
        if interrupted():
            return exits.Exit.CANCELLED
        return exits.Exit.FAILURE if counts["failed"] else exits.Exit.DONE
