"""Anchors: a stamp from OpenSSL as an authority, a mail to another office, and what becomes of both."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kho import anchoring as kho_anchoring
from kho import founding, wiring
from kho.settings import LedgerSettings, MailSettings
from kho.wiring import Archive
from preservation.ledger import timestamps
from preservation.ledger.anchoring import anchor_due
from preservation.ledger.anchors import Anchor, anchor_of
from preservation.ledger.checkpoint import BadNote, find_note
from preservation.ledger.comparing import LedgerState, verify_ledger
from preservation.ledger.register import register_line
from preservation.ledger.timestamps import StampJudge
from preservation.signatures.trust import read_trust
from repository.clock import FrozenClock
from repository.errors import Misconfigured, Refused, Unavailable
from tests.authorities import Authority, issue, mail_server, time_authority


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[Authority]:
    with time_authority(tmp_path / "tsa") as state:
        yield state


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    home = founding.found(tmp_path / "archive", "test").path
    with wiring.open_archive(home) as opened:
        yield opened


def told(archive: Archive, **named: object) -> None:
    """Settings of the ledger and of mail, as `kho.toml` would have them."""
    mail = named.pop("mail", MailSettings())
    ledger = LedgerSettings.model_validate(named)
    archive.settings = archive.settings.model_copy(update={"ledger": ledger, "mail": mail})


def verified(archive: Archive) -> LedgerState:
    judge = StampJudge(read_trust(archive.home.folder("trust")))
    stores = list(archive.stores.values())
    return verify_ledger(archive.home.folder("ledger"), stores, archive.catalogue, judge=judge)


def test_a_stamped_checkpoint_is_in_the_ledger_and_judged_by_the_roots_of_trust(
    archive: Archive, authority: Authority, tmp_path: Path
) -> None:
    told(archive, tsa_url=authority.url)
    done = kho_anchoring.anchor(archive, ["rfc3161"], "Lưu trữ viên")
    assert not done.failed
    state = verified(archive)
    assert not state.damaged
    assert not state.complete  # no root: nobody can say whose stamp it is
    assert "no root certificate" in state.log.open[0]
    (archive.home.folder("trust") / "tsa.pem").write_bytes(authority.root.pem)
    state = verified(archive)
    assert state.complete
    (said,) = state.log.anchors
    assert (said["kind"], said["size"], said["verdict"]) == ("rfc3161", 2, "right")
    (token,) = (archive.home.folder("ledger") / "log" / "anchors").iterdir()
    (tmp_path / "note").write_text(done.signed.note, "utf-8")
    checked = subprocess.run(
        ["openssl", "ts", "-verify", "-in", token, "-data", tmp_path / "note",
         "-CAfile", tmp_path / "tsa" / "root.pem"],
        capture_output=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr
    (archive.home.folder("trust") / "tsa.pem").write_bytes(issue("Another root").pem)
    state = verified(archive)
    assert "no root in trust/ stands behind" in state.log.open[0]


def test_a_chain_that_the_library_does_not_read_is_judged_by_openssl(
    archive: Archive, tmp_path: Path
) -> None:
    with time_authority(tmp_path / "chained", chain=True) as authority:
        told(archive, tsa_url=authority.url)
        assert not kho_anchoring.anchor(archive, ["rfc3161"], "test").failed
        (archive.home.folder("trust") / "tsa.pem").write_bytes(authority.root.pem)
        assert [said["verdict"] for said in verified(archive).log.anchors] == ["right"]


def test_an_authority_that_gives_no_stamp_of_ours_is_told_and_nothing_is_entered(
    archive: Archive, authority: Authority
) -> None:
    told(archive, tsa_url=authority.url, tsa_timeout_seconds=5)
    other = timestamps.ask(authority.url, archive.publish_ledger().signed.note, 5).token
    before = archive.catalogue.last_sequence()
    rejected = bytes.fromhex("30053003020102")
    for answer, status in (
        (b"", 200), (b"no token", 200), (rejected, 200), (other, 200), (other[:200], 200),
        (b"x" * (timestamps.MAX_ANSWER + 1), 200), (b"", 500), (b"", 302),
    ):  # fmt: skip
        authority.answer, authority.status = answer, status
        (failure,) = kho_anchoring.anchor(archive, ["rfc3161"], "test").failed
        assert isinstance(failure, Unavailable)
        assert authority.url in failure.operator
    assert archive.catalogue.last_sequence() == before
    told(archive, tsa_url="http://127.0.0.1:9/tsa", tsa_timeout_seconds=5)
    assert kho_anchoring.anchor(archive, ["rfc3161"], "test").failed


def test_a_stamp_of_another_note_or_time_is_wrong(authority: Authority, archive: Archive) -> None:
    (archive.home.folder("trust") / "tsa.pem").write_bytes(authority.root.pem)
    judge = StampJudge(read_trust(archive.home.folder("trust")))
    note = archive.publish_ledger().signed.note
    good = timestamps.ask(authority.url, note, 5)
    assert judge(good).verdict == "right"
    assert judge(replace(good, note=note + " ")).verdict == "wrong"
    assert judge(replace(good, time="2001-01-01T00:00:00Z")).verdict == "wrong"
    assert judge(replace(good, token=b"junk")).verdict == "wrong"
    place = good.token.rindex(good.token[-40:])
    broken = good.token[:place] + bytes([good.token[place] ^ 1]) + good.token[place + 1 :]
    assert judge(replace(good, token=broken)).verdict != "right"


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_a_stamp_or_wrong(token: bytes) -> None:
    note = "o\n1\n" + "A" * 43 + "=\n\n— o AAAAAAA=\n"
    judge = StampJudge(read_trust(Path("/nowhere")))
    assert judge(Anchor("rfc3161", note, 1, "x", token, "")).verdict == "wrong"


def test_another_office_gets_note_and_line_by_mail(archive: Archive) -> None:
    with mail_server() as server:
        mail = MailSettings(
            host="127.0.0.1", port=server.port, sender="kho@hatinh.example", security="none"
        )
        told(archive, witness_email="luutru@nghean.example", mail=mail)
        done = kho_anchoring.anchor(archive, ["rfc3161", "mail"], "test")
        assert [one.kind for one in done.anchors] == ["mail"]
        from email import message_from_bytes, policy

        read = message_from_bytes(server.taken[0], policy=policy.default)
        text = read.get_content().replace("\r", "")
        assert find_note(text) == done.signed
        assert register_line(done.signed.checkpoint) in text
        assert [said["verdict"] for said in verified(archive).log.anchors] == ["told"]
        assert verified(archive).complete
        server.answers["DATA"] = "554 no"
        (failure,) = kho_anchoring.anchor(archive, ["mail"], "test").failed
        assert isinstance(failure, Unavailable)


def test_a_month_passes_before_each_kind_is_due_again(
    archive: Archive, authority: Authority
) -> None:
    clock = FrozenClock(archive.clock.now())
    archive.clock = clock
    month = timedelta(days=30)
    with mail_server() as server:
        mail = MailSettings(host="127.0.0.1", port=server.port, sender="a@b", security="none")
        told(archive, tsa_url=authority.url, witness_email="c@d.example", mail=mail)
        assert kho_anchoring.anchor_due(archive, "clock") is None  # founded just now
        clock.advance(month)
        server.answers["DATA"] = "554 no"
        done = kho_anchoring.anchor_due(archive, "clock")
        assert done is not None
        assert ([one.kind for one in done.anchors], len(done.failed)) == (["rfc3161"], 1)
        server.answers.clear()
        done = kho_anchoring.anchor_due(archive, "clock")
        assert done is not None
        assert [one.kind for one in done.anchors] == ["mail"]
        assert kho_anchoring.anchor_due(archive, "clock") is None
        clock.advance(month - timedelta(seconds=1))
        assert not anchor_due(archive.catalogue, "mail", clock.now(), month)
        clock.advance(timedelta(seconds=2))
        assert anchor_due(archive.catalogue, "mail", clock.now(), month)
        told(archive)
        assert kho_anchoring.anchor_due(archive, "clock") is None


def test_nobody_named_is_said_and_an_unknown_kind_is_refused(archive: Archive) -> None:
    with pytest.raises(Misconfigured, match="tsa_url"):
        kho_anchoring.anchor(archive, ["rfc3161", "mail"], "test")
    assert list(kho_anchoring.known_kinds([])) == ["rfc3161", "mail"]
    with pytest.raises(Refused):
        kho_anchoring.known_kinds(["pigeon"])


def test_an_anchor_of_a_checkpoint_that_was_never_kept_is_damage(
    archive: Archive, authority: Authority
) -> None:
    told(archive, tsa_url=authority.url)
    kho_anchoring.anchor(archive, ["rfc3161"], "test")
    for place in (archive.home.path / "ledger", *archive.home.path.glob("stores/*/ledger")):
        lines = (place / "checkpoints-000001.jsonl").read_bytes().splitlines(keepends=True)
        (place / "checkpoints-000001.jsonl").write_bytes(b"".join(lines[1:]))
    assert any("none of those that were kept" in said for said in verified(archive).log.wrong)


def test_what_says_no_anchor_is_refused() -> None:
    note = "o\n1\n" + "A" * 43 + "=\n\n— o AAAAAAA=\n"
    good = Anchor("rfc3161", note, 1, "http://x", b"token", "2026-11-22T08:00:00Z")
    said = good.detail()["anchor"]
    assert anchor_of({"type": "ledger anchor", "detail": {"anchor": said}}) == good
    assert anchor_of({"type": "ingestion", "detail": {"anchor": said}}) is None
    for bad in (
        None, {**said, "size": 2}, {**said, "size": True}, {**said, "kind": "pigeon"},
        {**said, "note": "x"}, {**said, "token": "ă"}, {**said, "target": 1},
    ):  # fmt: skip
        with pytest.raises(BadNote):
            anchor_of({"type": "ledger anchor", "detail": {"anchor": bad}})
    assert shutil.which("openssl")
