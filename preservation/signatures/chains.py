"""How certificates are judged, the same for every kind of signature: roots, rules, words for
people.

RFC 5280 by pyhanko-certvalidator. Revocation is asked for where a certificate says where it is
told; the answer is taken from the file and never fetched. Imported in the child process only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from typing import Any, TypeVar

from asn1crypto import x509  # type: ignore[import-untyped]
from pyhanko.sign.validation.policy_decl import (
    CertificateFetchingRule,
    LocalKnowledge,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)
from pyhanko_certvalidator.registry import SimpleTrustManager

from preservation.signatures.trust import TrustRoots

_WHERE_DECLARED = RevocationCheckingPolicy(
    RevocationCheckingRule.CHECK_IF_DECLARED, RevocationCheckingRule.CHECK_IF_DECLARED
)
_OFFLINE = RevocationInfoGatheringSpec(
    RevinfoOnlineFetchingRule.LOCAL_ONLY,
    certificate_fetching_rule=CertificateFetchingRule.NEVER_FETCH,
)


_Answer = TypeVar("_Answer")


class Chains:
    """The archive's roots, parsed once. For one thread, who closes it."""

    def __init__(self, trust: TrustRoots) -> None:
        self.label = trust.label
        self.helpers = [x509.Certificate.load(der) for der in trust.helpers]
        roots = [x509.Certificate.load(der) for der in trust.roots]
        self.policy = CertValidationPolicySpec(
            trust_manager=SimpleTrustManager.build(trust_roots=roots),
            revinfo_policy=CertRevTrustPolicy(_WHERE_DECLARED),
        )

        self._loop = asyncio.new_event_loop()

    def close(self) -> None:
        """Nothing is judged after that."""
        self._loop.close()

    def run(self, answer: Coroutine[Any, Any, _Answer]) -> _Answer:
        """What a function of pyHanko, which are all asynchronous, answers."""
        return self._loop.run_until_complete(answer)

    def spec(self, knowledge: LocalKnowledge) -> SignatureValidationSpec:
        """The rules of one judgement, with what its file brought."""
        known = LocalKnowledge(
            known_ocsps=knowledge.known_ocsps,
            known_crls=knowledge.known_crls,
            known_certs=[*knowledge.known_certs, *self.helpers],
        )
        return SignatureValidationSpec(self.policy, _OFFLINE, local_knowledge=known)


def timing_of(at: datetime) -> ValidationTimingInfo:
    """Judged as on this moment."""
    return ValidationTimingInfo(
        validation_time=at, best_signature_time=at, point_in_time_validation=False
    )


def named(certificate: x509.Certificate) -> dict[str, str]:
    """Who holds a certificate and who issued it, in words."""
    subject, issuer = certificate.subject.native, certificate.issuer.native
    return {
        "signer": _one(subject.get("common_name") or certificate.subject.human_friendly),
        "organisation": _one(subject.get("organization_name", "")),
        "issuer": _one(issuer.get("common_name") or certificate.issuer.human_friendly),
        "serial": format(certificate.serial_number, "x"),
    }


def _one(value: object) -> str:
    """A name may give an attribute several times."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
