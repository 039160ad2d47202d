"""Signatures and document time-stamps in a PDF: ISO 32000-1, 12.8, and ETSI EN 319 142-1, by
pyHanko.

Each is judged with its own time-stamp (EN 319 102-1, 5.5); where that leaves a doubt that time
alone made and the document has time-stamps of its own, with those too (5.6). What came into the
file after a signature is compared with what it allows. In the child process only.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from asn1crypto import crl, ocsp, x509  # type: ignore[import-untyped]
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed, AdESStatus, AdESSubIndic
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.fields import SigSeedSubFilter, enumerate_sig_fields
from pyhanko.sign.general import CMSExtractionError, find_unique_cms_attribute
from pyhanko.sign.validation import ades, errors
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.policy_decl import LocalKnowledge, PdfSignatureValidationSpec
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator.errors import PathBuildingError, PathError
from pyhanko_certvalidator.revinfo.archival import CRLContainer, OCSPContainer

from preservation.signatures.chains import Chains, named, timing_of
from preservation.signatures.facts import MOST_SIGNATURES
from preservation.signatures.validation_data import ValidationData
from repository.clock import utc_text

TOOL: Final = f"pyHanko {metadata.version('pyHanko')}"

# What pyHanko and asn1crypto raise on bytes that are not what they should be.
BROKEN: Final = (
    errors.SignatureValidationError,
    PathError,
    PathBuildingError,
    CMSExtractionError,
    PdfError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)
_FORMS: Final = frozenset(form.value for form in SigSeedSubFilter)
_MOST_CERTIFICATES: Final = 10  # that come with one signature and are kept
_COVERAGE: Final = {
    SignatureCoverageLevel.ENTIRE_FILE: "whole-file",
    SignatureCoverageLevel.ENTIRE_REVISION: "revision",
}
_CHANGES: Final = {
    ModificationLevel.NONE: "none",
    ModificationLevel.LTA_UPDATES: "updates",
    ModificationLevel.FORM_FILLING: "form-filling",
    ModificationLevel.ANNOTATIONS: "annotations",
    ModificationLevel.OTHER: "other",
}


class PadesJudge:
    """Judges PDFs against one set of roots. For one thread."""

    def __init__(self, chains: Chains) -> None:
        self._chains = chains

    def judge(self, path: Path, at: datetime) -> dict[str, Any] | None:
        """Every signature of the file, as plain data (`facts.judged_of`); None when it has none."""
        data = ValidationData()
        answer: dict[str, Any] = {"tool": TOOL, "found": []}
        with path.open("rb") as stream:
            try:
                reader = PdfFileReader(stream, strict=False)
                if reader.encrypted:
                    reader.decrypt(b"")
                signatures = list(reader.embedded_signatures)
                answer["found"] += _of_other_forms(reader)
            except BROKEN as problem:
                return {**answer, "not_checked": _told(problem)}
            count = len(signatures) + len(answer["found"])
            if not count:
                return None
            if count > MOST_SIGNATURES:
                return {**answer, "found": [], "not_checked": f"it has {count} signatures"}
            knowledge = _knowledge(reader, data)
            for signature in signatures:
                answer["found"].append(self._one(signature, knowledge, data, at))
        return {**answer, "data": data.kept, "revocation": data.revocation}

    def _one(
        self,
        signature: EmbeddedPdfSignature,
        knowledge: LocalKnowledge,
        data: ValidationData,
        at: datetime,
    ) -> dict[str, Any]:
        stamp = signature.sig_object.get("/Type") == "/DocTimeStamp"
        told: dict[str, Any] = {
            "kind": "pades-timestamp" if stamp else "pades",
            "place": str(signature.field_name),
            "verdict": "INDETERMINATE",
        }
        try:
            told |= _what_it_says(signature, data)
            signature.compute_integrity_info()  # type: ignore[no-untyped-call]
            told |= _what_it_covers(signature)
            judge = self._stamp if stamp else self._signature
            told |= judge(signature, knowledge, data, at)
        except BROKEN as problem:
            told["reason"] = f"NOT_READABLE: {_told(problem)}"
        if told["verdict"] == "VALID":
            told |= _doubts(signature, told)
        return told

    def _signature(
        self,
        signature: EmbeddedPdfSignature,
        knowledge: LocalKnowledge,
        data: ValidationData,
        at: datetime,
    ) -> dict[str, Any]:
        known = _with_archival(signature, knowledge, data)
        spec, timing = self._chains.spec(known), timing_of(at)
        arguments: dict[str, Any] = {
            "validation_spec": spec,
            "timing_info": timing,
            "raw_digest": signature.compute_digest(),
            "extra_status_kwargs": signature.summarise_integrity_info(),
            "status_cls": PdfSignatureStatus,
        }
        result: Any
        try:
            result = self._chains.run(
                ades.ades_with_time_validation(signature.signed_data, **arguments)
            )
        except BROKEN:
            # A damaged time-stamp raises. The signature itself is judged without it.
            result = self._chains.run(
                ades.ades_basic_validation(signature.signed_data, **arguments)
            )
        if _only_time_doubts(result) and _has_stamps(signature):
            whole = PdfSignatureValidationSpec(spec)
            long_term = self._chains.run(
                ades.ades_lta_validation(signature, whole, timing_info=timing)
            )
            if long_term.ades_subindic is AdESPassed.OK:
                result = long_term
        return _verdict(result, data)

    def _stamp(
        self,
        signature: EmbeddedPdfSignature,
        knowledge: LocalKnowledge,
        data: ValidationData,
        at: datetime,
    ) -> dict[str, Any]:
        result = self._chains.run(
            ades.ades_timestamp_validation(
                signature.signed_data,
                self._chains.spec(knowledge),
                lambda algorithm: signature.compute_digest(algorithm),
                timing_info=timing_of(at),
            )
        )
        told = _verdict(result, data)
        if told["verdict"] == "VALID" and result.api_status is not None:
            told["stamped_at"] = _when(result.api_status.timestamp)
            told["stamped_by"] = named(result.api_status.signing_cert)["signer"]
        return told


def _of_other_forms(reader: PdfFileReader) -> list[dict[str, str]]:
    """The signatures that pyHanko passes over without a word: of older forms, which digest something
    else than the file's bytes."""
    found = []
    for name, held, _ in enumerate_sig_fields(reader, filled_status=True):
        form = str(held.get_object().get("/SubFilter", ""))
        if form not in _FORMS:
            reason = f"NOT_SUPPORTED: {form[:60] or 'no SubFilter'}"
            found.append(
                {"kind": "pades", "place": name, "verdict": "INDETERMINATE", "reason": reason}
            )
    return found


