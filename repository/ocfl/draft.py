"""What could be understood of an inventory that may be wrong, and everything found wrong with it.

Core. A validator goes on looking at an object whose inventory breaks rules; `Inventory` is made only
from a draft without errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from repository.ocfl.codes import finding
from repository.problems import Problem


@dataclass(slots=True)
class DraftVersion:
    """What could be understood of one version block. `state`: digest as lower-case hex → paths."""

    created: str | None = None
    message: str | None = None
    user_name: str | None = None
    user_address: str | None = None
    user: object = None  # as given, for W011
    state: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class Draft:
    """What could be understood of one inventory. Digests are lower-case; unsafe paths are left out."""

    location: str
    problems: list[Problem] = field(default_factory=list)
    object_id: str | None = None
    spec_version: str | None = None
    digest_algorithm: str | None = None
    head: str | None = None
    content_directory: str = "content"
    content_directory_given: bool = False
    manifest: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    versions: dict[str, DraftVersion] = field(default_factory=dict)
    fixity: dict[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    @property
    def readable(self) -> bool:
        """True when the bytes were a JSON object at all."""
        return self.object_id is not None or bool(self.versions) or bool(self.manifest)

    def found(self, code: str, pointer: str, value: object = "", expected: object = "") -> None:
        """Note a finding at a place inside this inventory."""
        place = f"{self.location}#{pointer}" if pointer else self.location
        self.problems += finding(self.spec_version, code, place, value, expected)
