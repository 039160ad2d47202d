"""How the stores stand: what each has, lacks, and what its medium is, as `kho copies list` tells it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from kho.wiring import Archive
from preservation.audit.policy import looked_at
from preservation.copies import behind
from preservation.media import DEFAULT_ROTATION_DAYS, Medium
from repository.clock import utc_text
from repository.problems import Problem, error, info, warning


@dataclass(frozen=True, slots=True)
class Standing:
    """One store. Times are UTC text, days ISO dates; empty where there is none."""

    name: str
    kind: str
    place: str
    path: str
    store_id: str
    required: bool
    available: bool
    resting: bool
    reason: str
    device: int | None
    free_bytes: int | None
    total_bytes: int | None
    copies: int
    behind: int
    damaged: int
    incomplete: int
    oldest_look: str
    due_back: str
    started: str
    rated_years: float | None
    replace_by: str
    medium: str
    problems: tuple[Problem, ...]

    def as_line(self) -> dict[str, object]:
        """As plain data; the findings are left to whoever has their texts."""
        line = asdict(self)
        del line["problems"]
        return line


def standings(archive: Archive) -> Iterator[Standing]:
    """Every store, in the order of the settings."""
    now = archive.clock.now()
    for name, store in archive.stores.items():
        given = archive.settings.stores[name]
        seen = store.status()
        copies = list(archive.catalogue.copies_of_store(name))
        lacks = len(behind(archive.catalogue, name))
        resting = archive.resting.rests(name)
        until = archive.resting.until(name) if given.kind == "offline" else None
        medium = Medium(given.started, given.rated_years)
        yield Standing(
            name=name,
            kind=given.kind,
            place=given.place,
            path=given.path,
            store_id=given.id,
            required=name in archive.settings.required,
            available=seen.available,
            resting=resting,
            reason=seen.reason,
            device=seen.device,
            free_bytes=seen.free_bytes,
            total_bytes=seen.total_bytes,
            copies=len(copies),
            behind=lacks,
            damaged=sum(1 for copy in copies if copy.last_verdict == "damaged"),
            incomplete=sum(1 for copy in copies if copy.last_verdict == "incomplete"),
            oldest_look=min((looked_at(copy) for copy in copies), default=""),
            due_back=utc_text(until) if until else "",
            started=given.started.isoformat() if given.started else "",
            rated_years=given.rated_years,
            replace_by=medium.replace_by.isoformat() if medium.replace_by else "",
            medium=medium.state(now),
            problems=tuple(_problems(archive, name, medium, lacks, resting=resting)),
        )


def medium_problems(archive: Archive, name: str) -> Iterator[Problem]:
    """What is to be done about a store's medium, if anything."""
    given = archive.settings.stores[name]
    yield from _of_medium(archive, name, Medium(given.started, given.rated_years))


def _problems(
    archive: Archive, name: str, medium: Medium, lacks: int, *, resting: bool
) -> Iterator[Problem]:
    given = archive.settings.stores[name]
    seen = archive.stores[name].status()
    if not seen.available and not resting:
        if given.kind == "offline":
            until = archive.resting.until(name)
            days = given.rotation_days or DEFAULT_ROTATION_DAYS
            due = until.date().isoformat() if until else "-"
            yield error("STO-OVERDUE", name, due=due, days=days)
        else:
            yield error("STO-AWAY", name, why=seen.reason)
    if lacks:
        weight = warning if name in archive.settings.required else info
        yield weight("STO-BEHIND", name, count=lacks)
    yield from _of_medium(archive, name, medium)


def _of_medium(archive: Archive, name: str, medium: Medium) -> Iterator[Problem]:
    state = medium.state(archive.clock.now())
    if state == "over":
        yield error("STO-MEDIUM-OVER", name, ends=medium.ends)
    elif state == "replace":
        yield warning("STO-MEDIUM-REPLACE", name, ends=medium.ends, by=medium.replace_by)
