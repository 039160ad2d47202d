"""Anchoring: the newest checkpoint shown to somebody outside, and that entered into the ledger.

    publish → show it (a time stamp, a mail) → event → publish → the token beside the log

Killed after showing, it was shown and not entered: the next call shows a checkpoint again, which
harms nobody. What is in `log/anchors` is in the ledger as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from preservation import history
from preservation.events import EventType, Outcome
from preservation.ledger import timestamps
from preservation.ledger.anchors import Anchor, Kind
from preservation.ledger.checkpoint import SignedCheckpoint
from preservation.ledger.register import register_line
from preservation.ledger.signing import ANCHORS, LOG
from repository import durable
from repository.catalogue.catalogue import Catalogue
from repository.catalogue.records import EventRecord
from repository.clock import Clock, utc_text
from repository.errors import ArchiveError, Misconfigured, Unavailable

_PAGE = 500


class Mailer(Protocol):
    """Hands one message to whoever sends mail. Unavailable when it was not taken."""

    def __call__(self, to: str, subject: str, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class AnchorServices:
    """What anchoring works with. An empty `tsa_url` or `witness`: nobody of the kind is shown it.

    `publish` brings the ledger up to the catalogue and gives its newest checkpoint.
    """

    catalogue: Catalogue
    ledger: Path
    clock: Clock
    publish: Callable[[], SignedCheckpoint]
    archive_name: str
    tsa_url: str = ""
    tsa_seconds: float = 30.0
    witness: str = ""
    mailer: Mailer | None = None


@dataclass(frozen=True, slots=True)
class Anchored:
    """Whom the checkpoint was shown, and who could not be, with the reason."""

    signed: SignedCheckpoint
    anchors: tuple[Anchor, ...]
    failed: tuple[ArchiveError, ...]


def anchor_due(catalogue: Catalogue, kind: Kind, now: datetime, every: timedelta) -> bool:
    """Whether no anchor of this kind was entered for so long.

    An archive younger than that waits too: a ledger of an hour needs no witness yet.
    """
    since = utc_text(now - every)
    for event in _newest_first(catalogue):
        if event.at <= since:
            return True
        if event.type == EventType.ARCHIVE_MADE.value:
            return False
        if event.type == EventType.LEDGER_ANCHOR.value and _kind(event) == kind:
            return False
    return False


def anchor(services: AnchorServices, kinds: Sequence[Kind], operator: str) -> Anchored:
    """Show the newest checkpoint to those of `kinds` that the settings name.

    After return each anchor that succeeded is in the ledger, signed and copied. One that failed
    stops none of the others and is told in `failed`. Misconfigured when nobody is named.
    """
    named: dict[Kind, str] = {"rfc3161": services.tsa_url, "mail": services.witness}
    wanted = [kind for kind in kinds if named[kind]]
    if not wanted:
        raise Misconfigured(
            "Nobody is named who could be shown a checkpoint: set tsa_url or witness_email under "
            "[ledger] in kho.toml."
        )
    signed = services.publish()
    done: list[Anchor] = []
    failed: list[ArchiveError] = []
    for kind in wanted:
        try:
            done.append(_show(services, kind, signed))
        except (Unavailable, Misconfigured) as problem:
            failed.append(problem)
    if done:
        with services.catalogue.transaction() as tx:
            for one in done:
                history.record(tx, _event(one, services.clock.now(), operator))
        services.publish()
        for one in done:
            _keep_token(services.ledger, one)
    return Anchored(signed, tuple(done), tuple(failed))


def _show(services: AnchorServices, kind: Kind, signed: SignedCheckpoint) -> Anchor:
    if kind == "rfc3161":
        return timestamps.ask(services.tsa_url, signed.note, services.tsa_seconds)
    if services.mailer is None:
        raise Misconfigured("No mail can be sent: nothing that sends it was given.")
    services.mailer(
        services.witness,
        f"{services.archive_name}: sổ cái {signed.size}",
        _letter(services.archive_name, signed),
    )
    return Anchor("mail", signed.note, signed.size, services.witness)


def _letter(name: str, signed: SignedCheckpoint) -> str:
    return f"""\
{name}

Kính gửi Quý cơ quan,
Đây là điểm kiểm của sổ cái kho lưu trữ số. Xin giữ nguyên thư này, hoặc chép dòng dưới đây vào sổ
giấy: nhờ đó về sau không ai, kể cả chúng tôi, sửa được những gì đã ghi trước hôm nay mà không bị
phát hiện.

This is a checkpoint of our archive's ledger. Please keep this message as it is, or copy the line
below into a paper register: with it nobody, ourselves included, can later change unnoticed what was
written before today.

    {register_line(signed.checkpoint)}

{signed.note}"""


def _event(one: Anchor, now: datetime, operator: str) -> EventRecord:
    return history.new_event(
        EventType.LEDGER_ANCHOR,
        at=now,
        agent=operator,
        outcome=Outcome.SUCCESS,
        detail=one.detail(),
    )


def _keep_token(ledger: Path, one: Anchor) -> None:
    if not one.token:
        return
    folder = ledger / LOG / ANCHORS
    try:
        folder.mkdir(parents=True, exist_ok=True)
        durable.write_durably(folder / one.file_name, one.token)
    except OSError as problem:
        raise durable.explained(problem, "keeping a time stamp") from problem


def _kind(event: EventRecord) -> str:
    said = event.detail.get("anchor")
    return str(said.get("kind", "")) if isinstance(said, dict) else ""


def _newest_first(catalogue: Catalogue) -> Iterator[EventRecord]:
    end = catalogue.last_sequence()
    while end > 0:
        start = max(0, end - _PAGE)
        yield from reversed(catalogue.events(after=start, limit=end - start))
        end = start
