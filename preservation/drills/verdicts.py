"""What the audit must say of each kind of planted damage. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from preservation.drills.planting import INVENTORY, SIDECAR, Damage
from repository.catalogue.records import AuditResultRecord


def judge(
    damage: Damage, paths: Sequence[str], result: AuditResultRecord | None
) -> tuple[bool, str]:
    """Whether the audit said of exactly these files what it must say, and nothing of others."""
    if result is None:
        return False, "no result"
    said = {str(file["path"]): str(file["verdict"]) for file in result.files}
    words = Counter(said.values())
    verdict = ", ".join(f"{word} {count}" for word, count in sorted(words.items()))
    wanted: dict[str, str]
    match damage:
        case Damage.MISSING:
            wanted = dict.fromkeys(paths, "missing")
        case Damage.EXTRA:
            wanted = dict.fromkeys(paths, "unexpected")
        case Damage.UNREADABLE:
            wanted = dict.fromkeys(paths, "unreadable")
        case Damage.STALE:
            wanted = {
                path: "altered" if path in (INVENTORY, SIDECAR) else "missing" for path in paths
            }
        case Damage.FLIP | Damage.TRUNCATION | Damage.SWAPPED:
            wanted = dict.fromkeys(paths, "altered")
    copy = "incomplete" if damage is Damage.UNREADABLE else "damaged"
    return said == wanted and result.verdict == copy, f"{result.verdict}: {verdict or 'nothing'}"
