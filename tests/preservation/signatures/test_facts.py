from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyhanko.pdf_utils.misc import PdfError

from preservation.dossier import SignatureVerdict
from preservation.signatures import quickening
from preservation.signatures.facts import MOST_DATA, bounded_data, judged_of
from preservation.signatures.trust import TrustRoots, read_trust
from repository.errors import Misconfigured
from tests.preservation.signatures.signing import DEMO, Authority

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(
    JSON
    | st.fixed_dictionaries(
        {
            "found": st.lists(
                st.dictionaries(
                    st.sampled_from(["verdict", "chain", "value", "signer", "reason"]), JSON
                ),
                max_size=3,
            ),
            "data": JSON,
        }
    )
)
def test_any_answer_of_a_child_becomes_a_fact_and_none_of_them_is_valid(answer):
    judged = judged_of(answer, at="x", trust="y")
    if judged is not None:
        assert all(one.verdict is not SignatureVerdict.VALID for one in judged.check.found)


def test_the_data_kept_beside_a_dossier_are_bounded():
    parts = [{f"{n:064x}": "A" * 100_000} for n in range(20)]
    kept = bounded_data([*parts, *parts])
    assert sum(map(len, kept.values())) <= MOST_DATA
    assert len(kept) == 5


def test_roots_are_told_apart_from_what_only_leads_to_them(tmp_path):
    from cryptography.hazmat.primitives.serialization import Encoding

    made = Authority()
    (tmp_path / "a.pem").write_bytes(
        made.root.public_bytes(Encoding.PEM) + made.certificate.public_bytes(Encoding.PEM)
    )
    (tmp_path / "b.cer").write_bytes(DEMO.roots[0])
    (tmp_path / "README.txt").write_text("not one")
    trust = read_trust(tmp_path)
    assert len(trust.roots) == 2
    assert len(trust.helpers) == 1
    assert trust.label.startswith("2 roots, sha256 ")


def test_no_folder_is_no_roots(tmp_path):
    assert read_trust(tmp_path / "none") == TrustRoots()
    assert TrustRoots().label == "0 roots"


@pytest.mark.parametrize(
    "content", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END", b"x" * 99]
)
def test_a_root_that_cannot_be_read_is_named_and_not_passed_over(tmp_path, content):
    (tmp_path / "goc.pem").write_bytes(content)
    with pytest.raises(Misconfigured, match=r"goc\.pem"):
        read_trust(tmp_path)


@given(st.text("0123456789abcdefABCDEF \n\t\0%>(g", max_size=40), st.binary(max_size=9))
def test_the_quick_hexadecimal_reader_reads_as_the_slow_one(text, behind):
    data = b"<" + text.encode() + b">" + behind
    answers = []
    for read in (quickening.slow_hex_string, quickening.read_hex_string):
        stream = io.BytesIO(data)
        try:
            answers.append((read(stream), stream.tell()))
        except (PdfError, ValueError) as problem:
            answers.append((type(problem), None))
    assert answers[0] == answers[1]


@given(st.text(max_size=20))
def test_a_name_is_prepared_as_before(name):
    def told(prepare):
        try:
            return prepare(quickening._ANY, name)
        except ValueError as problem:
            return str(problem)

    assert told(quickening.prepared) == told(quickening.slow_prepared)
