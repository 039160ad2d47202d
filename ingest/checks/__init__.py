"""The rules of intake, one in each module, and the order they run in.

Metadata rules run before any payload byte is copied, secrecy first; payload rules when every member has
been copied and digested. Each rule yields all it finds and decides nothing. Their codes, severities and
texts stand in docs/intake-rules.md and `schemas/texts/ingest.*.json`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from ingest.checks import (
    closed,
    codes,
    completeness,
    dates,
    deviations,
    digests,
    document_codes,
    file_contents,
    file_damage,
    file_extension,
    file_pages,
    file_signatures,
    file_viruses,
    fonds,
    held_elsewhere,
    held_object,
    lengths,
    links,
    mandatory,
    mojibake,
    name_match,
    ordinals,
    package_kind,
    pages,
    pairing,
    paper_code,
    received_whole,
    record_status,
    repeated,
    retention,
    secrecy,
    sizes,
    supplement,
    totals,
    unreferenced,
)
from ingest.checks.context import CheckContext, HeldLookup
from ingest.checks.fact_policy import FactPolicy
from ingest.checks.held_object import held_target
from ingest.checks.links import resolve_links
from ingest.findings import bounded
from ingest.readers.package import Tt05Package
from ingest.received import ReceivedBytes
from preservation.dossier import Dossier
from repository.problems import Problem, Report, Severity

__all__ = [
    "FACT_CHECKS",
    "METADATA_CHECKS",
    "PAYLOAD_CHECKS",
    "CheckContext",
    "FactPolicy",
    "HeldLookup",
    "check_facts",
    "check_metadata",
    "check_payload",
    "held_target",
    "resolve_links",
]

MetadataCheck = Callable[[Tt05Package, CheckContext], Iterator[Problem]]
PayloadCheck = Callable[[Tt05Package, Mapping[int, ReceivedBytes], CheckContext], Iterator[Problem]]
FactCheck = Callable[[Dossier, FactPolicy], Iterator[Problem]]

METADATA_CHECKS: Final[tuple[MetadataCheck, ...]] = (
    secrecy.check,
    package_kind.check,
    fonds.check,
    mandatory.check,
    closed.check,
    dates.check,
    totals.check,
    completeness.check,
    pairing.check,
    links.check,
    record_status.check,
    held_object.check,
    held_elsewhere.check,
    repeated.check,
    codes.check,
    lengths.check,
    paper_code.check,
    retention.check,
    ordinals.check,
    pages.check,
    document_codes.check,
    mojibake.check,
    unreferenced.check,
    name_match.check,
    deviations.check,
)

PAYLOAD_CHECKS: Final[tuple[PayloadCheck, ...]] = (
    received_whole.check,
    digests.check,
    sizes.check,
    held_object.check_received,
    supplement.check_received,
    held_elsewhere.check_received,
)

FACT_CHECKS: Final[tuple[FactCheck, ...]] = (
    file_viruses.check,
    file_damage.check,
    file_contents.check,
    file_extension.check,
    file_pages.check,
    file_signatures.check,
)


def check_metadata(package: Tt05Package, context: CheckContext) -> Report:
    """What all metadata rules find, bounded. Nothing of the payload is needed or touched.

    Of a package that is secret only that is told: the other findings would quote it, and findings are
    kept in the archive.
    """
    secret = bounded(secrecy.check(package, context))
    if secret.has_errors:
        return Report(tuple(p for p in secret if p.severity is Severity.ERROR))
    return bounded(p for check in METADATA_CHECKS for p in check(package, context))


def check_payload(
    package: Tt05Package, received: Mapping[int, ReceivedBytes], context: CheckContext
) -> Report:
    """What all payload rules find, bounded."""
    return bounded(p for check in PAYLOAD_CHECKS for p in check(package, received, context))


def check_facts(dossier: Dossier, policy: FactPolicy) -> Report:
    """What all rules on the facts of files find, bounded."""
    return bounded(p for check in FACT_CHECKS for p in check(dossier, policy))