def _what_it_says(signature: EmbeddedPdfSignature, data: ValidationData) -> dict[str, Any]:
    """What stands in the signature, true or not."""
    information = signature.signer_info
    mechanism = information["signature_algorithm"]
    said = signature.self_reported_timestamp
    told = {
        "signed_at": _when(said) if said is not None else "",
        "algorithm": f"{information['digest_algorithm']['algorithm'].native} "
        f"{mechanism['algorithm'].native}",
        "value": b64encode(information["signature"].native).decode(),
    }
    certificate = signature.signer_cert
    for other in signature.other_embedded_certs[:_MOST_CERTIFICATES]:
        data.certificate(other.dump())
    return told | named(certificate) | {"chain": [data.certificate(certificate.dump())]}


def _what_it_covers(signature: EmbeddedPdfSignature) -> dict[str, str]:
    changes: Any = signature.diff_result
    coverage: Any = signature.coverage
    level = changes.modification_level if isinstance(changes, DiffResult) else None
    if changes is not None and level is None:
        level = ModificationLevel.OTHER  # the comparison itself found it suspicious
    return {
        "coverage": _COVERAGE.get(coverage, "part"),
        "later_changes": _CHANGES[level] if level is not None else "",
    }


def _verdict(result: Any, data: ValidationData) -> dict[str, Any]:
    indication: AdESSubIndic = result.ades_subindic
    verdicts = {
        AdESStatus.PASSED: "VALID",
        AdESStatus.FAILED: "INVALID",
        AdESStatus.INDETERMINATE: "INDETERMINATE",
    }
    told: dict[str, Any] = {"verdict": verdicts[indication.status]}
    told["reason"] = "" if told["verdict"] == "VALID" else str(indication.standard_name)
    status = result.api_status
    if status is None:
        return told
    if status.validation_path is not None:
        chain = status.validation_path.iter_certs(include_root=True)
        told["chain"] = [data.certificate(one.dump()) for one in reversed(list(chain))]
    stamp = getattr(status, "timestamp_validity", None)
    if stamp is not None:
        if stamp.validation_path is not None:
            for one in stamp.validation_path.iter_certs(include_root=True):
                data.certificate(one.dump())
        if stamp.valid and stamp.trusted:
            told["stamped_at"] = _when(stamp.timestamp)
            told["stamped_by"] = named(stamp.signing_cert)["signer"]
    return told


