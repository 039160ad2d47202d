"""The signatures of the demo as somebody else's program judges them, knowing only the root."""

from __future__ import annotations

import asyncio
import io
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

import pytest
from asn1crypto import pem  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import policy_decl, validate_pdf_signature
from pyhanko.sign.validation.ades import ades_with_time_validation
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)
from pyhanko_certvalidator.registry import SimpleTrustManager

from kho.demo import demo_trust_root
from kho.demo.authority import private_key
from kho.demo.plan import DocumentPlan, plan_dossier
from kho.demo.primes import PRIMES
from tests.kho.demo.reading import Opened


@dataclass(frozen=True)
class Signed:
    """A signed document of the demo: what was planned, its name and its bytes."""

    plan: DocumentPlan
    name: str
    content: bytes


@pytest.fixture(scope="session")
def signed(good: list[Opened]) -> list[Signed]:
    found = []
    for index, opened in enumerate(good):
        planned = {d.doc_id: d for d in plan_dossier(2025, index, 12).documents if d.signed}
        seen = set()
        for member, content in opened.members.items():
            if b"/ByteRange" not in content:
                continue
            name = PurePosixPath(member).name
            doc_id = name.removesuffix(".pdf").removesuffix(".signed")
            found.append(Signed(planned[doc_id], name, content))
            seen.add(doc_id)
        assert seen == set(planned)
    return found


def test_a_handful_of_documents_is_signed_and_most_names_say_so(signed: list[Signed]) -> None:
    assert 6 <= len(signed) <= 10
    told = {document.name.endswith(".signed.pdf") for document in signed}
    assert told == {True, False}
    for document in signed:
        assert document.plan.told_by_name == document.name.endswith(".signed.pdf")


def test_every_signature_is_intact_trusted_and_time_stamped_by_the_demo_root_alone(
    signed: list[Signed],
) -> None:
    for document in signed:
        verdicts = _verdicts(document.content)
        assert verdicts == {"Nguoi_ky": True, "Co_quan": True}, document.name


def test_the_last_signature_covers_the_whole_file_and_the_first_was_only_added_to(
    signed: list[Signed],
) -> None:
    for document in signed:
        person, office = (
            validate_pdf_signature(signature, _context())
            for signature in PdfFileReader(io.BytesIO(document.content)).embedded_signatures
        )
        assert office.coverage == SignatureCoverageLevel.ENTIRE_FILE
        assert person.modification_level == ModificationLevel.FORM_FILLING
        assert person.bottom_line
        assert office.bottom_line


def test_the_standard_validation_of_a_time_stamped_signature_passes_without_a_network(
    signed: list[Signed],
) -> None:
    trust = SimpleTrustManager.build([_root()])
    rule = RevocationCheckingRule.CHECK_IF_DECLARED
    spec = policy_decl.SignatureValidationSpec(
        cert_validation_policy=CertValidationPolicySpec(
            trust_manager=trust,
            revinfo_policy=CertRevTrustPolicy(RevocationCheckingPolicy(rule, rule)),
        ),
        revinfo_gathering_policy=policy_decl.RevocationInfoGatheringSpec(
            online_fetching_rule=policy_decl.RevinfoOnlineFetchingRule.LOCAL_ONLY
        ),
    )
    for document in signed:
        times = []
        for signature in PdfFileReader(io.BytesIO(document.content)).embedded_signatures:
            signature.compute_integrity_info()
            result = asyncio.run(
                ades_with_time_validation(
                    signature.signed_data, spec, raw_digest=signature.compute_digest()
                )
            )
            assert result.ades_subindic == AdESPassed.OK
            times.append(result.best_signature_time)
        assert times == sorted(times)


def test_who_signed_and_when_is_what_the_document_says(signed: list[Signed]) -> None:
    for document in signed:
        paper = document.plan.paper
        signatures = PdfFileReader(io.BytesIO(document.content)).embedded_signatures
        person, office = (signature.signer_cert.subject.native for signature in signatures)
        assert person["common_name"] == paper.signer
        assert person["title"] == paper.signer_title
        assert person["organization_name"] == office["common_name"] == paper.office.name
        for signature in signatures:
            when = signature.self_reported_timestamp
            assert isinstance(when, datetime)
            assert when.date() == paper.issued
            assert 8 <= when.hour < 18
            stamp = validate_pdf_signature(signature, _context()).timestamp_validity
            assert stamp is not None
            assert stamp.timestamp == when


