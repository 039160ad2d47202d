"""From a judge's answer to a fact of the record. Core."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from preservation.dossier import SignatureCheck, SignatureFact, SignatureVerdict
from preservation.formats.structure.seen import line_of

MOST_SIGNATURES: Final = 64  # of one file
LARGEST_DATUM: Final = 64 * 1024  # of one certificate, CRL or OCSP response that is kept
MOST_DATA: Final = 512 * 1024  # of all that is kept beside one dossier, in base64
_SHA256: Final = re.compile(r"[0-9a-f]{64}\Z")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]*={0,2}\Z")
_LONGEST_VALUE: Final = 20_000  # of a signature value; one of RSA 4096 has 684
_TEXTS: Final = (
    "reason", "kind", "place", "signer", "organisation", "issuer", "serial", "signed_at",
    "stamped_at", "stamped_by", "algorithm", "coverage", "later_changes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class JudgedSignatures:
    """The fact about one file, and the validation data it refers to: sha256 → DER in base64."""

    check: SignatureCheck
    data: Mapping[str, str] = field(default_factory=dict)


def judged_of(answer: Any, *, at: str, trust: str) -> JudgedSignatures | None:
    """What a child answered, or None when the file carries no signature. Never raises."""
    if answer is None:
        return None
    if not isinstance(answer, dict):
        return unjudged("the examiner gave no answer", at=at, trust=trust)
    found = answer.get("found")
    entries = found[:MOST_SIGNATURES] if isinstance(found, list) else []
    check = SignatureCheck(
        checked_at=at,
        tool=line_of(answer.get("tool")),
        trust=trust,
        not_checked=line_of(answer.get("not_checked")),
        found=tuple(_signature(entry) for entry in entries if isinstance(entry, dict)),
        revocation=_digests(answer.get("revocation")),
    )
    data = answer.get("data")
    kept = data.items() if isinstance(data, dict) else ()
    return JudgedSignatures(check, {key: value for key, value in kept if _is_datum(key, value)})


def unjudged(reason: str, *, at: str, trust: str) -> JudgedSignatures:
    """The fact that the signatures of a file could not be judged."""
    return JudgedSignatures(SignatureCheck(at, "", trust, line_of(reason)))


def bounded_data(parts: list[Mapping[str, str]]) -> dict[str, str]:
    """The validation data of several files, each item once, as much as is kept beside one dossier."""
    kept: dict[str, str] = {}
    left = MOST_DATA
    for part in parts:
        for key, value in part.items():
            if key not in kept and len(value) <= left:
                kept[key] = value
                left -= len(value)
    return kept


def _signature(entry: Mapping[str, Any]) -> SignatureFact:
    given = entry.get("verdict")
    known = {verdict.value: verdict for verdict in SignatureVerdict}
    texts = {name: line_of(entry.get(name)) for name in _TEXTS}
    value = entry.get("value")
    sound = isinstance(value, str) and len(value) <= _LONGEST_VALUE and _BASE64.match(value)
    return SignatureFact(
        # What is none of the three was not understood, which is no verdict.
        verdict=known.get(str(given), SignatureVerdict.INDETERMINATE),
        value=str(value) if sound else "",
        chain=_digests(entry.get("chain")),
        **texts,
    )


def _digests(values: Any) -> tuple[str, ...]:
    given = values if isinstance(values, list) else []
    return tuple(v for v in given[:MOST_SIGNATURES] if isinstance(v, str) and _SHA256.match(v))


def _is_datum(key: Any, value: Any) -> bool:
    return (
        isinstance(key, str)
        and _SHA256.match(key) is not None
        and isinstance(value, str)
        and len(value) <= LARGEST_DATUM * 2
        and _BASE64.match(value) is not None
    )
