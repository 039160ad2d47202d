"""A BagIt bag as what carries a submission: judged by RFC 8493, its checksums compared while copying.

Structure, completeness and every name are judged by `repository.bag` before a byte is copied. Digests
are not read for that: each manifest's become references to the members, and the one read of the copy
compares them with all others. A bag that needs `fetch.txt` is refused: nothing is ever fetched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ingest.container import Container, Member
from ingest.readers.mets import Reference
from ingest.readers.package import ResolvedReference
from ingest.shapes.tree import ContainerTree, Undigested
from repository.bag import parse_manifest, validate_bag
from repository.bag.declaration import parse_declaration
from repository.bag.manifest import algorithm_of
from repository.digest import SUPPORTED
from repository.problems import Problem, error

DECLARATION: Final = "bagit.txt"
PAYLOAD: Final = "data/"
_LIMIT: Final = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bag:
    """What a bag says of itself. `root` ends in `/` or is empty."""

    root: str
    promises: tuple[tuple[str, str, str, str], ...]  # manifest, algorithm, digest, member's name


def bag_root(names: list[str]) -> str | None:
    """Where the bag lies whose declaration stands highest; None when there is none.

    Only at the root or in the one top folder: a bag inside a package's data is a document.
    """
    found = [n for n in names if n.rsplit("/", 1)[-1] == DECLARATION and n.count("/") < 2]
    found.sort(key=lambda n: n.count("/"))
    return found[0][: -len(DECLARATION)] if found else None


def read_bag(container: Container, root: str) -> tuple[Bag, list[Problem]]:
    """The bag in a container whose members still have their whole names, and what is wrong with it."""
    folders = ["data"] if _has_payload(container, root) else []
    tree = Undigested(container, root, folders)
    report = validate_bag(tree)
    if report.has_errors:  # it will not be copied: so that all is told, digests are compared now
        return Bag(root, ()), list(validate_bag(ContainerTree(container, root, folders)))
    problems = [p for p in report if p.code != "BAG-FETCH-PRESENT"]  # what is there is compared
    strays = [m.name for m in container.members if not m.name.startswith((root, "__MACOSX/"))]
    if strays:
        problems.append(error("ING-TOP-FOLDER", "", reason="many", folders=", ".join(strays[:5])))
    return Bag(root, tuple(_promises(container, tree, root))), problems


def promised(
    bag: Bag, members: tuple[Member, ...], names: dict[int, str]
) -> list[ResolvedReference]:
    """Each manifest's line as a reference to its member. `names`: whole names by index."""
    by_whole = {names[m.index]: m for m in members if m.index in names}
    found = []
    for manifest, algorithm, digest, whole in bag.promises:
        member = by_whole.get(whole)
        if member is not None:
            reference = Reference(
                mets=manifest,
                element="manifest",
                ids=(),
                use="",
                href=whole,
                checksum=digest,
                checksum_type=algorithm,
            )
            found.append(ResolvedReference(reference, whole, member, "exact"))
    return found


def _promises(
    container: Container, tree: Undigested, root: str
) -> Iterator[tuple[str, str, str, str]]:
    declaration, _ = parse_declaration(tree.read(DECLARATION, 64 * 1024))
    assert declaration is not None  # the judge found no error
    there = {m.name for m in container.members}
    for member in container.members:
        name = member.name[len(root) :]
        algorithm = algorithm_of(name) if "/" not in name and member.name.startswith(root) else None
        if algorithm is None or algorithm not in SUPPORTED:
            continue
        entries, _ = parse_manifest(
            tree.read(name, _LIMIT),
            algorithm,
            version=declaration.version,
            encoding=declaration.encoding,
            place=name,
        )
        for entry in entries:
            whole = root + entry.path
            if whole not in there and "%0" in whole:  # as the judge reads drafts
                whole = whole.replace("%0D", "\r").replace("%0A", "\n")
            yield name, algorithm, entry.digest, whole


def _has_payload(container: Container, root: str) -> bool:
    return any(member.name.startswith(root + PAYLOAD) for member in container.members)
