"""Event types and outcomes: what can happen to a dossier, a copy or the archive.

The words are those of the PREMIS event type vocabulary of the Library of Congress where it has one,
and are stable strings, stored for ever. An event says what was done, by whom, when, to what and
how it ended; `detail` holds the values that `preservation.history` needs to bring the catalogue to
the same state again.
"""

from __future__ import annotations

from enum import StrEnum


class EventType(StrEnum):
    """What was done."""

    ARCHIVE_MADE = "archive creation"
    INGESTION = "ingestion"  # a new dossier is held in all required copies
    UPDATE = "metadata modification"  # a later version was written
    REPLICATION = "replication"  # a copy was made or brought up to date
    REPAIR_BEGUN = "repair begun"  # without its end it was interrupted, and shows
    REPAIR = "repair"  # a damaged copy was rebuilt from proven bytes, or could not be
    RECONCILIATION = "reconciliation"  # catalogue, ledger and stores were compared both ways
    STORE_ADDED = "store addition"
    STORE_ATTACHED = "store attachment"  # an offline store came back: caught up, and audited next
    STORE_DETACHED = "store detachment"
    REGISTRATION = "transfer registration"  # announced by an agency, perhaps with its file list
    QUARANTINE_PURGE = "quarantine purge"  # what waited was destroyed, and how
    REFUSAL = "refusal"  # a transfer was judged and not taken
    DUPLICATE = "duplicate receipt"  # a transfer of what is held already
    DECISION = "decision"  # a person approved or returned a transfer
    AUDIT_BEGUN = "fixity audit begun"  # a run without its end was interrupted, and shows
    AUDIT_RESULTS = "fixity check"  # a batch of objects, each in one copy
    AUDIT_ENDED = "fixity audit ended"  # with the sums of the whole run
    INCIDENT_OPENED = "incident opened"
    INCIDENT_FOUND_AGAIN = "incident found again"
    INCIDENT_DIAGNOSED = "incident diagnosed"
    INCIDENT_REPAIRED = "incident repaired"  # with the repair's own event, in one transaction
    INCIDENT_VERIFIED = "incident verified"  # an audit read all of the repaired copy
    INCIDENT_VANISHED = "incident vanished"  # found no more, though nobody repaired it
    INCIDENT_EXPLAINED = "incident explained"
    INCIDENT_CLOSED = "incident closed"
    NOTICE_SENT = "notice sent"  # people were told of incidents
    CANARY_MADE = "canary creation"  # an object of our own, for drills
    DRILL_PLANTED = "drill damage planted"  # in a canary; without its end it is mended next time
    DRILL_ENDED = "drill damage mended"
    DRILL = "drill"  # what a whole drill found
    REPORT = "report"  # a statement of the archive about itself; its digest is in the detail
    AUDIT_POLICY = "audit policy change"  # what is promised of audits: before, and from now on
    LEDGER_KEY = "ledger key"  # from here on the ledger's checkpoints are signed by this key
    LEDGER_ANCHOR = "ledger anchor"  # a checkpoint was shown to somebody outside


class Outcome(StrEnum):
    """How it ended. WARNING: done, with findings; INCOMPLETE: something could not be checked."""

    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"
    INCOMPLETE = "incomplete"
