"""The roots an archive trusts: PEM files in one folder, read once and handed to every judge.

A certificate that issued itself is a root. Any other one in the folder only helps to build a chain:
to trust it means to have its root there too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from repository.digest import digest_bytes
from repository.errors import Misconfigured

_MOST_BYTES: Final = 4 * 1024 * 1024  # of one file: a whole national list is a tenth of that
_SUFFIXES: Final = frozenset({".pem", ".crt", ".cer"})


@dataclass(frozen=True, slots=True)
class TrustRoots:
    """Certificates in DER: `roots` are trusted, `helpers` only lead to them."""

    roots: tuple[bytes, ...] = ()
    helpers: tuple[bytes, ...] = ()

    @property
    def label(self) -> str:
        """How many roots there are, and one digest that changes with any of them."""
        if not self.roots:
            return "0 roots"
        together = digest_bytes(b"".join(sorted(self.roots)), ["sha256"])["sha256"]
        return f"{len(self.roots)} roots, sha256 {together}"


def read_trust(folder: Path) -> TrustRoots:
    """The certificates in a folder of PEM files, in order of name. No folder: no roots.

    Misconfigured names a file that is none: a root that was meant and not read would turn good
    signatures doubtful without a word.
    """
    if not folder.is_dir():
        return TrustRoots()
    roots: list[bytes] = []
    helpers: list[bytes] = []
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in _SUFFIXES or not path.is_file():
            continue
        for certificate in _certificates(path):
            encoded = certificate.public_bytes(Encoding.DER)
            (roots if certificate.subject == certificate.issuer else helpers).append(encoded)
    return TrustRoots(tuple(dict.fromkeys(roots)), tuple(dict.fromkeys(helpers)))


def _certificates(path: Path) -> list[x509.Certificate]:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise Misconfigured(f"{path} is larger than any list of roots. Take it out of there.")
        if b"-----BEGIN" in data:
            return x509.load_pem_x509_certificates(data)
        return [x509.load_der_x509_certificate(data)]
    except OSError as problem:
        raise Misconfigured(f"{path} cannot be read: {problem.strerror}.") from problem
    except ValueError as problem:
        raise Misconfigured(
            f"{path} holds no certificate that can be read ({problem}). Put PEM certificates of "
            "trusted roots there, or take it out."
        ) from problem
