"""No signature in a file is broken; doubts about one are told with their reason."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.checks.fact_policy import FactPolicy
from preservation.dossier import Dossier, SignatureCheck, SignatureFact, SignatureVerdict
from repository.problems import Problem, info, warning

_NO_CHAIN = "NO_CERTIFICATE_CHAIN_FOUND"


def check(dossier: Dossier, policy: FactPolicy) -> Iterator[Problem]:
    """ING-SIGNATURE-INVALID, -DOUBTFUL, -NOT-JUDGED, -NO-ROOTS.

    That the archive has no roots is its own want and not the sender's: told once, as information.
    """
    without_roots = 0
    for file in dossier.files:
        if file.signatures is None:
            continue
        if not policy.roots:
            without_roots += sum(one.reason == _NO_CHAIN for one in file.signatures.found)
        yield from findings(file.received_path, file.signatures, policy)
    if without_roots:
        yield info("ING-SIGNATURE-NO-ROOTS", count=without_roots)


def findings(path: str, check: SignatureCheck, policy: FactPolicy) -> Iterator[Problem]:
    """What is to be told of one file's signatures."""
    if check.not_checked:
        yield warning("ING-SIGNATURE-NOT-JUDGED", path, path=path, why=check.not_checked)
    for signature in check.found:
        if signature.verdict is SignatureVerdict.VALID:
            continue
        if policy.roots or signature.reason != _NO_CHAIN:
            yield _finding(path, signature, policy)


def _finding(path: str, signature: SignatureFact, policy: FactPolicy) -> Problem:
    broken = signature.verdict is SignatureVerdict.INVALID
    return Problem(
        "ING-SIGNATURE-INVALID" if broken else "ING-SIGNATURE-DOUBTFUL",
        policy.invalid if broken else policy.indeterminate,
        path,
        {
            "path": path,
            "signer": signature.signer or "?",
            "place": signature.place,
            "why": signature.reason,
        },
    )
