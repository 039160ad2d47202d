"""`kho export`: the way out, with what is needed to check it without us."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from kho.cli.failing import verb
from kho.cli.options import HomeOption, JsonOption
from kho.cli.output import Output

if TYPE_CHECKING:
    from kho.wiring import Archive
    from preservation.export import Exported, Packing
    from preservation.ledger.proving import Prover

_Shape = Literal["bag", "aip", "files", "ocfl"]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("export")(verb(export))


def export(
    to: Annotated[Path, typer.Option("--to", help="A folder; each dossier gets one in it.")],
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]…")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every dossier.")] = False,
    shape: Annotated[
        _Shape,
        typer.Option(
            "--as", help="The bag; the AIP; the received files; the OCFL object as it is."
        ),
    ] = "bag",
    version: Annotated[
        str | None, typer.Option("--version", help="v1, v2… (else the newest), or `all`.")
    ] = None,
    zipped: Annotated[bool, typer.Option("--zip", help="A bag or object as one ZIP.")] = False,
    deflate: Annotated[bool, typer.Option("--deflate", help="Make the ZIP smaller.")] = False,
    verifier: Annotated[
        bool, typer.Option("--verifier", help="Only the offline verifier and how to use it.")
    ] = False,
    store: Annotated[str | None, typer.Option("--copy", help="From this store.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Copy dossiers out, every byte checked on the way; nothing of Kho is needed to read them."""
    from kho import exits, selecting, wiring
    from kho.settings import find_home
    from preservation.offline import shipping
    from repository.errors import Conflict, Corrupt, Misconfigured, NotFound
    from repository.model import ObjectId

    if sum((bool(ids), everything, verifier)) != 1:
        raise typer.BadParameter("name dossiers, or say --all, or --verifier")
    if (zipped and shape not in ("bag", "ocfl")) or (deflate and not zipped):
        raise typer.BadParameter("--zip goes with --as bag or ocfl, and --deflate with --zip")
    if version is not None and shape == "ocfl":
        raise typer.BadParameter("an OCFL object leaves whole, with all its versions")
    out = Output(as_json=as_json)
    if verifier:
        _lay_verifier(to)
        out.line("summary", {"to": str(to), "verifier_sha256": shipping.verifier_sha256()})
        out.text(f"{to / shipping.VERIFIER} SHA-256 {shipping.verifier_sha256()}")
        return exits.Exit.DONE
    packing: Packing = "folder" if not zipped else "deflated zip" if deflate else "zip"
    with wiring.open_archive(find_home(home), read_only=True) as archive:
        name = selecting.stores(archive, [store] if store else None)[0]
        wanted = selecting.held(archive, ids)
        prover, why_not = _prover(archive)
        count = damaged = failed = proofs = 0
        with out.progress("export", len(wanted), "hồ sơ") as bar:
            for object_id in wanted:
                try:
                    for exported in _exports(archive, name, object_id, to, shape, version, packing):
                        count += 1
                        out.line("exported", {"object_id": object_id, **exported.as_dict()})
                        out.text(f"{object_id} {exported.version} → {exported.folder}")
                    if prover is not None:
                        proofs += _lay_proof(archive, prover, ObjectId(object_id), to, out)
                except (Conflict, Corrupt, NotFound, Misconfigured) as failure:
                    # One dossier that cannot leave must not keep the others in.
                    damaged += isinstance(failure, Corrupt)
                    failed += not isinstance(failure, Corrupt)
                    kind = type(failure).__name__
                    out.line(
                        "error",
                        {"object_id": object_id, "error": kind, "message": failure.operator},
                    )
                    out.note(failure.operator)
                bar.advance(1, object_id)
        if count:
            _lay_verifier(to)
            out.text(f"{to / shipping.VERIFIER} SHA-256 {shipping.verifier_sha256()}")
        if why_not:
            out.note(why_not)
        counts = {"exported": count, "damaged": damaged, "failed": failed, "proofs": proofs}
        told = {"to": str(to), "verifier_sha256": shipping.verifier_sha256()}
        out.line("summary", {**counts, **told})
        if failed:
            return exits.Exit.FAILURE
        return exits.Exit.FOUND if damaged else exits.Exit.DONE


def _exports(
    archive: Archive,
    name: str,
    object_id: str,
    to: Path,
    shape: _Shape,
    version: str | None,
    packing: Packing,
) -> Iterator[Exported]:
    from preservation.export import export_object, export_versions
    from repository.model import ObjectId

    committed = archive.catalogue.versions(object_id)[-1].inventory_sha512
    if shape == "ocfl":
        yield export_object(
            archive.stores[name],
            ObjectId(object_id),
            to,
            inventory_sha512=committed,
            expected=archive.catalogue.expected(object_id),
            packing=packing,
        )
        return
    yield from export_versions(
        archive.stores[name],
        ObjectId(object_id),
        to,
        inventory_sha512=committed,
        shape=shape,
        version=version,
        packing=packing,
    )


def _prover(archive: Archive) -> tuple[Prover | None, str]:
    """What proves entries of the ledger, or why nothing does: then exports go without proofs."""
    from preservation.ledger.proving import Prover
    from repository.errors import Conflict, Corrupt, NotFound

    try:
        return Prover(archive.home.folder("ledger")), ""
    except (NotFound, Conflict, Corrupt) as failure:
        return None, failure.operator


def _lay_proof(archive: Archive, prover: Prover, object_id: str, to: Path, out: Output) -> int:
    """Beside the export, the proof of what the ledger commits to. Other events of the object stay at
    home: an audit's names other dossiers, and who reads an export may not know them."""
    from preservation.export import folder_name
    from preservation.offline.shipping import lay_proof
    from repository import durable
    from repository.errors import NotFound
    from repository.model import ObjectId

    events = archive.catalogue.events(object_id=object_id)
    committing = [
        event.sequence
        for event in events
        if event.object_id == object_id and "inventory_sha512" in event.detail
    ]
    try:
        proof = prover.of_object(object_id, committing)
        lay_proof(to, folder_name(ObjectId(object_id)), proof)
    except NotFound as failure:
        out.note(failure.operator)
        return 0
    except OSError as problem:
        raise durable.explained(problem, "writing the proof") from problem
    return 1


def _lay_verifier(to: Path) -> None:
    from preservation.offline.shipping import lay_beside
    from repository import durable

    try:
        lay_beside(to)
    except OSError as problem:
        raise durable.explained(problem, "writing the verifier") from problem
