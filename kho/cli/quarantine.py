"""`kho quarantine`: what lies in quarantine, taken out for a person, or destroyed with a paper."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from kho.cli.failing import verb
from kho.cli.options import HomeOption, JsonOption, OperatorOption
from kho.cli.output import Output

WorkArgument = Annotated[str, typer.Argument(metavar="ID", help="Its id, as `list` shows.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    group = typer.Typer(no_args_is_help=True, help="What lies in quarantine, and its end.")
    group.command("list")(verb(list_quarantined))
    group.command("release")(verb(release))
    group.command("purge")(verb(purge))
    app.add_typer(group, name="quarantine")


def list_quarantined(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Everything in quarantine. What was refused or returned is not there: it was removed at once."""
    from ingest.purging import quarantined
    from kho import intake, wiring
    from kho.settings import find_home
    from preservation.deadlines import due_day

    out = Output(as_json=as_json)
    with (
        wiring.open_archive(find_home(home), read_only=True) as archive,
        intake.services(archive, catch_up=False) as services,
    ):
        found = quarantined(services)
        for one in found:
            due = due_day(one.transfer) if one.transfer else ""
            title = one.transfer.title if one.transfer else ""
            line = asdict(one)
            del line["transfer"]
            out.line("quarantined", {**line, "title": title, "due": due})
            out.text(f"{one.work_id}  {one.state:18}  {one.files}  {one.bytes} B  {due}  {title}")
        out.line("summary", {"quarantined": len(found), "bytes": sum(one.bytes for one in found)})


def release(
    work_id: WorkArgument,
    to: Annotated[Path, typer.Option("--to", help="A new folder to copy into.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy what waits out of quarantine, for a person to look at. It waits on; nothing is decided."""
    from ingest import purging
    from kho import intake, wiring
    from kho.settings import find_home

    out = Output(as_json=as_json)
    with (
        wiring.open_archive(find_home(home)) as archive,
        intake.services(archive, catch_up=False) as services,
    ):
        files = purging.release(services, work_id, to)
    out.line("summary", {"work_id": work_id, "files": files, "folder": str(to)})
    out.say(f"Đã chép {files} tệp ra {to}", f"{files} files were copied to {to}")


def purge(
    work_id: WorkArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is recorded for ever.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    home: HomeOption = None,
    operator: OperatorOption = None,
    as_json: JsonOption = False,
) -> None:
    """Destroy what lies in quarantine under an id, with a certificate. Nothing else is touched."""
    from ingest import purging
    from kho import intake, wiring
    from kho.papers import purge_paper
    from kho.settings import find_home
    from repository import durable
    from repository.errors import Cancelled

    out = Output(as_json=as_json)
    if not reason.strip():
        raise typer.BadParameter("say why: it is recorded for ever", param_hint="--reason")
    asked = f"Xóa hẳn {work_id}?" if out.language == "vi" else f"Destroy {work_id} for good?"
    if not yes and not typer.confirm(asked, err=True):
        raise Cancelled("Nothing was destroyed.")
    with (
        wiring.open_archive(find_home(home)) as archive,
        intake.services(archive, catch_up=False) as services,
    ):
        who = wiring.operator_name(operator)
        done = purging.purge(services, work_id, operator=who, reason=reason)
        page = purge_paper(done.document(), archive.settings.archive, now=archive.clock.now())
        folder = archive.home.folder("reports") / "purges"
        certificate = folder / f"{work_id}-{done.at.replace(':', '')}.html"
        try:
            folder.mkdir(exist_ok=True)
            durable.write_durably(certificate, page.encode("utf-8", "replace"))
        except OSError as problem:
            raise durable.explained(problem, "writing the certificate") from problem
    said = done.document()
    out.line("summary", {**said, "certificate": str(certificate)})
    out.say(
        f"Đã xóa {done.files} tệp, {done.bytes} byte. {said['meaning_vi']}",
        f"{done.files} files, {done.bytes} bytes were destroyed. {said['meaning_en']}",
    )
    out.text(str(certificate))
