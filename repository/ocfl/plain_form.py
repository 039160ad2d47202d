"""An inventory as programs write it, read straight from its bytes: in one pass, and in little memory.

An object of 200,000 files has an inventory of 127 MB. Read as JSON at large it stands in memory three
times over (bytes, text, document) before the first rule is looked at. Nearly every inventory is plain:
lower-case digests, each once, with safe paths in arrays that are not empty, and nothing nested that
need not be. Of such bytes this module makes the document at once out of the values it ends in, and it
needs to see no more of them at a time than a piece.

It judges nothing and weakens nothing: whatever is not plain gives None, and the caller reads the bytes
with `strict_json` and says what is wrong. For plain bytes the document equals the one `strict_json`
gives, with tuples for the arrays of paths; a property test holds the two together. Core.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from repository.ocfl.blocks import PlainBlock
from repository.ocfl.grammar import is_safe_path
from repository.ocfl.strict_json import MalformedJson, parse_json


@dataclass(frozen=True, slots=True)
class KnownStrings:
    """Strings that are in memory already and that the bytes are likely to have: they are shared.

    `digests` and `content` (paths): each to itself. `paths`: the path that a state probably has for
    a digest.
    """

    digests: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)
    content: Mapping[str, str] = field(default_factory=dict)


VersionsRead: TypeAlias = dict[str, tuple[bytes, dict[str, object]]]
"""The version blocks of an object's inventories that were read already: of each the bytes, and what
they gave. What an inventory says of a version, those that follow mostly say in the same bytes."""


def plain_document(
    data: bytes | Iterable[bytes],
    known: KnownStrings | None = None,
    versions: VersionsRead | None = None,
) -> dict[str, object] | None:
    """The document in these bytes, its manifest, states and fixity as `PlainBlock`s; None when the
    bytes are not plain, be they right or wrong. Raises nothing because of its input.

    The bytes may come in pieces: cut wherever it be they give what they give together, and they are
    drawn to their end unless the answer is None. `versions` changes nothing but the time it takes; what
    is read here is put there, unless it came in pieces.
    """
    pieces = (data,) if isinstance(data, bytes) else data
    try:
        reader = _Reader(
            iter(pieces), known or KnownStrings(), {} if versions is None else versions
        )
        return reader.document()
    except (_NotPlainError, MalformedJson, UnicodeDecodeError):
        return None


class _NotPlainError(Exception):
    """To be read by the rule, not by this module."""


# JSON, RFC 8259, as far as it is plain. Possessive repeats: what fails does so in linear time.
_WS = rb"[ \t\n\r]*+"
_PLAIN = rb'"([^"\\\x00-\x1f]*+)"'
_ANY = rb'"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+){0,4000}+"'
_PAIR = _ANY + _WS + rb":" + _WS + _ANY + _WS
_OPEN: Final = re.compile(_WS + rb"\{" + _WS + rb"(\}?)")
_NAME: Final = re.compile(_WS + _PLAIN + _WS + rb":" + _WS)
_AFTER: Final = re.compile(_WS + rb"([,}])")
_END: Final = re.compile(_WS + rb"\Z")
_SMALL: Final = re.compile(
    _ANY + rb"|\{" + _WS + rb"(?:" + _PAIR + rb"(?:," + _WS + _PAIR + rb"){0,8}+)?\}"
)
_KEY = _WS + rb'"([0-9a-f]++)"' + _WS + rb":" + _WS + rb"\[" + _WS
# Or nothing, so that a search ends where an entry of another kind begins.
_ONE: Final = re.compile(_KEY + _PLAIN + _WS + rb"\]" + _WS + rb"([,}])|")
_SEVERAL: Final = re.compile(_KEY)
_ITEM: Final = re.compile(rb"(" + _ANY + rb")" + _WS + rb"([,\]])" + _WS)


_IN_SIGHT: Final = 64 * 1024  # of a block; longer than an entry mostly is


class _Reader:
    """One pass over the bytes. Strings that stand in several places are made once.

    `_data` is what is in sight, of which all before `_at` has been read. A match that ends before the
    end of `_data` is the one there would be in all the bytes, for no pattern looks behind its end; one
    that reaches it, or a failure, says nothing until more came in sight, or nothing more is to come.
    """

    def __init__(
        self, pieces: Iterator[bytes], known: KnownStrings, versions: VersionsRead
    ) -> None:
        self._pieces = pieces
        self._ended = False
        self._data = b""
        self._at = 0
        self._known = known.digests
        self._known_content = known.content
        self._digests: dict[str, str] = {}
        self._content: dict[str, str] = {}
        self._state: Mapping[str, str | tuple[str, ...]] = known.paths
        self._read = versions

    def document(self) -> dict[str, object]:
        made: dict[str, object] = {}
        if self._opens():
            more = True
            while more:
                name = self._name(made)
                if name == "manifest":
                    made[name] = self._content_block(addresses=True)
                elif name == "fixity":
                    made[name] = self._fixity()
                elif name == "versions":
                    made[name] = self._versions()
                else:
                    made[name] = self._small()
                if "manifest" in made and "fixity" in made:
                    self._content = {}  # no content path is to come
                more = self._goes_on()
        self._step(_END)
        return made

    def _fixity(self) -> dict[str, object]:
        made: dict[str, object] = {}
        more = self._opens()
        while more:
            name = self._name(made)
            made[name] = self._content_block(addresses=False)
            more = self._goes_on()
        return made

    def _versions(self) -> dict[str, object]:
        made: dict[str, object] = {}
        more = self._opens()
        while more:
            name = self._name(made)
            made[name] = self._version_unless_read(name)
            more = self._goes_on()
        return made

    def _version_unless_read(self, name: str) -> dict[str, object]:
        raw, read = self._read.get(name, (b"", {}))
        if raw and self._data.startswith(raw, self._at):  # an object to its end: nothing adds to it
            self._at += len(raw)
            return read
        data, start = self._data, self._at
        made = self._version()
        if self._data is data:  # all of it was in sight
            self._read[name] = data[start : self._at], made
        return made

    def _version(self) -> dict[str, object]:
        made: dict[str, object] = {}
        more = self._opens()
        while more:
            name = self._name(made)
            made[name] = self._state_block() if name == "state" else self._small()
            more = self._goes_on()
        return made

    # -- the blocks digest → paths

    def _content_block(self, *, addresses: bool) -> PlainBlock:
        """`addresses`: the digests are those that states name too."""
        made: dict[str, str | tuple[str, ...]] = {}
        content, digests, known = self._content, self._digests, self._known
        known_content = self._known_content
        for given, paths in self._entries():
            if given in made:
                raise _NotPlainError
            digest = known.get(given, given)
            if addresses:
                digest = digests.setdefault(digest, digest)
            if isinstance(paths, str):
                same = known_content.get(paths)
                made[digest] = content.setdefault(paths, paths) if same is None else same
            else:
                made[digest] = paths
        return PlainBlock(made)

    def _state_block(self) -> PlainBlock:
        """Mostly what the state read before it was, and then of the same strings."""
        made: dict[str, str | tuple[str, ...]] = {}
        before, digests, known = self._state, self._digests, self._known
        for given, paths in self._entries():
            if given in made:
                raise _NotPlainError
            digest = known.get(given, given)
            same = before.get(digest)
            made[digests.setdefault(digest, digest)] = paths if same != paths else same
        self._state = made
        return PlainBlock(made)

    def _entries(self) -> Iterator[tuple[str, str | tuple[str, ...]]]:
        """Step over a block; each digest with its path or paths."""
        more = self._opens()
        while more:
            for match in _ONE.finditer(self._data, self._at):
                digest, given, after = match.groups()
                if digest is None:
                    self._at = match.start()
                    break
                # One that reaches the end of what is in sight is whole: it ends in its own mark.
                path = given.decode("utf-8")
                if not is_safe_path(path):
                    raise _NotPlainError
                yield digest.decode("ascii"), path
                if after == b"}":
                    self._at = match.end()
                    return
            if not self._ended and len(self._data) - self._at < _IN_SIGHT:
                self._see_more()  # cut by the end of what was in sight, perhaps
                continue
            yield self._longer_entry()
            more = self._goes_on()

    def _longer_entry(self) -> tuple[str, str | tuple[str, ...]]:
        """With several paths, or with an escape in one."""
        digest = self._step(_SEVERAL)[1].decode("ascii")
        paths: list[str] = []
        after = b","
        while after == b",":
            given, after = self._step(_ITEM).groups()
            path = parse_json(given)
            if not isinstance(path, str) or not is_safe_path(path):
                raise _NotPlainError
            paths.append(path)
        return digest, tuple(paths) if len(paths) > 1 else paths[0]

    # -- JSON

    def _opens(self) -> bool:
        """Step into an object, and out of it when it is empty; whether it is not."""
        match = self._step(_OPEN)
        return not match[1]

    def _name(self, made: dict[str, object]) -> str:
        name = self._step(_NAME)[1].decode("utf-8")
        if name in made:
            raise _NotPlainError
        return name

    def _small(self) -> object:
        """A string, or an object of a few strings."""
        data: bytes = self._step(_SMALL)[0]
        if data[:1] == b'"' and b"\\" not in data:
            return data[1:-1].decode("utf-8")  # as JSON would have it, in a fifth of the time
        return parse_json(data)

    def _goes_on(self) -> bool:
        """Step over a comma or out of the object; whether it was a comma."""
        return self._step(_AFTER)[1] == b","

    def _step(self, pattern: re.Pattern[bytes]) -> re.Match[bytes]:
        match = pattern.match(self._data, self._at)
        while not self._ended and (match is None or match.end() == len(self._data)):
            self._see_more()
            match = pattern.match(self._data, self._at)
        if match is None:
            raise _NotPlainError
        self._at = match.end()
        return match

    def _see_more(self) -> None:
        """At least twice as much as is in sight and not read yet, so that looking again at what is
        long costs no more than twice."""
        piece = next(self._pieces, None)
        if piece is None:
            self._ended = True
            return
        unread = self._data[self._at :]
        self._data, self._at = b"", 0
        parts = [unread, piece]
        size = len(piece)
        while size < len(unread):
            piece = next(self._pieces, None)
            if piece is None:
                self._ended = True
                break
            parts.append(piece)
            size += len(piece)
        self._data = b"".join(parts) if unread or len(parts) > 2 else parts[1]
