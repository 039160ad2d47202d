"""What an NDSA self-assessment is made of: facts, claims and cells, as values. Core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

AREAS: Final = ("storage", "integrity", "control", "metadata", "content")
AREA_NAMES: Final = {
    "storage": ("Lưu trữ", "Storage"),
    "integrity": ("Toàn vẹn", "Integrity"),
    "control": ("Kiểm soát", "Control"),
    "metadata": ("Siêu dữ liệu", "Metadata"),
    "content": ("Nội dung", "Content"),
}
LEVEL_NAMES: Final = (
    ("Biết", "Know your content"),
    ("Bảo vệ", "Protect your content"),
    ("Theo dõi", "Monitor your content"),
    ("Bền vững", "Sustain your content"),
)
LEVELS: Final = (1, 2, 3, 4)

Basis = Literal["query", "settings", "declared"]
Result = Literal["met", "not-met", "not-known"]


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a person answers for, in the settings."""

    statement: str
    by: str
    on: str


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that must be so, what was asked to know it, and what came of it."""

    vi: str
    en: str
    basis: Basis
    query: str
    found: str  # the count or the declaration, in words and numbers
    result: Result


@dataclass(frozen=True, slots=True)
class Cell:
    """One of the twenty. `declared`: part of it rests on a person's word."""

    name: str
    area: str
    level: int
    claims: tuple[Claim, ...]
    result: Result
    declared: bool


@dataclass(frozen=True, slots=True)
class StoreFact:
    """One store, as settings and medium have it."""

    name: str
    kind: str
    place: str
    available: bool
    media_known: bool  # in use since, and the rated life
    media_over: bool
    audited_percent: str
    late: int
    not_seen: int
    ledger: str  # "identical", or what its copy of the ledger is instead


@dataclass(frozen=True, slots=True)
class NdsaFacts:
    """The answers of catalogue, ledger and stores at one instant."""

    at: str
    software: str
    objects: int
    files: int
    copies_at_head: Mapping[int, int]  # so many objects have so many copies of their head version
    read_back: Mapping[str, int]  # copies, by how they were read back when they were written
    events: Mapping[str, Mapping[str, int]]  # type → outcome → count
    runs: Mapping[str, int]  # audit runs that ended, by kind
    damaged_copies: int
    modes: Mapping[str, int]  # dossiers, by mode of use
    keys_open: tuple[str, ...] | None  # keys that others may read; None: not looked at
    keys: int
    access_lines: int | None
    ledger_entries: int
    committed: int  # objects whose inventory the ledger committed to
    described: int  # objects with title, agency and dates
    profiles: Mapping[str, int]
    sampled: int  # dossiers whose records were read for what follows, in the primary store
    sample_seed: int
    sampled_files: int
    identified: int
    scanned: int
    transfers: Mapping[str, int]
    access_copies: int
    stores: tuple[StoreFact, ...]
