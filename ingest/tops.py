"""Where in a container the package lies: its top folder. Core: names to a name and findings.

The package's folder is that of METS.xml, else the only folder there is. What lies beside it keeps its
whole name; what lies in it loses the folder's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from ingest.container import Container, Member
from ingest.findings import bounded
from ingest.member_names import check_clashes, printable
from repository.problems import Problem, Report, error, warning

_JUNK: Final = "__MACOSX"  # resource forks that macOS adds beside the real folder


def package_top(names: Iterable[str]) -> tuple[str, list[Problem]]:
    """The folder that holds the package, and what is odd about it."""
    names = list(names)
    roots = package_roots(names)
    folders = sorted({n.split("/", 1)[0] for n in names if "/" in n} - {_JUNK})
    if len(roots) > 1:
        shown = ", ".join(printable(root) or "/" for root in roots[:5])
        return "", [error("ING-TOP-FOLDER", "", reason="packages", folders=shown)]
    if roots:
        top = roots[0]
    else:
        top = folders[0] if len(folders) == 1 else ""
    if not top:
        return "", [warning("ING-TOP-FOLDER", "", reason="none", folders="")]
    problems: list[Problem] = []
    if len(folders) > 1:
        shown = ", ".join(printable(f) for f in folders[:5])
        problems.append(error("ING-TOP-FOLDER", "", reason="many", folders=shown))
    if "/" in top:
        problems.append(warning("ING-TOP-FOLDER", top, reason="deep", folders=printable(top)))
    stray = [n for n in names if not n.startswith((f"{top}/", f"{_JUNK}/"))]
    if stray and len(folders) <= 1:
        shown = ", ".join(printable(n) for n in stray[:5])
        problems.append(warning("ING-TOP-FOLDER", "", reason="stray", folders=shown))
    return top, problems


def package_roots(names: Iterable[str]) -> list[str]:
    """Folders with a METS.xml, outermost only; a representation counts for its package."""
    holders = set()
    for name in names:
        folder, _, last = name.rpartition("/")
        if last.lower() == "mets.xml":
            parts = folder.split("/")
            if len(parts) >= 2 and parts[-2].lower() == "representations":
                parts = parts[:-2]
            holders.add("/".join(parts))
    if "" in holders:
        return [""]
    return sorted(h for h in holders if not any(h.startswith(f"{o}/") for o in holders))


def set_top(container: Container, top: str) -> Iterator[Problem]:
    """Name the members of a fresh container from that folder on. An error when two then clash."""
    if not top:
        return
    container.top = top
    container.members = tuple(_inside(member, top) for member in container.members)
    # A file beside the top folder may have the name of one inside it.
    yield from check_clashes([(m.name, False) for m in container.members])


def opened(
    container: Container | None, problems: list[Problem], names: Iterable[str]
) -> tuple[Container | None, Report]:
    """The container with its package's folder as top, or None with at least one error."""
    names = list(names)
    if container is None and not names:
        return None, bounded(problems)  # it could not be looked into at all
    top, found = package_top(names)
    report = bounded([*problems, *found])
    if container is None or report.has_errors:
        return _closed(container, report)
    if not container.members:
        missing = error("ING-METS-MISSING", container.name, path="METS.xml")
        return _closed(container, report + Report((missing,)))
    clashes = Report.of(set_top(container, top))
    if clashes.has_errors:
        return _closed(container, report + clashes)
    return container, report


def _closed(container: Container | None, report: Report) -> tuple[None, Report]:
    if container is not None:
        container.close()
    return None, report


def _inside(member: Member, top: str) -> Member:
    inside = member.name.startswith(f"{top}/")
    return replace(member, name=member.name[len(top) + 1 :]) if inside else member
