"""Anchoring as the settings have it: whom a checkpoint is shown, by what, and when it is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from kho import mailing
from kho.wiring import Archive
from preservation.ledger import anchoring
from preservation.ledger.anchoring import Anchored, AnchorServices
from preservation.ledger.anchors import Kind
from repository.errors import Refused

KINDS: tuple[Kind, ...] = ("rfc3161", "mail")


def known_kinds(named: Sequence[str]) -> Sequence[Kind]:
    """The kinds of that name; all when none is named. Refused when one is none."""
    for name in named:
        if name not in KINDS:
            raise Refused(f"{name} is no kind of anchor: {', '.join(KINDS)}.")
    return [kind for kind in KINDS if not named or kind in named]


def anchor(archive: Archive, kinds: Sequence[Kind], operator: str) -> Anchored:
    """Show the newest checkpoint to those of `kinds` that the settings name, and enter it."""
    return anchoring.anchor(_services(archive), kinds, operator)


def anchor_due(archive: Archive, operator: str) -> Anchored | None:
    """The same for each kind whose time has come; None when it is nobody's."""
    named = {
        "rfc3161": archive.settings.ledger.tsa_url,
        "mail": archive.settings.ledger.witness_email,
    }
    every = timedelta(days=archive.settings.ledger.anchor_every_days)
    now = archive.clock.now()
    due = [
        kind
        for kind in KINDS
        if named[kind] and anchoring.anchor_due(archive.catalogue, kind, now, every)
    ]
    return anchor(archive, due, operator) if due else None


def _services(archive: Archive) -> AnchorServices:
    settings = archive.settings

    def mailed(to: str, subject: str, text: str) -> None:
        mailing.send(settings.mail, to, subject, text)

    return AnchorServices(
        catalogue=archive.catalogue,
        ledger=archive.home.folder("ledger"),
        clock=archive.clock,
        publish=lambda: archive.publish_ledger().signed,
        archive_name=settings.archive.name,
        tsa_url=settings.ledger.tsa_url,
        tsa_seconds=settings.ledger.tsa_timeout_seconds,
        witness=settings.ledger.witness_email,
        mailer=mailed,
    )
