"""`kho digest`: the digest engine alone; prints and checks `sha512sum` lines."""

from __future__ import annotations

from collections import Counter
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
    counts: Counter[str] = Counter()
    for one in sums.check(check, algorithm) if check else sums.digest(paths or [], algorithm):
        counts[one.verdict] += 1
        out.line("file", one.as_dict())
        if one.verdict == "digested":
            out.raw(sums.line(one.digest, one.path))
        elif one.verdict == "intact":
            out.text(f"{one.path}: OK")
        elif check:
            out.text(f"{one.path}: {one.verdict.upper()}  {one.reason}".rstrip())
        else:
            out.note(f"{one.path}: {one.reason}")
    out.line("summary", {"algorithm": algorithm, "files": counts.total(), **counts})
    if counts["altered"] or counts["missing"] or counts["malformed"]:
        return exits.Exit.FOUND
    return exits.Exit.INCOMPLETE if counts["unreadable"] else exits.Exit.DONE
