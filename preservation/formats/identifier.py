"""The contract of a format identifier, and the one that knows nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from preservation.dossier import FormatFact
from preservation.formats.facts import unknown


class FormatIdentifier(Protocol):
    """Something that says what files are."""

    def identify(
        self, paths: Mapping[str, str], *, names: Mapping[str, str] | None = None
    ) -> Mapping[str, FormatFact]:
        """A fact for every file id of `paths` (file id → where the bytes lie), in that order.

        `names` (file id → received name) lets a format be compared with the extension it came under;
        the name never decides. A file that cannot be identified, for whatever reason, has a fact with
        the PUID UNKNOWN and the reason as its warning; nothing is guessed, and no file keeps another
        from being identified. Raises nothing about the files or the tool.
        """
        ...

    def close(self) -> None:
        """Let go of the tool. May be called again."""
        ...


class NullIdentifier:
    """Identifies nothing, and says so: where no tool is wanted."""

    def identify(
        self, paths: Mapping[str, str], *, names: Mapping[str, str] | None = None
    ) -> Mapping[str, FormatFact]:
        return {file_id: unknown("no identifier was asked", "none", "none") for file_id in paths}

    def close(self) -> None:
        return None
