"""The transfers made independently for judging: every TT 05 ZIP as its `expected.json` says."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from ingest.policy import Policy, decide
from ingest.readers.record import to_dossier
from preservation.dossier import HeldDossier
from schemas.problem_texts import problem_text
from tests.ingest.readers.sip import FACTS, Held, judge

CORPORA = os.environ.get("KHO_TEST_CORPORA", "")
FOLDER = Path(CORPORA) / "tt05"

pytestmark = pytest.mark.skipif(
    not CORPORA or not (FOLDER / "expected.json").is_file(),
    reason="KHO_TEST_CORPORA does not name the test corpora (its tt05/ is needed)",
)


def transfers():
    if not CORPORA or not (FOLDER / "expected.json").is_file():
        return []
    rows = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))["transfers"]
    return [row for row in rows if row["file"].endswith(".zip")]


def held_from(judged) -> HeldDossier:
    record = to_dossier(judged.package, judged.received, transfer=FACTS)
    return HeldDossier(
        object_id=record.object_id,
        head="v1",
        file_code=record.file_code,
        fonds_code=record.fonds_code,
        title=record.title,
        payload_sha256=frozenset(
            record.file(i).digests["sha256"] for d in record.documents for i in d.file_ids
        ),
        document_ids=frozenset(d.doc_id for d in record.documents),
    )


@pytest.mark.parametrize("row", transfers(), ids=lambda row: row["file"])
def test_each_transfer_is_judged_as_expected(row):
    needed = [held_from(judge(FOLDER / name)) for name in row.get("needs", ())]
    judged = judge(FOLDER / row["file"], Held(needed))
    verdict = decide(judged.report, Policy("tu-dong", "A")).verdict
    assert row["verdict"] in (verdict, "either"), judged.report
    words = "\n".join(
        " ".join(
            (p.code, problem_text(p.code, p.params, "vi"), problem_text(p.code, p.params, "en"))
        )
        for p in judged.report
    )
    for wanted in row.get("must_mention", ()):
        assert re.search(wanted, words, re.IGNORECASE), words
    if verdict == "accepted":
        record = to_dossier(judged.package, judged.received, transfer=FACTS)
        assert record.title == row["title"]
        assert record.submission.objid_given == row["objid"]
        assert set(row["payload"]) <= {f.digests["sha256"] for f in record.files}
    else:
        # One fault each: nothing else is held against it.
        assert len(judged.codes("error") - {"ING-DOC-UNPAIRED"}) == 1


@pytest.mark.parametrize("row", transfers(), ids=lambda row: row["file"])
def test_the_same_transfer_again_is_known(row):
    needed = [held_from(judge(FOLDER / name)) for name in row.get("needs", ())]
    first = judge(FOLDER / row["file"], Held(needed))
    if first.refused:
        return
    every = {item.digests["sha256"]: "urn:x" for item in first.received.values()}
    again = judge(FOLDER / row["file"], Held([*needed, held_from(first)], every))
    assert not again.refused
    assert "ING-HELD-ALREADY" in again.codes("info")


def test_a_link_to_nothing_held_is_refused():
    row = next(r for r in transfers() if r.get("needs"))
    assert "ING-LINK-UNRESOLVED" in judge(FOLDER / row["file"]).codes("error")
