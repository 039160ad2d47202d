from __future__ import annotations

import io
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random

import pikepdf
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from preservation.dossier import SignatureFact
from preservation.signatures.chains import Chains
from preservation.signatures.facts import JudgedSignatures, judged_of
from preservation.signatures.pades import PadesJudge
from preservation.signatures.trust import TrustRoots, read_trust
from tests.preservation.signatures.signing import (
    DEMO,
    NOW,
    signed_pdf,
    time_stamped,
    unsigned_pdf,
)

SIGNED = signed_pdf()
TWICE = signed_pdf(by_office=True)

pytestmark = pytest.mark.filterwarnings("ignore")


def judged(folder: Path, data: bytes, trust: TrustRoots = DEMO) -> JudgedSignatures | None:
    path = folder / "f0001"
    path.write_bytes(data)
    with closing(Chains(trust)) as chains:
        answer = PadesJudge(chains).judge(path, NOW)
    return judged_of(answer, at="2026-11-22T03:00:00Z", trust=trust.label)


def found(folder: Path, data: bytes, trust: TrustRoots = DEMO) -> tuple[SignatureFact, ...]:
    answer = judged(folder, data, trust)
    assert answer is not None
    return answer.check.found


def test_a_file_without_a_signature_has_none(tmp_path):
    assert judged(tmp_path, unsigned_pdf()) is None


def test_a_good_signature_is_valid_and_told_with_signer_time_and_issuer(tmp_path):
    (one,) = found(tmp_path, SIGNED)
    assert (one.verdict, one.reason, one.kind) == ("VALID", "", "pades")
    assert (one.signer, one.organisation) == ("Trần Thị Hà", "Sở Nội vụ")
    assert (one.issuer, one.stamped_by) == ("Kho Demo Root CA", "Kho Demo Time-Stamp Authority")
    assert one.signed_at == one.stamped_at == "2024-05-06T03:00:00Z"
    assert (one.coverage, one.later_changes) == ("whole-file", "none")


def test_its_whole_chain_is_kept(tmp_path):
    answer = judged(tmp_path, SIGNED)
    assert answer is not None
    (one,) = answer.check.found
    assert len(one.chain) == 2
    assert set(one.chain) <= answer.data.keys()


def test_two_signatures_cover_each_what_was_there_before_them(tmp_path):
    first, second = found(tmp_path, TWICE)
    assert [first.verdict, second.verdict] == ["VALID", "VALID"]
    assert (first.coverage, first.later_changes) == ("revision", "form-filling")
    assert (second.coverage, second.later_changes) == ("whole-file", "none")


def test_a_root_nobody_named_leaves_a_doubt_and_is_never_called_invalid(tmp_path):
    (one,) = found(tmp_path, SIGNED, TrustRoots())
    assert (one.verdict, one.reason) == ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")
    assert one.signer == "Trần Thị Hà"


@pytest.mark.parametrize("place", [20, 200, 400])
def test_a_byte_changed_in_what_was_signed_is_invalid(tmp_path, place):
    data = bytearray(SIGNED)
    data[data.index(b"/MediaBox") + 14] ^= 0x01
    (one,) = found(tmp_path, bytes(data))
    assert (one.verdict, one.reason) == ("INVALID", "HASH_FAILURE")


def test_that_stays_invalid_without_a_root(tmp_path):
    data = SIGNED.replace(b"200 100", b"200 101")
    assert data != SIGNED
    (one,) = found(tmp_path, data, TrustRoots())
    assert one.verdict == "INVALID"


def test_a_page_added_after_signing_is_not_called_valid(tmp_path):
    writer = IncrementalPdfFileWriter(io.BytesIO(SIGNED))
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"0 0 9 9 re f"))
    writer.mark_update(page.container_ref)
    out = io.BytesIO()
    writer.write(out)
    (one,) = found(tmp_path, out.getvalue())
    assert (one.verdict, one.reason) == ("INDETERMINATE", "CHANGED_AFTER_SIGNING")
    assert one.coverage == "revision"


def test_an_older_form_that_is_not_judged_is_undecided_and_never_invalid(tmp_path):
    data = SIGNED.replace(b"/ETSI.CAdES.detached", b"/adbe.pkcs7.sha1    ")
    (one,) = found(tmp_path, data)
    assert (one.verdict, one.reason) == ("INDETERMINATE", "NOT_SUPPORTED: /adbe.pkcs7.sha1")


def test_a_document_time_stamp_is_told_as_one(tmp_path):
    signature, stamp = found(tmp_path, time_stamped(SIGNED))
    assert (signature.verdict, signature.later_changes) == ("VALID", "updates")
    assert (stamp.kind, stamp.verdict) == ("pades-timestamp", "VALID")
    assert stamp.stamped_at == "2024-05-07T03:00:00Z"


def test_a_file_written_anew_after_signing_is_never_valid(tmp_path):
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(SIGNED)) as document:
        document.save(out)
    answer = judged(tmp_path, out.getvalue())
    assert answer is not None
    assert "VALID" not in {one.verdict.value for one in answer.check.found}


def test_no_damage_brings_the_judge_to_an_exception_or_makes_a_signature_good(tmp_path):
    random = Random(11)  # a test's chance
    start, end = SIGNED.index(b"/Contents"), len(SIGNED)
    for _ in range(40):
        data = bytearray(SIGNED)
        for _ in range(random.choice([1, 2, 8])):
            data[random.randrange(start, end)] = random.randrange(256)
        if random.random() < 0.25:
            del data[random.randrange(len(data)) :]
        answer = judged(tmp_path, bytes(data))
        if answer is not None and bytes(data) != SIGNED:
            for one in answer.check.found:
                # Bytes of the signature's padding and of what follows it are not signed.
                assert one.verdict != "VALID" or one.signer == "Trần Thị Hà"


def test_a_broken_time_stamp_does_not_break_the_signature(tmp_path):
    data = bytearray(SIGNED)
    contents = data.index(b"/Contents <") + len(b"/Contents <")
    cms = bytes.fromhex(data[contents : data.index(b">", contents)].decode())
    name = b"Kho Demo Time-Stamp Authority"
    place = cms.rindex(name)  # in the certificate of the time-stamp
    changed = cms[:place] + b"\xff\xff" + cms[place + 2 :]
    data[contents : contents + 2 * len(cms)] = changed.hex().encode()
    (one,) = found(tmp_path, bytes(data))
    assert one.verdict != "INVALID"
    assert one.stamped_at == ""


@pytest.fixture
def closing_after():
    with ExitStack() as stack:
        yield lambda chains: stack.enter_context(closing(chains))


def test_the_signed_documents_of_the_corpus_are_all_valid(tmp_path, corpora, closing_after):
    import zipfile

    trust = read_trust(corpora / "tt05" / "trust")
    judge, count = PadesJudge(closing_after(Chains(trust))), 0
    for source in sorted((corpora / "tt05").glob("00[13]*.zip")):
        with zipfile.ZipFile(source) as archive:
            for name in archive.namelist():
                data = archive.read(name)
                if b"/ByteRange" not in data:
                    continue
                path = tmp_path / "f"
                path.write_bytes(data)
                answer = judged_of(judge.judge(path, NOW), at="x", trust="")
                assert answer is not None
                assert {one.verdict.value for one in answer.check.found} == {"VALID"}
                count += len(answer.check.found)
    assert count == 13
