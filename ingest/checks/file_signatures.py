"""No signature in a file is broken; doubts about one are told with their reason."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.checks.fact_policy import FactPolicy
from preservation.dossier import Dossier, ReceivedFile, SignatureFact, SignatureVerdict
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
        path = file.received_path
        if file.signatures.not_checked:
            why = file.signatures.not_checked
            yield warning("ING-SIGNATURE-NOT-JUDGED", path, path=path, why=why)
        for signature in file.signatures.found:
            if signature.verdict is SignatureVerdict.VALID:
                continue
            if not policy.roots and signature.reason == _NO_CHAIN:
                without_roots += 1
                continue
            yield _finding(file, signature, policy)
    if without_roots:
        yield info("ING-SIGNATURE-NO-ROOTS", count=without_roots)


def _finding(file: ReceivedFile, signature: SignatureFact, policy: FactPolicy) -> Problem:
    broken = signature.verdict is SignatureVerdict.INVALID
    return Problem(
        "ING-SIGNATURE-INVALID" if broken else "ING-SIGNATURE-DOUBTFUL",
        policy.invalid if broken else policy.indeterminate,
        file.received_path,
        {
            "path": file.received_path,
            "signer": signature.signer or "?",
            "place": signature.place,
            "why": signature.reason,
        },
    )
