"""Telling people of incidents: the day's digest by mail and to a web address, and escalation.

What is told when is `preservation.incidents.digest`'s to say. Here it is sent, and that it was sent is
recorded as an event, so that nothing is told twice by a clock that starts again. Killed between the
two, the message comes once more. A channel that fails keeps no other from being told; it fails the
tick, which `kho status`, `kho doctor` and the clock's sign then show, and is tried again at the next.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Callable
from itertools import islice
from urllib.parse import urlsplit

from kho import mailing
from kho.settings import NotifySettings
from kho.wiring import Archive
from preservation import heartbeat, history
from preservation.events import EventType, Outcome
from preservation.incidents.digest import Digest, digest_due, escalation_due
from repository.errors import ArchiveError, Misconfigured, Unavailable

_ANSWER = 65_536  # bytes of an answer that are read; what it says is not believed
_STATES_OF_EVENT = 500


def notify(archive: Archive) -> list[Digest]:
    """Send what is due and record it. Returns what was sent.

    Unavailable or Misconfigured, after all channels were tried, when one of them could not be told.
    """
    settings, now = archive.settings.notify, archive.clock.now()
    name = archive.settings.archive.name
    incidents = archive.catalogue.incidents()
    due: list[tuple[Digest, Callable[[Digest], None]]] = []
    for channel, wanted, send in (
        ("email", settings.email, lambda one: _mail(archive, settings.email, one)),
        ("webhook", settings.webhook, lambda one: post(settings, one)),
    ):
        found = digest_due(incidents, channel, archive=name, hour=settings.hour, now=now)
        if wanted and found is not None:
            due.append((found, send))
    late = escalation_due(
        incidents, archive=name, hour=settings.hour, days=settings.escalate_after_days, now=now
    )
    if settings.escalate_to and late is not None:
        due.append((late, lambda one: _mail(archive, settings.escalate_to, one)))
    sent: list[Digest] = []
    failed: list[ArchiveError] = []
    for digest, send in due:
        try:
            send(digest)
        except (Unavailable, Misconfigured) as failure:
            failed.append(failure)
            continue
        _record(archive, digest)
        sent.append(digest)
    if sent:
        archive.publish()
    if failed:
        raise type(failed[0])("; ".join(failure.operator for failure in failed))
    return sent


def post(settings: NotifySettings, digest: Digest) -> None:
    """Give the digest to the web address. Unavailable when it was not taken with a 2xx.

    One request, no redirects, no proxies, and no more of an answer is read than a little.
    """
    try:
        parts = urlsplit(settings.webhook)
        host, port = parts.hostname, parts.port
    except ValueError as problem:
        raise Misconfigured(f"[notify] webhook is no web address: {problem}.") from problem
    if host is None:
        raise Misconfigured("[notify] webhook names no host.")
    body = json.dumps(digest.document, ensure_ascii=False).encode()
    target = parts.path or "/"
    if parts.query:
        target += f"?{parts.query}"
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Kho"}
    try:
        connection = _connect(parts.scheme, host, port, settings.timeout_seconds)
        try:
            connection.request("POST", target, body, headers)
            with connection.getresponse() as answer:
                answer.read(_ANSWER)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise Unavailable(
            f"The webhook at {host} was not told: {problem}. It is tried again."
        ) from problem
    if not 200 <= answer.status < 300:
        raise Unavailable(
            f"The webhook at {host} answered {answer.status}. It is tried again; look at "
            "[notify] webhook."
        )


def _connect(
    scheme: str, host: str, port: int | None, timeout: float
) -> http.client.HTTPConnection:
    if scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
    return http.client.HTTPConnection(host, port, timeout=timeout)


def _mail(archive: Archive, to: tuple[str, ...], digest: Digest) -> None:
    mailing.send(archive.settings.mail, list(to), digest.subject, digest.text)


def _record(archive: Archive, digest: Digest) -> None:
    """That a channel was told, and of what: in events small enough for the ledger."""
    now = archive.clock.now()
    states = iter(digest.states.items())
    with archive.catalogue.transaction() as tx:
        while batch := dict(islice(states, _STATES_OF_EVENT)):
            told = {"channel": digest.channel, "at": digest.document["at"], "states": batch}
            event = history.new_event(
                EventType.NOTICE_SENT,
                at=now,
                agent=heartbeat.SCHEDULE,
                outcome=Outcome.SUCCESS,
                detail={"told": told},
            )
            history.record(tx, event)
