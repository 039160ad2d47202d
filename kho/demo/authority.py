"""The demonstration's certificate authority: a root, certificates of signers and of time-stamps.

RFC 5280 (certificates) and RFC 3161 (time-stamps). Everything follows from the names asked for:
no clock, no chance, no network. The keys are public (`primes`), so the root is worth nothing
outside a demonstration. Certificates last from 2005 to 2045, unlike those of a real authority, so
that the verdict on a sample does not depend on the day it is looked at; they name no place where
revocations are told.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache, lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kho.demo.primes import PRIMES
from repository.digest import digest_bytes

_EXPONENT = 65537
_FIRST_DAY = datetime(2005, 1, 1, tzinfo=UTC)
_LAST_DAY = datetime(2045, 1, 1, tzinfo=UTC)
_ROOT = (("organisation", "Kho demo"), ("name", "Kho Demo Root CA"))
_TIME_STAMPS = (("organisation", "Kho demo"), ("name", "Kho Demo Time-Stamp Authority"))
_OIDS = {
    "organisation": NameOID.ORGANIZATION_NAME,
    "title": NameOID.TITLE,
    "name": NameOID.COMMON_NAME,
}


def demo_trust_root() -> bytes:
    """The root every sample signature leads to, as PEM; always the same bytes."""
    return root_certificate().public_bytes(serialization.Encoding.PEM)


@cache
def root_certificate() -> x509.Certificate:
    """The self-signed root."""
    return _issue(_ROOT, "ca", usage=_usage(issues=True), issues=True)


@lru_cache(maxsize=256)
def person_certificate(name: str, title: str, office: str) -> x509.Certificate:
    """A person's certificate, in an office that the person signs for."""
    subject = (("organisation", office), ("title", title), ("name", name))
    return _issue(subject, "person", usage=_usage(commits=True))


@lru_cache(maxsize=256)
def office_certificate(office: str) -> x509.Certificate:
    """The certificate of an office, which stands for its seal."""
    subject = (("organisation", office), ("name", office))
    return _issue(subject, "office", usage=_usage(commits=True))


@cache
def time_stamp_certificate() -> x509.Certificate:
    """The time-stamp authority's certificate: good for nothing else (RFC 3161, 2.3)."""
    return _issue(_TIME_STAMPS, "tsa", usage=_usage(), stamps=True)


@cache
def private_key(whose: str) -> rsa.RSAPrivateKey:
    """The key of `person`, `office`, `tsa` or `ca`: every person signs with the one key of persons."""
    p, q = (int(digits, 16) for digits in PRIMES[whose])
    d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p,
        q,
        d,
        rsa.rsa_crt_dmp1(d, p),
        rsa.rsa_crt_dmq1(d, q),
        rsa.rsa_crt_iqmp(p, q),
        rsa.RSAPublicNumbers(_EXPONENT, p * q),
    )
    # The check takes longer than a signature; a test makes it.
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


_Subject = tuple[tuple[str, str], ...]


def _issue(
    subject: _Subject,
    key: str,
    *,
    usage: x509.KeyUsage,
    issues: bool = False,
    stamps: bool = False,
) -> x509.Certificate:
    public, issuer = private_key(key).public_key(), private_key("ca").public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(_ROOT))
        .public_key(public)
        .serial_number(_serial(subject))
        .not_valid_before(_FIRST_DAY)
        .not_valid_after(_LAST_DAY)
        .add_extension(x509.BasicConstraints(ca=issues, path_length=0 if issues else None), True)
        .add_extension(usage, True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), False)
    )
    if stamps:
        only = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(only, True)
    # PKCS #1 v1.5: the same certificate has the same signature each time it is made.
    return builder.sign(private_key("ca"), hashes.SHA256())


def _name(parts: _Subject) -> x509.Name:
    country = x509.NameAttribute(NameOID.COUNTRY_NAME, "VN")
    return x509.Name([country, *(x509.NameAttribute(_OIDS[kind], text) for kind, text in parts)])


def _serial(subject: _Subject) -> int:
    """A number that belongs to the subject, of 121 bits for every subject."""
    text = "\n".join(f"{kind}={value}" for kind, value in subject)
    return 1 << 120 | int(digest_bytes(text.encode(), ("sha256",))["sha256"][:30], 16)


def _usage(*, issues: bool = False, commits: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not issues,
        content_commitment=commits,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=issues,
        crl_sign=issues,
        encipher_only=False,
        decipher_only=False,
    )
