"""Signatures in XML: XML Signature (XMLDSig) and XAdES (ETSI EN 319 132-1), by signxml.

Enveloped, enveloping, or detached over other files of the same package, which the caller names;
nothing is fetched. Each signature is judged at the very place where it stands, so that none is
taken for another one. The signer's certificate is judged as those of PDFs are. Time-stamps of XAdES
are not judged: the time of signing is what the signer said. In the child process only.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from asn1crypto import x509  # type: ignore[import-untyped]
from cryptography import x509 as pyca
from cryptography.exceptions import InvalidSignature as CryptoFailure
from cryptography.exceptions import UnsupportedAlgorithm
from lxml import etree
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge,
    bootstrap_validation_data_handlers,
)
from pyhanko_certvalidator import CertificateValidator
from pyhanko_certvalidator.errors import (
    ExpiredError,
    InsufficientRevinfoError,
    NotYetValidError,
    PathBuildingError,
    PathError,
    RevokedError,
    ValidationError,
)
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.exceptions import InvalidCertificate, InvalidDigest, SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier
from signxml.xades.xades import XAdESSignatureConfiguration, XAdESVerifier

from preservation.signatures.chains import Chains, named, timing_of
from preservation.signatures.facts import MOST_SIGNATURES
from preservation.signatures.validation_data import ValidationData
from repository.clock import utc_text

TOOL: Final = f"signxml {metadata.version('signxml')}"
NAMESPACE: Final = b"http://www.w3.org/2000/09/xmldsig#"

_DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
_XADES: Final = "{http://uri.etsi.org/01903/v1.3.2#}"
_LARGEST: Final = 64 * 1024 * 1024  # of a signed XML file, and of a file a reference names
_MOST_REFERENCES: Final = 1000
_METHODS: Final = frozenset(one for one in SignatureMethod if not one.name.startswith("HMAC"))
_BROKEN: Final = (
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    OverflowError,
    RecursionError,
    TypeError,
    UnsupportedAlgorithm,
    ValueError,
    etree.LxmlError,
)


@dataclass(frozen=True, slots=True)
class _Place:
    """One Signature element, and the path to it from the root."""

    element: Any
    path: str


class _Here:
    """Has signxml judge the signature of one place, not the first it comes upon."""

    path: str

    def _get_signature(self, root: Any) -> Any:
        return root if self.path == "." else root.find(self.path)

    def _c14n(self, nodes: Any, algorithm: Any, inclusive_ns_prefixes: Any = None) -> bytes:
        """Of an element below the root, libxml2 2.14.6 writes `xmlns=""` on grandchildren of a default
        namespace, which turns good signatures into broken ones. As a root it is written rightly."""
        alone = etree.fromstring(etree.tostring(nodes, with_tail=False), _parser())
        written: bytes = super()._c14n(alone, algorithm, inclusive_ns_prefixes)  # type: ignore[misc]
        return written


class _XmlVerifier(_Here, XMLVerifier):
    pass


class _XadesVerifier(_Here, XAdESVerifier):
    pass


class XadesJudge:
    """Judges XML files against one set of roots. For one thread."""

    def __init__(self, chains: Chains) -> None:
        self._chains = chains

    def judge(self, path: Path, at: datetime, beside: Mapping[str, str]) -> dict[str, Any] | None:
        """Every signature of the file, as plain data; None when it has none.

        `beside` says where the files lie that references may name. What is named and not there is in
        the answer's `wanted`.
        """
        answer: dict[str, Any] = {"tool": TOOL, "found": []}
        if path.stat().st_size > _LARGEST:
            return {**answer, "not_checked": f"it is larger than {_LARGEST} bytes"}
        content = path.read_bytes()
        try:
            root = etree.fromstring(content, _parser())
        except (etree.XMLSyntaxError, ValueError) as problem:
            return {**answer, "not_checked": f"it is not well-formed: {problem}"[:200]}
        places = _places(root)
        if not places:
            return None
        if len(places) > MOST_SIGNATURES:
            return {**answer, "not_checked": f"it has {len(places)} signatures"}
        data = ValidationData()
        wanted: dict[str, None] = {}
        for place in places:
            answer["found"].append(self._one(content, root, place, data, at, beside, wanted))
        return {**answer, "data": data.kept, "revocation": [], "wanted": list(wanted)}

    def _one(
        self,
        content: bytes,
        root: Any,
        place: _Place,
        data: ValidationData,
        at: datetime,
        beside: Mapping[str, str],
        wanted: dict[str, None],
    ) -> dict[str, Any]:
        qualified = place.element.find(f".//{_XADES}SignedProperties")
        told: dict[str, Any] = {
            "kind": "xades" if qualified is not None else "xmldsig",
            "place": place.path,
            "verdict": "INDETERMINATE",
            "later_changes": "",
        }
        try:
            references = place.element.iterfind(f"{_DS}SignedInfo/{_DS}Reference")
            uris = [one.get("URI") for one in references]
            told["coverage"] = _coverage(root, uris)
            told |= _what_it_says(place.element)
            certificates = _certificates(place.element)
            if not certificates:
                return told | {"reason": "NO_SIGNING_CERTIFICATE_FOUND"}
            told["chain"] = [data.certificate(one) for one in certificates[:1]]
            told |= named(x509.Certificate.load(certificates[0]))
            named_outside = [uri for uri in uris if uri and not uri.startswith("#")]
            missing = [uri for uri in named_outside if uri not in beside]
            if missing:
                wanted.update(dict.fromkeys(missing))
                return told | {"reason": "SIGNED_DATA_NOT_FOUND"}
            if len(uris) > _MOST_REFERENCES:
                return told | {"reason": f"NOT_READABLE: {len(uris)} references"}
            told |= _check_bytes(content, place, certificates[0], beside)
            if told.get("reason"):
                return told
            return told | self._chain(certificates, data, at) | _weak(place.element, told)
        except _BROKEN as problem:
            return told | {
                "verdict": "INDETERMINATE",
                "reason": f"NOT_READABLE: {type(problem).__name__}: {problem}"[:200],
            }

    def _chain(
        self, certificates: list[bytes], data: ValidationData, at: datetime
    ) -> dict[str, Any]:
        """Whether the signer's certificate leads to a root and was good at that moment."""
        others = [x509.Certificate.load(der) for der in certificates[1:]]
        knowledge = LocalKnowledge(known_certs=others)
        spec, timing = self._chains.spec(knowledge), timing_of(at)
        handlers = bootstrap_validation_data_handlers(spec, timing)
        context = self._chains.policy.build_validation_context(timing, handlers)
        validator = CertificateValidator(
            x509.Certificate.load(certificates[0]), others, validation_context=context
        )
        try:
            path: Any = self._chains.run(
                validator.async_validate_usage({"digital_signature"})  # type: ignore[no-untyped-call]
            )
        except (PathBuildingError, PathError):
            return {"reason": "NO_CERTIFICATE_CHAIN_FOUND"}
        except RevokedError:
            return {"reason": "REVOKED_NO_POE"}
        except (ExpiredError, NotYetValidError):
            return {"reason": "OUT_OF_BOUNDS_NO_POE"}
        except InsufficientRevinfoError:
            return {"reason": "TRY_LATER"}
        except ValidationError:
            return {"reason": "CERTIFICATE_CHAIN_GENERAL_FAILURE"}
        chain = [one.dump() for one in path.iter_certs(include_root=True)]
        return {
            "verdict": "VALID",
            "reason": "",
            "chain": [data.certificate(der) for der in reversed(chain)],
        }


