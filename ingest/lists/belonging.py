"""Which files beside a list belong to which of its dossiers. Core.

A row that names a file settles it. A file that no row names belongs to the one dossier that has files
in its folder or around it; where there are several, or none, it is nobody's, and is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ingest.lists.dossiers import ListedDossier, ListSource


def named(listed: ListedDossier) -> list[str]:
    """The files that rows of the dossier name."""
    return [file.name for document in listed.documents for file in document.files if file.name]


def owners_of(made: Sequence[ListedDossier], source: ListSource) -> dict[str, int]:
    """Files that no row names, each with the one dossier that has files in its folder or around it."""
    around: dict[str, set[int]] = {}
    for index, listed in enumerate(made):
        for name in named(listed):
            for folder in _folders(name):
                around.setdefault(folder, set()).add(index)
    if source.dedicated and len(made) == 1:
        around[""] = {0}
    taken = {name for listed in made for name in named(listed)}
    owners: dict[str, int] = {}
    for name in source.files:
        if name not in taken:
            near = next((around[f] for f in (*_folders(name), "") if f in around), set())
            if len(near) == 1:
                owners[name] = min(near)
    return owners


def _folders(name: str) -> Iterator[str]:
    """The folders around a file, the nearest first, without the root."""
    while "/" in name:
        name = name.rpartition("/")[0]
        yield name
