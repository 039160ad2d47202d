"""`kho form`: the papers the law asks for, printable, filled from catalogue and ledger."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from kho.cli.failing import verb
from kho.cli.options import HomeOption, JsonOption
from kho.cli.output import Output

if TYPE_CHECKING:
    from kho.wiring import Archive
    from preservation.forms.gathering import Keeper

_LONGEST = 3660  # days of one period


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("form")(verb(form))


def form(
    name: Annotated[
        Literal["bien-ban-kiem-tra", "nhat-ky-sao-luu", "bien-ban-sao-luu", "bien-ban-su-co"],
        typer.Argument(help="Which paper."),
    ],
    to: Annotated[Path, typer.Option("--to", help="The HTML file to write; it must be new.")],
    of: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="An audit run (else the last); an incident."),
    ] = None,
    since: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="Last day.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write one paper as an HTML page that any browser prints on A4.

    Papers of copies are of a period, by default the last 30 days.
    """
    from kho import wiring
    from kho.settings import find_home
    from preservation.forms.printing import Paper, print_paper
    from repository import durable
    from repository.errors import Conflict

    out = Output(as_json=as_json)
    with wiring.open_archive(find_home(home), read_only=True) as archive:
        paper = Paper(name)
        values = _values(archive, paper, of, since, until)
        now = archive.clock.now()
        page = print_paper(paper, values, _keeper(archive), now=now, software=wiring.software())
        try:
            with durable.create_file(to, 0o644) as stream:
                stream.write(page.encode())
        except FileExistsError as problem:
            raise Conflict(f"{to} is there already. Choose another name.") from problem
    out.line("summary", {"form": name, "to": str(to)})
    out.text(str(to))


def _values(
    archive: Archive,
    paper: str,
    of: str | None,
    since: datetime | None,
    until: datetime | None,
) -> dict[str, Any]:
    from preservation.drills.runs import last_runs
    from preservation.forms import gathering
    from preservation.forms.printing import Paper
    from repository.clock import VIETNAM
    from repository.errors import NotFound

    catalogue = archive.catalogue
    if paper in (Paper.COPY_LOG, Paper.COPY_RECORD):
        if of is not None:
            raise typer.BadParameter("a paper of copies is of a period: --from, --until")
        today = archive.clock.now().astimezone(VIETNAM).replace(hour=0, minute=0, second=0)
        ends = until.replace(tzinfo=VIETNAM) if until else today.replace(microsecond=0)
        begins = since.replace(tzinfo=VIETNAM) if since else ends - timedelta(days=29)
        if not begins <= ends <= begins + timedelta(days=_LONGEST):
            raise typer.BadParameter("--from must not be after --until, nor ten years before it")
        return gathering.copying(catalogue, begins, ends + timedelta(days=1))
    if since is not None or until is not None:
        raise typer.BadParameter("--from and --until go with papers of copies")
    if paper == Paper.INCIDENT:
        if of is None:
            raise typer.BadParameter("name the incident", param_hint="ID")
        return gathering.incident(catalogue, of)
    if of is None:
        runs = last_runs(catalogue, 1)
        if not runs:
            raise NotFound("Nothing was audited yet: `kho audit --all`.")
        of = runs[0].run_id
    return gathering.inspection(catalogue, of)


def _keeper(archive: Archive) -> Keeper:
    from preservation.forms.gathering import Keeper, StoreOnPaper

    kinds = {
        "local": "ổ đĩa tại chỗ", "nfs": "kho mạng NFS", "smb": "kho mạng SMB",
        "offline": "vật mang rời",
    }  # fmt: skip
    stores = {
        name: StoreOnPaper(
            name=name,
            kind=kinds.get(given.kind, given.kind),
            place=given.place,
            started=given.started.strftime("%d/%m/%Y") if given.started else "",
            rated_years=f"{given.rated_years:g}" if given.rated_years else "",
        )
        for name, given in archive.settings.stores.items()
    }
    return Keeper(archive.settings.archive.name, archive.settings.archive.address, stores)
