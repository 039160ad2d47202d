"""Signs sample PDFs: the signer's signature, then the agency's, each with a time-stamp (PAdES-B-T).

ETSI EN 319 142-1, ISO 32000-1 12.8, RFC 5652 and RFC 3161, written by pyHanko. The same document
signed at the same time gives the same bytes: PKCS #1 v1.5 needs no chance, and every number that
pyHanko would draw is derived from what it is for. Certificates and keys are those of `authority`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO

from asn1crypto import algos, cms, core, tsp  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import SignatureObject, Signer
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.timestamps.api import TimeStamper

from kho.demo.authority import (
    office_certificate,
    person_certificate,
    private_key,
    time_stamp_certificate,
)
from repository.digest import digest_bytes

_POLICY = "2.25.2025.5"
"""Of the time-stamps: an OID under the arc that needs no registration."""
_ROOM = 1_600
"""Bytes a signature takes beside the two certificates it holds, and a few to spare."""


@dataclass(frozen=True)
class Signature:
    """Who signs and when."""

    field: str
    certificate: x509.Certificate
    key: str
    when: datetime
    reason: str
    place: str


def signed_by_person(
    *, name: str, title: str, office: str, when: datetime, place: str
) -> Signature:
    """The signature of the one who signs the document."""
    certificate = person_certificate(name, title, office)
    return Signature("Nguoi_ky", certificate, "person", when, "Ký ban hành văn bản", place)


def signed_by_office(*, office: str, when: datetime, place: str) -> Signature:
    """The signature of the agency, which stands for its seal."""
    certificate = office_certificate(office)
    return Signature("Co_quan", certificate, "office", when, "Phát hành văn bản", place)


def sign_pdf(pdf: bytes, signatures: Sequence[Signature]) -> bytes:
    """The PDF with these signatures, each over all that was there before it."""
    return asyncio.run(_sign_all(pdf, signatures))


async def _sign_all(pdf: bytes, signatures: Sequence[Signature]) -> bytes:
    for signature in signatures:
        pdf = await _sign(pdf, signature)
    return pdf


async def _sign(pdf: bytes, signature: Signature) -> bytes:
    signer = _Signer(signature.certificate, signature.key)
    placeholder = SignatureObject(
        timestamp=signature.when,
        subfilter=SigSeedSubFilter.PADES,
        location=signature.place,
        reason=signature.reason,
        bytes_reserved=2 * (signer.size + _time_stamps().size + _ROOM),
    )
    # The steps of pyHanko's protocol: field, dictionary, bytes to be signed, signature.
    steps = PdfCMSEmbedder(SigFieldSpec(signature.field)).write_cms(
        signature.field, _Update(pdf, signature.when)
    )
    next(steps)
    steps.send(SigObjSetup(placeholder))
    prepared, out = steps.send(SigIOSetup("sha256"))
    steps.send(
        await signer.async_sign(
            prepared.document_digest,
            "sha256",
            use_pades=True,
            timestamper=_TimeStamps(signature.when),
        )
    )
    signed: bytes = out.getvalue()
    return signed


class _Update(IncrementalPdfFileWriter):
    """An update appended to a PDF, with a time and an identifier that do not change."""

    def __init__(self, pdf: bytes, when: datetime) -> None:
        super().__init__(BytesIO(pdf))
        self._when = when
        identifier = bytes.fromhex(digest_bytes(pdf, ("sha256",))["sha256"])[:16]
        self._document_id[1] = generic.ByteStringObject(identifier)

    def _update_meta(self) -> None:
        # pyHanko writes the present time here, and its own name behind that of the producer.
        assert self._info is not None, "every PDF of the samples has a title"
        info = self._info.get_object()  # type: ignore[no-untyped-call]
        info["/ModDate"] = generic.pdf_date(self._when)
        self.mark_update(self._info)


class _Signer(Signer):
    """Signs with a key of the authority. Only its own certificate goes with a signature."""

    def __init__(self, certificate: x509.Certificate, key: str) -> None:
        encoded = certificate.public_bytes(Encoding.DER)
        self.size = len(encoded)
        self.certificate = asn1_x509.Certificate.load(encoded)
        self._key = private_key(key)
        super().__init__(
            signing_cert=self.certificate,
            signature_mechanism=algos.SignedDigestAlgorithm({"algorithm": "sha256_rsa"}),
        )

    async def async_sign_raw(
        self, data: bytes, digest_algorithm: str, dry_run: bool = False
    ) -> bytes:
        return self._key.sign(data, PKCS1v15(), hashes.SHA256())


class _TimeStamps(TimeStamper):
    """The local time-stamp authority, whose clock stands at one time."""

    def __init__(self, when: datetime) -> None:
        super().__init__(include_nonce=False)  # type: ignore[no-untyped-call]
        self._when = when.astimezone(UTC)

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        signer = _time_stamps()
        info = tsp.TSTInfo(
            {
                "version": "v1",
                "policy": _POLICY,
                "message_imprint": {
                    "hash_algorithm": {"algorithm": md_algorithm},
                    "hashed_message": message_digest,
                },
                # One number for one thing stamped, eight bytes long for each.
                "serial_number": 1 << 62 | int.from_bytes(message_digest[:7]),
                "gen_time": self._when,
                "tsa": asn1_x509.GeneralName(
                    name="directory_name", value=signer.certificate.subject
                ),
            }
        )
        content = cms.EncapsulatedContentInfo(
            {"content_type": "tst_info", "content": core.ParsableOctetString(info.dump())}
        )
        return await signer.async_sign_general_data(content, md_algorithm, detached=False)


@lru_cache(maxsize=1)
def _time_stamps() -> _Signer:
    return _Signer(time_stamp_certificate(), "tsa")