def _places(root: Any) -> list[_Place]:
    """Every Signature element that is not inside another signature's properties."""
    tree = root.getroottree()
    return [
        _Place(element, tree.getelementpath(element))
        for element in root.iter(f"{_DS}Signature")
        # A counter-signature stands in the properties of the one it signs.
        if not any(one.tag == f"{_XADES}QualifyingProperties" for one in element.iterancestors())
    ]


def _check_bytes(
    content: bytes, place: _Place, certificate: bytes, beside: Mapping[str, str]
) -> dict[str, str]:
    """Signature value and digests against the certificate in it; empty when all are right."""
    found = _verify(content, place, certificate, beside)
    if found.get("reason") != "HASH_FAILURE":
        return found
    # A further signature beside it is a change it could not know of.
    before = _before_later_ones(content, place)
    if before and not _verify(before, place, certificate, beside):
        return {"later_changes": "form-filling"}
    return found


def _verify(
    content: bytes, place: _Place, certificate: bytes, beside: Mapping[str, str]
) -> dict[str, str]:
    qualified = place.element.find(f".//{_XADES}SignedProperties") is not None
    kind = XAdESSignatureConfiguration if qualified else SignatureConfiguration
    verifier: Any = _XadesVerifier() if qualified else _XmlVerifier()
    verifier.path = place.path
    signer = pyca.load_der_x509_certificate(certificate)
    try:
        verifier.verify(
            content,
            x509_cert=signer,
            uri_resolver=_resolver(beside),
            expect_config=kind(
                expect_references=True,
                signature_methods=_METHODS,
                digest_algorithms=frozenset(DigestAlgorithm),
                # XML Signature 1.1, 4.4.3.2, where a reference names none.
                default_reference_c14n_method=CanonicalizationMethod.CANONICAL_XML_1_0,
                # Only bytes are compared here; whether the certificate was good is asked after.
                verification_time=signer.not_valid_before_utc,
            ),
            validate_schema=False,
        )
    except InvalidDigest:
        return {"verdict": "INVALID", "reason": "HASH_FAILURE"}
    except InvalidCertificate as problem:
        return {"reason": f"SIG_CONSTRAINTS_FAILURE: {problem}"[:200]}
    except CryptoFailure:
        return {"verdict": "INVALID", "reason": "SIG_CRYPTO_FAILURE"}
    except SignXMLException as problem:
        return {"reason": f"NOT_READABLE: {problem}"[:200]}
    return {}


