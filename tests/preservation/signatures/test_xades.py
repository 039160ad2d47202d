from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from lxml import etree

from preservation.dossier import SignatureFact
from preservation.signatures.chains import Chains
from preservation.signatures.facts import judged_of
from preservation.signatures.trust import TrustRoots
from preservation.signatures.xades import XadesJudge
from tests.preservation.signatures.signing import DEMO, NOW, Authority

AUTHORITY = Authority()
DOCUMENT = "<vanban><so>12/QĐ-SNV</so><noidung>Bổ nhiệm</noidung></vanban>"


def found(
    folder: Path, data: bytes, trust: TrustRoots | None = None, **beside: bytes
) -> tuple[SignatureFact, ...]:
    path = folder / "f0001"
    path.write_bytes(data)
    places = {}
    for name, content in beside.items():
        (folder / name).write_bytes(content)
        places[f"{name}.pdf"] = str(folder / name)
    with closing(Chains(AUTHORITY.trust if trust is None else trust)) as chains:
        answer = judged_of(XadesJudge(chains).judge(path, NOW, places), at="x", trust="")
    return answer.check.found if answer is not None else ()


def document() -> etree._Element:
    return etree.fromstring(DOCUMENT)


@pytest.mark.parametrize("xades", [False, True])
@pytest.mark.parametrize("method", ["enveloped", "enveloping"])
def test_a_good_signature_is_valid(tmp_path, xades, method):
    (one,) = found(tmp_path, AUTHORITY.sign(document(), xades=xades, method=method))
    assert (one.verdict, one.reason) == ("VALID", "")
    assert one.kind == ("xades" if xades else "xmldsig")
    assert (one.signer, one.organisation, one.issuer) == ("Người ký thử", "Sở thử", "Gốc thử")
    assert len(one.chain) == 2
    if xades:
        assert one.signed_at
    if method == "enveloped":
        assert one.coverage == "document"


def test_a_file_without_a_signature_has_none(tmp_path):
    assert found(tmp_path, DOCUMENT.encode()) == ()


@pytest.mark.parametrize("xades", [False, True])
@pytest.mark.parametrize("trust", [None, TrustRoots()])
def test_a_changed_word_is_invalid_whoever_is_trusted(tmp_path, xades, trust):
    data = AUTHORITY.sign(document(), xades=xades).replace(b"12/Q", b"13/Q")
    (one,) = found(tmp_path, data, trust)
    assert (one.verdict, one.reason) == ("INVALID", "HASH_FAILURE")


def test_a_changed_signature_value_is_invalid(tmp_path):
    data = AUTHORITY.sign(document())
    place = data.index(b"SignatureValue>") + len(b"SignatureValue>") + 4
    changed = data[:place] + (b"A" if data[place : place + 1] != b"A" else b"B") + data[place + 1 :]
    (one,) = found(tmp_path, changed)
    assert (one.verdict, one.reason) == ("INVALID", "SIG_CRYPTO_FAILURE")


def test_a_root_nobody_named_leaves_a_doubt(tmp_path):
    (one,) = found(tmp_path, AUTHORITY.sign(document()), DEMO)
    assert (one.verdict, one.reason) == ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")


def test_a_certificate_that_has_expired_since_leaves_a_doubt(tmp_path):
    old = Authority(days=90)
    (one,) = found(tmp_path, old.sign(document()), old.trust)
    assert (one.verdict, one.reason) == ("INDETERMINATE", "OUT_OF_BOUNDS_NO_POE")


def detached() -> bytes:
    return AUTHORITY.sign_beside(b"%PDF-1.7 bytes", "van-ban.pdf")


def test_a_signature_over_a_file_beside_it_is_judged_with_that_file(tmp_path):
    data = detached()
    (one,) = found(tmp_path, data, **{"van-ban": b"%PDF-1.7 bytes"})
    assert (one.verdict, one.coverage) == ("VALID", "detached")
    (one,) = found(tmp_path, data, **{"van-ban": b"%PDF-1.7 other"})
    assert (one.verdict, one.reason) == ("INVALID", "HASH_FAILURE")


def test_a_signature_without_prefixes_is_as_good_as_one_with(tmp_path):
    # The shape that .NET writes, which signxml with libxml2 2.14.6 takes for a broken one.
    assert b"<Signature xmlns=" in detached()
    (one,) = found(tmp_path, detached(), **{"van-ban": b"%PDF-1.7 bytes"})
    assert one.reason == ""


def test_a_signature_over_a_file_that_is_not_there_asks_for_it_and_is_undecided(tmp_path):
    (one,) = found(tmp_path, detached())
    assert (one.verdict, one.reason) == ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND")
    path = tmp_path / "f0001"
    with closing(Chains(AUTHORITY.trust)) as chains:
        answer = XadesJudge(chains).judge(path, NOW, {})
    assert answer is not None
    assert answer["wanted"] == ["van-ban.pdf"]


def test_a_second_signature_beside_the_first_leaves_both_good(tmp_path):
    other = Authority()
    once = AUTHORITY.sign(document())
    # Another one's, over the document as it was before any signature.
    second = etree.fromstring(other.sign(document()))[-1]
    both = etree.fromstring(once)
    both.append(second)
    trust = TrustRoots((*AUTHORITY.trust.roots, *other.trust.roots))
    first, _ = found(tmp_path, etree.tostring(both), trust)
    assert (first.verdict, first.later_changes) == ("VALID", "form-filling")


def test_a_signature_of_a_part_says_that_it_is_of_a_part(tmp_path):
    inner = AUTHORITY.sign(etree.fromstring('<a Id="x">t</a>'), method="enveloping")
    (one,) = found(tmp_path, b"<hoso><khac/>" + inner + b"</hoso>")
    assert one.coverage == "part"


@pytest.mark.parametrize(
    "data",
    [
        b'<a xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:Signature/></a>',
        b'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo/></ds:Signature>',
        b'<!DOCTYPE a [<!ENTITY e "x">]><a xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
        b"&e;<ds:Signature/></a>",
    ],
)
def test_what_is_no_signature_is_undecided_and_no_exception(tmp_path, data):
    (one,) = found(tmp_path, data)
    assert one.verdict == "INDETERMINATE"
    assert one.reason


def test_no_change_of_chance_brings_the_judge_to_an_exception(tmp_path):
    from random import Random

    random, good = Random(3), AUTHORITY.sign(document(), xades=True)
    for _ in range(60):
        data = bytearray(good)
        data[random.randrange(len(data))] = random.randrange(32, 127)
        if random.random() < 0.2:
            del data[random.randrange(len(data)) :]
        found(tmp_path, bytes(data))
