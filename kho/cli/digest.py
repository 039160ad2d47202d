"""`kho digest`: the digest engine alone; prints and checks `sha512sum` lines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kho.cli.failing import verb
from kho.cli.options import JsonOption
from kho.cli.output import Output


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("digest")(verb(digest))


def digest(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files, or folders of them.")] = None,
    algorithm: Annotated[
        str, typer.Option(help="sha512, sha256, md5, sha1, blake2b-512.")
    ] = "sha512",
    check: Annotated[
        Path | None, typer.Option("--check", help="A file of `sha512sum` lines to check.")
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Digest files with the engine of the audits, or check a list of digests."""
    from kho import exits, sums

    if bool(paths) == (check is not None):
        raise typer.BadParameter("name files, or give a list with --check")
    out = Output(as_json=as_json)
    status = exits.Exit.DONE
    lines = sums.check(check, algorithm) if check else sums.digest(paths or [], algorithm)
    for line in lines:
        out.line("file", line.as_dict())
        if line.verdict == "unreadable":
            status = max(status, exits.Exit.INCOMPLETE) if status != exits.Exit.FOUND else status
            out.note(f"{line.path}: {line.reason}")
        elif line.verdict in ("altered", "malformed"):
            status = exits.Exit.FOUND
            out.text(f"{line.path}: {line.verdict.upper()}")
        elif check:
            out.text(f"{line.path}: OK")
        else:
            out.text(f"{line.digest}  {line.path}")
    out.line("summary", {"algorithm": algorithm})
    return status
