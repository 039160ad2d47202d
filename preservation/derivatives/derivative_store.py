"""The folder of access copies: `{sha512[:2]}/{sha512}/{recipe key}/`.

    made.json           what was made, when, with what; its presence says that all of it is here
    page-0001.webp …    or text.jsonl
    failed.json         instead of all that: why it could not be made, and how often it was tried

A recipe's folder appears by one rename with everything in it, so no half result can be seen. Reading
needs no permission to write. Whatever is not understood counts as missing and is made again. Everything
here may be deleted at any time.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from preservation.derivatives.reasons import Reason
from preservation.derivatives.recipe import (
    PAGE_IMAGE,
    TEXT,
    TEXT_FILE,
    THUMBNAIL,
    Recipe,
    page_file,
)
from repository import durable, locks
from repository.clock import utc_text

State = Literal["made", "failed", "missing"]
_SHA512: Final = re.compile(r"[0-9a-f]{128}\Z")
_MADE, _FAILED = "made.json", "failed.json"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something could not be made. `detail` is for an operator, not for readers."""

    reason: Reason
    detail: str
    attempts: int
    at: str

    @property
    def text_code(self) -> str:
        return self.reason.text_code


@dataclass(frozen=True, slots=True)
class Page:
    """The picture of one page, in pixels."""

    number: int
    width: int
    height: int
    path: Path


@dataclass(frozen=True, slots=True)
class PageList:
    """The pages of one source as a reader sees them. `pages` is empty unless `state` is made."""

    state: State
    pages: tuple[Page, ...] = ()
    failure: Failure | None = None

    @property
    def count(self) -> int:
        return len(self.pages)


class DerivativeStore:
    """All access copies of one archive. The folder must exist before something is made.

    A sha512 that is none (from an address, say) is that of nothing: everything of it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    # --- for readers --------------------------------------------------------------------------

    def state(self, sha512: str, recipe: Recipe) -> State:
        """Whether this was made, or could not be made, or is not there."""
        if _SHA512.match(sha512) is None:
            return "missing"
        place = self._place(sha512, recipe)
        if (place / _MADE).is_file():
            return "made"
        return "missing" if self.failure(sha512, recipe) is None else "failed"

    def failure(self, sha512: str, recipe: Recipe) -> Failure | None:
        """Why it could not be made; None when it was not tried, or was made."""
        told = self._read(sha512, recipe, _FAILED)
        if told is None:
            return None
        try:
            reason = Reason(told["reason"])
            return Failure(reason, str(told["detail"]), int(told["attempts"]), str(told["at"]))
        except (KeyError, TypeError, ValueError):
            return None

    def pages(self, sha512: str, recipe: Recipe = PAGE_IMAGE) -> PageList:
        """The page images of a source: how many, their sizes, where they lie."""
        told = self._read(sha512, recipe, _MADE)
        if told is None:
            failure = self.failure(sha512, recipe)
            return PageList("failed" if failure else "missing", (), failure)
        place = self._place(sha512, recipe)
        try:
            sizes = [(int(page["width"]), int(page["height"])) for page in told["pages"]]
        except (KeyError, TypeError, ValueError):
            return PageList("missing")
        pages = tuple(
            Page(number, width, height, place / page_file(number))
            for number, (width, height) in enumerate(sizes, 1)
        )
        return PageList("made", pages)

    def thumbnail(self, sha512: str) -> Page | None:
        """The small picture of the first page, or None when there is none."""
        return next(iter(self.pages(sha512, THUMBNAIL).pages), None)

    def text(self, sha512: str) -> Sequence[str] | None:
        """The text of each page, first to last, NFC; None when it was not extracted."""
        if self.state(sha512, TEXT) != "made":
            return None
        try:
            lines = (self._place(sha512, TEXT) / TEXT_FILE).read_text("utf-8").split("\n")
            return tuple(str(json.loads(line)["text"]) for line in lines if line)
        except (OSError, ValueError, KeyError, TypeError):
            return None  # deleted or damaged meanwhile: it is made again

    # --- for the maker ------------------------------------------------------------------------

    def wants(self, sha512: str, recipe: Recipe) -> bool:
        """Whether it is worth trying to make this: not made, and not given up."""
        if self.state(sha512, recipe) == "made":
            return False
        failure = self.failure(sha512, recipe)
        return failure is None or failure.attempts < failure.reason.most_attempts

    @contextmanager
    def making(self, *, wait: float = 0.0) -> Iterator[Path]:
        """An empty folder to make things in, for one maker at a time; gone after the block. Locked.

        What a killed maker left behind is removed, unless its child is still writing there.
        """
        staging = self._folder / ".staging"
        with locks.held(self._folder / ".making.lock", "Making access copies", wait=wait):
            staging.mkdir(exist_ok=True)
            for left in staging.iterdir():
                with suppress(OSError):
                    durable.remove_staging(left)
            work = staging / secrets.token_hex(8)
            work.mkdir()
            try:
                yield work
            finally:
                durable.remove_staging(work)
                durable.remove_empty_folders(staging, self._folder)

    def publish_made(
        self, staged: Path, sha512: str, recipe: Recipe, made: Mapping[str, Any]
    ) -> None:
        """Make a staged folder, with these facts about it, what is kept for that recipe."""
        told = {"recipe": _told(recipe), "source_sha512": sha512, **made}
        self._publish(staged, sha512, recipe, _MADE, told)

    def publish_failure(
        self, staged: Path, sha512: str, recipe: Recipe, reason: Reason, detail: str, at: datetime
    ) -> Failure:
        """Record why it could not be made, in the place of an earlier failure. `staged` is empty."""
        before = self.failure(sha512, recipe)
        attempts = before.attempts + 1 if before else 1
        failure = Failure(reason, detail[:500], attempts, utc_text(at))
        told = {
            "recipe": _told(recipe),
            "source_sha512": sha512,
            "reason": failure.reason.value,
            "text_code": failure.text_code,
            "detail": failure.detail,
            "attempts": failure.attempts,
            "at": failure.at,
        }
        self._publish(staged, sha512, recipe, _FAILED, told)
        return failure

    def forget(self, sha512: str) -> None:
        """Remove all access copies of a source, as when it was destroyed or closed."""
        if _SHA512.match(sha512) is not None:
            place = self._folder / sha512[:2] / sha512
            if place.is_dir():
                durable.remove_staging(place)

    def _publish(
        self, staged: Path, sha512: str, recipe: Recipe, name: str, told: Mapping[str, Any]
    ) -> None:
        if _SHA512.match(sha512) is None:
            raise ValueError("access copies are kept by the sha512 of their source")
        text = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
        durable.write_new(staged / name, text.encode())
        durable.sync_tree(staged)
        place = self._place(sha512, recipe)
        # An earlier failure, or what somebody has damaged: never something that was made.
        durable.remove_staging(place)
        durable.publish_folder(staged, place, self._folder)

    def _read(self, sha512: str, recipe: Recipe, name: str) -> dict[str, Any] | None:
        if _SHA512.match(sha512) is None:
            return None
        try:
            told = json.loads((self._place(sha512, recipe) / name).read_bytes())
        except (OSError, ValueError, RecursionError):
            return None
        return told if isinstance(told, dict) else None

    def _place(self, sha512: str, recipe: Recipe) -> Path:
        return self._folder / sha512[:2] / sha512 / recipe.key


def _told(recipe: Recipe) -> dict[str, Any]:
    return {
        "key": recipe.key,
        "name": recipe.name,
        "version": recipe.version,
        "parameters": dict(recipe.parameters),
    }
