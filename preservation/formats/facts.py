"""From what an identifier answered to a fact that may be written down. Core: no files, no
processes.

Only bytes decide. What rests on the name alone is no identification: the fact is UNKNOWN, and what
the name suggests stands in its warning. PRONOM's term for a file's kind is the PUID.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from preservation.dossier import Dossier, FormatFact

UNKNOWN: Final = "UNKNOWN"
_PUID: Final = re.compile(r"(x-)?fmt/[0-9]{1,6}\Z")
_EXTENSION: Final = re.compile(r"[A-Za-z0-9]{1,16}\Z")
_LONGEST: Final = 500  # characters kept of any text of the tool
_NAME_ALONE: Final = "match on extension only"
_MISMATCH: Final = "extension mismatch"


def unknown(reason: str, tool: str, signature: str) -> FormatFact:
    """The fact that nothing is known, and why."""
    return FormatFact(
        puid=UNKNOWN,
        name="",
        version="",
        mime="",
        basis="",
        tool=tool,
        signature=signature,
        warning=_line(reason),
    )


def fact_of(
    found: Mapping[str, Any], *, tool: str, signature: str, named: bool = True
) -> FormatFact:
    """The fact in one file's entry of siegfried's report. Never raises, whatever the entry holds.

    `named`: the tool was shown the received name. Without it what it says of the name is left out.
    """
    error = str(found.get("errors") or "")
    entries = found.get("matches")
    matches = [m for m in entries if isinstance(m, Mapping)] if isinstance(entries, list) else []
    if error:
        return unknown(_empty_or(error), tool, signature)
    if len(matches) != 1:
        ids = ", ".join(str(match.get("id", "")) for match in matches[:10])
        reason = f"several formats fit: {ids}" if matches else "the identifier gave no answer"
        return unknown(reason, tool, signature)
    match = matches[0]
    puid, warning = str(match.get("id", "")), str(match.get("warning", ""))
    if _PUID.match(puid) is None:
        return unknown(warning or "no match", tool, signature)
    if _NAME_ALONE in warning:
        return unknown(f"no match; the name suggests {puid}", tool, signature)
    if not named:
        told = [part for part in warning.split("; ") if part and part != _MISMATCH]
        warning = "; ".join(told)
    return FormatFact(
        puid=puid,
        name=_line(match.get("format")),
        version=_line(match.get("version")),
        mime=_line(match.get("mime")),
        basis=_line(match.get("basis")),
        tool=tool,
        signature=signature,
        warning=_line(warning),
    )


def extension_of(name: str) -> str:
    """The extension of a received name, or nothing when it is none that a format could have."""
    _, dot, extension = name.rpartition("/")[2].rpartition(".")
    return extension if dot and _EXTENSION.match(extension) else ""


def with_formats(dossier: Dossier, facts: Mapping[str, FormatFact]) -> Dossier:
    """The dossier with these facts in its files; a file without one keeps what it had."""
    files = tuple(
        replace(file, format=facts[file.file_id]) if file.file_id in facts else file
        for file in dossier.files
    )
    return replace(dossier, files=files)


def _empty_or(error: str) -> str:
    return "the file is empty" if error == "empty source" else f"it could not be read: {error}"


def _line(text: object) -> str:
    """One line that can stand in XML and JSON, of a bounded length."""
    printable = "".join(c if c.isprintable() else " " for c in str(text or "")[: _LONGEST + 1])
    return printable if len(printable) <= _LONGEST else printable[: _LONGEST - 1] + "…"