def _before_later_ones(content: bytes, place: _Place) -> bytes:
    """The document without the signatures that stand after this one beside it; nothing if none do."""
    root = etree.fromstring(content, _parser())
    this: Any = root if place.path == "." else root.find(place.path)
    later = [one for one in this.itersiblings() if one.tag == f"{_DS}Signature"]
    for one in later:
        if one.tail:
            before = one.getprevious()
            before.tail = (before.tail or "") + one.tail
        one.getparent().remove(one)
    return etree.tostring(root) if later else b""


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def _resolver(beside: Mapping[str, str]) -> Callable[[str], bytes | None]:
    def resolve(uri: str) -> bytes | None:
        path = Path(beside[uri]) if uri in beside else None
        if path is None or path.stat().st_size > _LARGEST:
            return None
        return path.read_bytes()

    return resolve


def _coverage(root: Any, uris: list[str | None]) -> str:
    """`document`: one of its references is the whole of it, whatever else it names."""
    if any(uri and not uri.startswith("#") for uri in uris):
        return "detached"
    own = {f"#{root.get(name)}" for name in ("Id", "ID", "id") if root.get(name)}
    return "document" if any(uri == "" or uri in own for uri in uris) else "part"


def _what_it_says(signature: Any) -> dict[str, str]:
    method = signature.find(f"{_DS}SignedInfo/{_DS}SignatureMethod")
    value = signature.find(f"{_DS}SignatureValue")
    said = signature.find(f".//{_XADES}SignedSignatureProperties/{_XADES}SigningTime")
    return {
        "algorithm": (method.get("Algorithm", "") if method is not None else "").rpartition("#")[2],
        "value": "".join((value.text or "").split()) if value is not None else "",
        "signed_at": _time(said.text or "") if said is not None else "",
    }


def _time(given: str) -> str:
    try:
        moment = datetime.fromisoformat(given.strip())
    except ValueError:
        return given.strip()[:40]
    return utc_text(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _certificates(signature: Any) -> list[bytes]:
    """DER of the certificates that came with it, the signer's before those of authorities."""
    given = signature.iterfind(f"{_DS}KeyInfo/{_DS}X509Data/{_DS}X509Certificate")
    try:
        found = [b64decode("".join((one.text or "").split()), validate=True) for one in given]
    except binascii.Error:
        return []
    return sorted(found, key=lambda der: _is_authority(der))


def _is_authority(der: bytes) -> bool:
    return bool(x509.Certificate.load(der).ca)


def _weak(signature: Any, told: Mapping[str, Any]) -> dict[str, str]:
    """SHA-1 proves nothing any more; what it signs may still be whole."""
    methods = [told["algorithm"]] + [
        one.get("Algorithm", "") for one in signature.iter(f"{_DS}DigestMethod")
    ]
    if any(name.rpartition("#")[2].endswith("sha1") for name in methods):
        return {"verdict": "INDETERMINATE", "reason": "CRYPTO_CONSTRAINTS_FAILURE"}
    return {}


def named_path(uri: str) -> str:
    """The relative path in a reference, or nothing when it is no path inside a package."""
    path = unquote(uri).split("#")[0].replace("\\", "/")
    return "" if ":" in path or path.startswith("/") else path
