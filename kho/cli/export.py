"""`kho export`: the way out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from kho.cli.failing import verb
from kho.cli.options import HomeOption, JsonOption
from kho.cli.output import Output


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("export")(verb(export))


def export(
    to: Annotated[Path, typer.Option("--to", help="A folder; each dossier gets one in it.")],
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]…")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every dossier.")] = False,
    shape: Annotated[
        Literal["bag", "aip", "files"],
        typer.Option("--as", help="The bag; the AIP alone; only the received files."),
    ] = "bag",
    version: Annotated[
        str | None, typer.Option("--version", help="v1, v2… (else the newest), or `all`.")
    ] = None,
    store: Annotated[str | None, typer.Option("--copy", help="From this store.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Copy dossiers out, every byte checked on the way; nothing of Kho is needed to read them."""
    from kho import exits, selecting, wiring
    from kho.settings import find_home
    from preservation.export import export_versions
    from repository.errors import Conflict, Corrupt, Misconfigured, NotFound
    from repository.model import ObjectId

    if bool(ids) == everything:
        raise typer.BadParameter("name dossiers, or say --all")
    out = Output(as_json=as_json)
    with wiring.open_archive(find_home(home), read_only=True) as archive:
        name = selecting.stores(archive, [store] if store else None)[0]
        wanted = selecting.held(archive, ids)
        count = damaged = failed = 0
        with out.progress("export", len(wanted), "hồ sơ") as bar:
            for object_id in wanted:
                try:
                    for exported in export_versions(
                        archive.stores[name],
                        ObjectId(object_id),
                        to,
                        inventory_sha512=archive.catalogue.versions(object_id)[-1].inventory_sha512,
                        shape=shape,
                        version=version,
                    ):
                        count += 1
                        out.line("exported", {"object_id": object_id, **exported.as_dict()})
                        out.text(f"{object_id} {exported.version} → {exported.folder}")
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
        counts = {"exported": count, "damaged": damaged, "failed": failed}
        out.line("summary", {**counts, "to": str(to)})
        if failed:
            return exits.Exit.FAILURE
        return exits.Exit.FOUND if damaged else exits.Exit.DONE
