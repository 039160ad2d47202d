"""The certificates and revocation data one judgement saw, collected for keeping.

A large CRL is named by its digest only: it stands in the signed file, which is kept as it came.
"""

from __future__ import annotations

from base64 import b64encode

from preservation.signatures.facts import LARGEST_DATUM
from repository.digest import digest_bytes


class ValidationData:
    """sha256 → DER in base64, each item once."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.revocation: list[str] = []

    def certificate(self, der: bytes) -> str:
        """Keep a certificate; its sha256."""
        return self._keep(der)

    def revocation_datum(self, der: bytes) -> None:
        """Keep a CRL or an OCSP response."""
        digest = self._keep(der)
        if digest not in self.revocation:
            self.revocation.append(digest)

    def _keep(self, der: bytes) -> str:
        digest = digest_bytes(der, ["sha256"])["sha256"]
        if len(der) <= LARGEST_DATUM:
            self.kept.setdefault(digest, b64encode(der).decode())
        return digest
