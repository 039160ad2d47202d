"""`kho transfer`: the intake desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from kho.cli.copies import follow
from kho.cli.failing import verb
from kho.cli.options import HomeOption, JsonOption, OperatorOption
from kho.cli.output import Output, recovered

if TYPE_CHECKING:
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
    app.add_typer(group, name="transfer")


def list_transfers(
    state: Annotated[
        Literal["accepted", "refused", "held-already", "awaiting-decision", "returned"] | None,
        typer.Option(help="Only those in this state."),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every transfer that came, newest first."""
    from kho import wiring
    from kho.intake import transfer_document
    from kho.settings import find_home

    out = Output(as_json=as_json)
    with wiring.open_archive(find_home(home), read_only=True) as archive:
        found = archive.catalogue.transfers(state=state)
        for transfer in found:
            out.line("transfer", transfer_document(transfer))
            out.text(
                f"{transfer.transfer_id}  {transfer.state:18}  {transfer.source}  {transfer.title}"
            )
        out.line("summary", {"transfers": len(found)})


def show(
    transfer_id: TransferArgument, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """One transfer with everything that was found."""
    from kho import wiring
    from kho.settings import find_home
    from repository.errors import NotFound

    with wiring.open_archive(find_home(home), read_only=True) as archive:
        transfer = archive.catalogue.transfer(transfer_id)
        if transfer is None:
            raise NotFound(f"No transfer {transfer_id}. `kho transfer list` shows them.")
        _show(Output(as_json=as_json), transfer)


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