def _doubts(signature: EmbeddedPdfSignature, told: dict[str, Any]) -> dict[str, str]:
    """A good signature over less than the file, or one after which the file was changed."""
    if told["coverage"] == "part":
        return {"verdict": "INDETERMINATE", "reason": "COVERS_ONLY_A_PART"}
    if (
        told["later_changes"] == "other"
        or signature.summarise_integrity_info()["docmdp_ok"] is False
    ):
        return {"verdict": "INDETERMINATE", "reason": "CHANGED_AFTER_SIGNING"}
    return {}


def _only_time_doubts(result: Any) -> bool:
    name = str(result.ades_subindic.standard_name)
    return name == "TRY_LATER" or name.endswith(("_NO_POE", "_NOT_REVOKED"))


def _has_stamps(signature: EmbeddedPdfSignature) -> bool:
    return len(list(signature.reader.embedded_timestamp_signatures)) > 0


def _knowledge(reader: PdfFileReader, data: ValidationData) -> LocalKnowledge:
    """What the document's security store brings (ETSI EN 319 142-1, 5.4.2), if it can be read."""
    try:
        if "/DSS" not in reader.root:
            return LocalKnowledge()
        store = DocumentSecurityStore.read_dss(reader)
        crls = [_stream(one) for one in store.crls]
        ocsps = [_stream(one) for one in store.ocsps]
        certificates = [_stream(one) for one in store.certs.values()]
        known = LocalKnowledge(
            known_crls=[CRLContainer(crl.CertificateList.load(der)) for der in crls],
            known_ocsps=[
                one
                for der in ocsps
                for one in OCSPContainer.load_multi(ocsp.OCSPResponse.load(der))
            ],
            known_certs=[x509.Certificate.load(der) for der in certificates],
        )
    except BROKEN:
        return LocalKnowledge()
    for der in (*crls, *ocsps):
        data.revocation_datum(der)
    return known


def _with_archival(
    signature: EmbeddedPdfSignature, knowledge: LocalKnowledge, data: ValidationData
) -> LocalKnowledge:
    """Revocation data inside the signature itself, as Adobe's programs put it there."""
    attributes = signature.signer_info["signed_attrs"]
    try:
        archival = find_unique_cms_attribute(attributes, "adobe_revocation_info_archival")
        crls, ocsps = list(archival["crl"] or ()), list(archival["ocsp"] or ())
    except (CMSExtractionError, LookupError, ValueError, TypeError):
        return knowledge  # there is none, or more than one
    for one in (*crls, *ocsps):
        data.revocation_datum(one.dump())
    return LocalKnowledge(
        known_crls=[*knowledge.known_crls, *(CRLContainer(one) for one in crls)],
        known_ocsps=[
            *knowledge.known_ocsps,
            *(part for one in ocsps for part in OCSPContainer.load_multi(one)),
        ],
        known_certs=knowledge.known_certs,
    )


def _stream(reference: Any) -> bytes:
    content: bytes = reference.get_object().data
    return content


def _when(moment: datetime) -> str:
    return utc_text(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _told(problem: BaseException) -> str:
    return f"{type(problem).__name__}: {problem}"[:200]
