"""Signed files for tests, by the sample transfers' own authority and by signxml."""

from __future__ import annotations

import asyncio
import hashlib
import io
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pikepdf
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID
from lxml import etree
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers import PdfTimeStamper
from signxml.algorithms import SignatureConstructionMethod
from signxml.signer import XMLSigner
from signxml.xades.xades import XAdESSigner

from kho.demo.authority import root_certificate
from kho.demo.signing import _TimeStamps, sign_pdf, signed_by_office, signed_by_person
from preservation.signatures.trust import TrustRoots

_DS = "http://www.w3.org/2000/09/xmldsig#"
WHEN = datetime(2024, 5, 6, 3, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
DEMO = TrustRoots((root_certificate().public_bytes(serialization.Encoding.DER),))


def unsigned_pdf() -> bytes:
    document = pikepdf.new()
    document.add_blank_page(page_size=(200, 100))
    document.docinfo["/Title"] = "Quyết định"
    out = io.BytesIO()
    document.save(out, static_id=True)
    return out.getvalue()


def signed_pdf(*, by_office: bool = False) -> bytes:
    """Signed by a person, and by the office after that if asked."""
    person = signed_by_person(
        name="Trần Thị Hà", title="Chánh Văn phòng", office="Sở Nội vụ", when=WHEN, place="Hà Tĩnh"
    )
    office = signed_by_office(office="Sở Nội vụ", when=WHEN + timedelta(minutes=9), place="Hà Tĩnh")
    return sign_pdf(unsigned_pdf(), [person, office] if by_office else [person])


def time_stamped(pdf: bytes) -> bytes:
    """With a document time-stamp over all of it."""
    stamper = PdfTimeStamper(_TimeStamps(WHEN + timedelta(days=1)))
    out = asyncio.run(
        stamper.async_timestamp_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), "sha256")
    )
    return bytes(out.getvalue())


class Authority:
    """A root of elliptic curves and a signer it certified for so many `days`, made anew."""

    def __init__(self, *, days: int = 3650, begins: datetime = WHEN - timedelta(days=30)) -> None:
        self.root_key = ec.generate_private_key(ec.SECP256R1())
        self.key = ec.generate_private_key(ec.SECP256R1())
        root = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Gốc thử")])
        signer = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, "Người ký thử"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Sở thử"),
            ]
        )
        self.root = self._certified(root, root, self.root_key.public_key(), True, begins, 7300)
        self.certificate = self._certified(signer, root, self.key.public_key(), False, begins, days)
        self.trust = TrustRoots((self.root.public_bytes(serialization.Encoding.DER),))

    def _certified(
        self,
        subject: x509.Name,
        issuer: x509.Name,
        key: ec.EllipticCurvePublicKey,
        issues: bool,
        begins: datetime,
        days: int,
    ) -> x509.Certificate:
        usage = x509.KeyUsage(
            not issues, not issues, False, False, False, issues, issues, False, False
        )
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(begins + timedelta(days=days))
            .add_extension(x509.BasicConstraints(issues, None), True)
            .add_extension(usage, True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.root_key.public_key()),
                False,
            )
            .sign(self.root_key, hashes.SHA256())
        )

    def sign_beside(self, content: bytes, uri: str) -> bytes:
        """A signature that stands in a file of its own, over another file's bytes."""
        digest = b64encode(hashlib.sha256(content).digest()).decode()
        info = (
            f'<SignedInfo xmlns="{_DS}"><CanonicalizationMethod '
            'Algorithm="http://www.w3.org/2006/12/xml-c14n11"></CanonicalizationMethod>'
            '<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256">'
            f'</SignatureMethod><Reference URI="{uri}"><DigestMethod '
            'Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></DigestMethod>'
            f"<DigestValue>{digest}</DigestValue></Reference></SignedInfo>"
        )
        r, s = decode_dss_signature(self.key.sign(info.encode(), ec.ECDSA(hashes.SHA256())))
        value = b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode()
        held = b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()
        return (
            f'<Signature xmlns="{_DS}">{info}<SignatureValue>{value}</SignatureValue><KeyInfo>'
            f"<X509Data><X509Certificate>{held}</X509Certificate></X509Data></KeyInfo></Signature>"
        ).encode()

    def sign(
        self,
        data: object,
        *,
        xades: bool = False,
        method: str = "enveloped",
    ) -> bytes:
        """The data with a signature in it or around it."""
        kind = XAdESSigner if xades else XMLSigner
        signer = kind(
            method=SignatureConstructionMethod[method], signature_algorithm="ecdsa-sha256"
        )
        signed = signer.sign(data, key=self.key, cert=[self.certificate])
        return etree.tostring(signed)