def test_the_room_kept_for_a_signature_is_nearly_filled(signed: list[Signed]) -> None:
    for document in signed:
        rooms = re.findall(rb"/Contents <([0-9A-Fa-f]+)>", document.content)
        assert len(rooms) == 2
        for room in rooms:
            assert len(room) - len(room.rstrip(b"0")) <= 128


@settings(max_examples=20, deadline=None)
@given(which=st.integers(0, 999), place=st.integers(0, 2**30), bit=st.integers(0, 7))
def test_a_document_with_one_altered_bit_is_never_called_valid(
    signed: list[Signed], which: int, place: int, bit: int
) -> None:
    content = bytearray(signed[which % len(signed)].content)
    # The last signature covers all but its own container; the one before is part of what it covers.
    content[place % content.rindex(b"/Contents <")] ^= 1 << bit
    verdicts = _verdicts(bytes(content))
    assert not verdicts or not all(verdicts.values())


def test_an_altered_word_of_the_text_is_found_by_both_signatures(signed: list[Signed]) -> None:
    content = signed[0].content
    place = content.index(b"stream", 200) + 60
    altered = content[:place] + bytes((content[place] ^ 1,)) + content[place + 1 :]
    assert _verdicts(altered) == {"Nguoi_ky": False, "Co_quan": False}


def test_another_root_trusts_none_of_them(signed: list[Signed]) -> None:
    nobody = ValidationContext(trust_roots=[], allow_fetching=False)
    for signature in PdfFileReader(io.BytesIO(signed[0].content)).embedded_signatures:
        status = validate_pdf_signature(signature, nobody)
        assert status.intact
        assert not status.trusted


def test_the_root_is_one_certificate_that_signs_itself_and_the_same_each_time() -> None:
    certificate = x509.load_pem_x509_certificate(demo_trust_root())
    certificate.verify_directly_issued_by(certificate)
    assert demo_trust_root() == demo_trust_root()
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert constraints.value.ca


@pytest.mark.parametrize("whose", sorted(PRIMES))
def test_the_keys_are_sound(whose: str) -> None:
    key = private_key(whose)
    assert key.key_size == 2048
    # Loading checks that both numbers are prime and that they belong together.
    encoded = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    serialization.load_der_private_key(encoded, None)


def test_another_process_with_another_order_of_sets_signs_with_the_same_bytes(
    signed: list[Signed],
) -> None:
    document = next(d for d in plan_dossier(2025, 5, 12).documents if d.signed)
    program = (
        "import sys; from kho.demo.documents import make_document; "
        "from kho.demo.plan import plan_dossier; "
        "plan = plan_dossier(2025, 5, 12); "
        "document = next(d for d in plan.documents if d.signed); "
        "sys.stdout.buffer.write(make_document(plan, document).main.content)"
    )
    expected = next(s.content for s in signed if s.plan == document)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": "1", "TZ": "America/Lima"},
        check=True,
        capture_output=True,
    )
    assert done.stdout == expected


def test_in_a_large_run_about_one_dossier_in_ten_has_one_signed_document() -> None:
    counts = [
        sum(d.signed for d in plan_dossier(2025, index, 1000).documents)
        for index in range(12, 1000)
    ]
    assert set(counts) == {0, 1}
    assert 988 * 0.05 < sum(counts) < 988 * 0.12


def _root() -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(pem.unarmor(demo_trust_root())[2])


def _context() -> ValidationContext:
    return ValidationContext(trust_roots=[_root()], allow_fetching=False)


def _verdicts(pdf: bytes) -> dict[str, bool]:
    """Field → whether intact, trusted and time-stamped; a file that cannot be judged has none."""
    try:
        signatures = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
        found = {}
        for signature in signatures:
            status = validate_pdf_signature(signature, _context())
            stamp = status.timestamp_validity
            found[signature.field_name] = (
                status.bottom_line and stamp is not None and stamp.valid and stamp.trusted
            )
    except (PdfError, SignatureValidationError, ValueError, TypeError, LookupError, AttributeError):
        # Of a container that is no longer sound DER pyHanko says so in many ways.
        return {}
    return found
