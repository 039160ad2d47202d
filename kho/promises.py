"""What the settings promise of audits, as the values that `preservation.audit` works with."""

from __future__ import annotations

from kho.settings import AuditSettings, Settings, StoreAuditSettings
from preservation.audit.policy import AuditClass, AuditPolicy, DuePolicy, Quiet

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MEGABYTE = 1_000_000


def audit_policy(settings: Settings) -> AuditPolicy:
    """The audits' promises for every store and class of dossiers."""
    audit = settings.audit
    default = store_policy(audit, StoreAuditSettings())
    return AuditPolicy(
        default=default,
        stores={name: store_policy(audit, store.audit) for name, store in settings.stores.items()},
        own_windows=frozenset(
            name for name, store in settings.stores.items() if store.audit.window_days is not None
        ),
        classes=tuple(
            AuditClass(
                name=one.name,
                window_days=one.window_days,
                fonds=frozenset(one.fonds),
                retention=frozenset(one.retention),
                modes=frozenset(one.modes),
            )
            for one in audit.classes
        ),
    )


def store_policy(audit: AuditSettings, own: StoreAuditSettings) -> DuePolicy:
    """What is promised of one store: what it has of its own, else what holds for all."""
    quiet = audit.quiet if own.quiet is None else own.quiet
    rate = own.mb_per_second or audit.mb_per_second
    return DuePolicy(
        window_days=own.window_days or audit.window_days,
        byte_budget=own.daily_bytes or audit.daily_bytes,
        hour=audit.hour,
        quiet=Quiet.parse(quiet) if quiet else None,
        bytes_per_second=int(rate * _MEGABYTE) if rate else None,
        sweep=None if audit.sweep == "never" else _DAYS.index(audit.sweep),
    )
