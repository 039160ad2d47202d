"""Where mappings of lists are kept: `mappings/*.toml` in the archive's home, and named files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ingest.lists.mapping import MAX_BYTES, BadMapping, SheetMapping, read_mapping
from repository.errors import NotFound, Refused, Unavailable

FOLDER = "mappings"


def load_mapping(path: Path) -> SheetMapping:
    """The mapping in a file. NotFound, Unavailable; Refused when it is none, with what to correct."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError as problem:
        raise NotFound(f"There is no {path}.") from problem
    except OSError as problem:
        raise Unavailable(f"{path} cannot be read: {problem.strerror}.") from problem
    try:
        return read_mapping(data, path.name)
    except BadMapping as problem:
        raise Refused(
            f"{problem} See docs/intake-shapes.md, or make one with `kho mapping new`."
        ) from problem


def mappings_for(home: Path | None, named: Iterable[Path] = ()) -> list[SheetMapping]:
    """Those that are named, then those saved in the home, by name. A saved one that is broken is as
    much a failure as a named one: passing it over would read lists in another way.
    """
    found = [load_mapping(path) for path in named]
    if home is not None:
        folder = home / FOLDER
        if folder.is_dir():
            found += [load_mapping(path) for path in sorted(folder.glob("*.toml"))]
    return found
