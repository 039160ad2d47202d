"""`kho transfer`: the intake desk."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from kho.cli import announcing
from kho.cli.copies import follow
from kho.cli.failing import verb
from kho.cli.options import HomeOption, JsonOption, OperatorOption
from kho.cli.output import Output, recovered, write_page

if TYPE_CHECKING:
    from kho.wiring import Archive
    from repository.catalogue.records import TransferRecord

TransferArgument = Annotated[
    str, typer.Argument(metavar="TRANSFER", help="Its id, as `list` shows.")
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it is recorded for ever.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    group = typer.Typer(no_args_is_help=True, help="The intake desk: what came, what waits.")
    group.command("list")(verb(list_transfers))
    group.command("show")(verb(show))
    group.command("approve")(verb(approve))
    group.command("return")(verb(turn_back))
    announcing.add_to(group)
    group.command("paper")(verb(paper))
    app.add_typer(group, name="transfer")


def list_transfers(
    state: Annotated[
        Literal[
            "registered",
            "accepted",
            "refused",
            "held-already",
            "awaiting-decision",
            "returned",
            "late",
        ]
        | None,
        typer.Option(help="Only those in this state; `late`: undecided past their day."),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every transfer that was announced or came, newest first; those that are late are marked."""
    from kho import wiring
    from kho.intake import transfer_document
    from kho.settings import find_home
    from preservation.deadlines import UNDECIDED, due_day, is_late, late_ones

    out = Output(as_json=as_json)
    with wiring.open_archive(find_home(home), read_only=True) as archive:
        now = archive.clock.now()
        asked = {"late": UNDECIDED, "registered": "none"}.get(state or "", state)
        found = list(archive.catalogue.transfers(state=asked)) if asked != "none" else []
        if state == "late":
            found = late_ones(found, now)
        for transfer in found:
            late = is_late(transfer, now)
            out.line("transfer", {**transfer_document(transfer), "late": late})
            due = due_day(transfer)
            mark = (
                f"  {_say(out, 'QUÁ HẠN', 'LATE')} {due}" if late else f"  → {due}" if due else ""
            )
            out.text(
                f"{transfer.transfer_id}  {transfer.state:18}  {transfer.source}  "
                f"{transfer.title}{mark}"
            )
        registered = archive.catalogue.registrations() if state in (None, "registered") else ()
        for one in registered:
            out.line("registration", {**asdict(one), "state": "registered"})
            out.text(
                f"{one.registration_id}  registered          {one.year}  {one.agency_name}  "
                f"{one.announced}  {one.expected_by}"
            )
        waiting = archive.catalogue.transfers(state=UNDECIDED)
        late_count = len(late_ones(waiting, now))
        out.line(
            "summary",
            {"transfers": len(found), "registrations": len(registered), "late": late_count},
        )
        if late_count:
            out.say(
                f"{late_count} gói quá hạn quyết định (60 ngày kể từ ngày nhận)",
                f"{late_count} transfers are late: undecided 60 days after receipt",
            )


def paper(
    transfer_id: TransferArgument,
    to: Annotated[Path, typer.Option("--to", help="The file to write; it must not be there.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """The paper of a transfer as it stands now: receipt, refusal with its errors, or return."""
    from kho import wiring
    from kho.intake import paper_of
    from kho.settings import find_home

    out = Output(as_json=as_json)
    with wiring.open_archive(find_home(home), read_only=True) as archive:
        transfer = _known(archive, transfer_id)
        write_page(to, paper_of(archive, transfer))
    out.line("summary", {"transfer_id": transfer_id, "state": transfer.state, "file": str(to)})
    out.text(str(to))


def show(
    transfer_id: TransferArgument, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """One transfer with everything that was found."""
    from kho import wiring
    from kho.settings import find_home

    with wiring.open_archive(find_home(home), read_only=True) as archive:
        _show(Output(as_json=as_json), _known(archive, transfer_id))


def approve(
    transfer_id: TransferArgument,
    reason: ReasonOption,
    home: HomeOption = None,
    operator: OperatorOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take custody of a transfer that waits: it is held from now on."""
    from ingest import desk
    from kho import intake, wiring
    from kho.settings import find_home

    out = Output(as_json=as_json)
    _must_say_why(reason)
    with (
        wiring.open_archive(find_home(home)) as archive,
        intake.services(archive) as services,
    ):
        recovered(out, archive.recover())
        transfer = desk.approve(
            services,
            transfer_id,
            operator=wiring.operator_name(operator),
            reason=reason,
        )
        follow(out, archive, wiring.operator_name(operator), lambda: False)
        _show(out, transfer)


def turn_back(
    transfer_id: TransferArgument,
    reason: ReasonOption,
    home: HomeOption = None,
    operator: OperatorOption = None,
    as_json: JsonOption = False,
) -> None:
    """Return a transfer that waits; the sender keeps his copy, ours is removed."""
    from ingest import desk
    from kho import intake, wiring
    from kho.settings import find_home

    out = Output(as_json=as_json)
    _must_say_why(reason)
    with (
        wiring.open_archive(find_home(home)) as archive,
        intake.services(archive) as services,
    ):
        recovered(out, archive.recover())
        transfer = desk.turn_back(
            services,
            transfer_id,
            operator=wiring.operator_name(operator),
            reason=reason,
        )
        _show(out, transfer)


def _known(archive: Archive, transfer_id: str) -> TransferRecord:
    from repository.errors import NotFound

    transfer = archive.catalogue.transfer(transfer_id)
    if transfer is None:
        raise NotFound(f"No transfer {transfer_id}. `kho transfer list` shows them.")
    return transfer


def _say(out: Output, vi: str, en: str) -> str:
    return vi if out.language == "vi" else en


def _must_say_why(reason: str) -> None:
    if not reason.strip():
        raise typer.BadParameter("say why: it is recorded for ever", param_hint="--reason")


def _show(out: Output, transfer: TransferRecord) -> None:
    from kho.intake import transfer_document
    from repository.problems import Problem

    if out.as_json:
        out.document(transfer_document(transfer))
        return
    out.text(f"{transfer.transfer_id}  {transfer.state}")
    out.text(f"  {transfer.source}  {transfer.title}")
    out.text(f"  {transfer.object_id} {transfer.version}")
    out.text(f"  {transfer.received_at} → {transfer.finished_at or '…'}  {transfer.operator}")
    out.text(f"  {transfer.decided_by}: {transfer.reason}")
    out.problems([Problem.from_dict(problem) for problem in transfer.problems])
