"""What ocfl-py and bagit-python say of an object or a bag: a second judge, never the first.

Both are imported when asked for (ocfl-py alone takes a quarter of a second). They follow links and stop
at anything they did not expect, so what would make them hang or leave the folder is not given to
them, and whatever they raise is "no verdict", never "valid".
"""

from __future__ import annotations

import logging
import stat
from dataclasses import dataclass
from pathlib import Path

from repository.errors import NotFound, Unavailable
from repository.ocfl.local_tree import LocalTree
from repository.ocfl.root import folder_kind


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """`valid` is None when the library gave no verdict; then `messages` says why."""

    judge: str
    valid: bool | None
    messages: tuple[str, ...] = ()


def ocfl_py_verdict(path: str) -> SecondOpinion:
    """ocfl-py's verdict on an object, or on a storage root with every object in it. Never raises."""
    judge = "ocfl-py"
    refusal = _not_to_be_given(path)
    if refusal is not None:
        return SecondOpinion(judge, None, (refusal,))
    try:
        import ocfl

        _quieten("")  # ocfl-py logs through the root logger
        if folder_kind(path) == "root":
            root = ocfl.StorageRoot(root=path)
            sound = bool(root.validate(log_warnings=False, log_errors=True))
            # `validate` alone says True of a root whose objects are corrupt.
            valid = sound and root.num_objects == root.good_objects
            told = [str(text) for text in (*root.log.messages, *root.errors)]
        else:
            valid, validator = ocfl.Object().validate(path, log_warnings=False, log_errors=True)
            told = [str(text) for text in validator.log.messages]
    except Exception as failure:  # noqa: BLE001 - the library's faults are not ours: no verdict
        return SecondOpinion(judge, None, (_reason(failure),))
    return SecondOpinion(judge, bool(valid), tuple(told))


def bagit_python_verdict(path: str) -> SecondOpinion:
    """bagit-python's verdict on a bag. Never raises."""
    judge = "bagit-python"
    refusal = _not_to_be_given(path)
    if refusal is not None:
        return SecondOpinion(judge, None, (refusal,))
    try:
        import bagit

        _quieten("bagit")
        try:
            bagit.Bag(path).validate(processes=1)
        except bagit.BagError as invalid:
            return SecondOpinion(judge, False, (_reason(invalid),))
    except Exception as failure:  # noqa: BLE001 - ValueError and UnicodeError escape it, among others
        return SecondOpinion(judge, None, (_reason(failure),))
    return SecondOpinion(judge, True)


def _not_to_be_given(path: str) -> str | None:
    """Why this folder must not be given to a library that follows links and opens what it finds."""
    try:
        for entry in LocalTree(path).list():
            if entry.kind == "special":
                return f"not asked: it would open the special file {entry.path[:200]!r}"
            if entry.kind == "link" and not _leads_to_a_file(Path(path, entry.path)):
                return f"not asked: it would follow the link {entry.path[:200]!r}"
    except (NotFound, Unavailable) as failure:
        return failure.operator
    return None


def _leads_to_a_file(link: Path) -> bool:
    try:
        return stat.S_ISREG(link.stat().st_mode)
    except OSError:
        return False


def _reason(failure: BaseException) -> str:
    return f"{type(failure).__name__}: {failure}"[:1000]


def _quieten(name: str) -> None:
    """What the library has to say is in its exceptions; its log would go to our standard error."""
    logger = logging.getLogger(name)
    if name:
        logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
