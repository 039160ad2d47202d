from __future__ import annotations

from datetime import UTC, datetime

import pytest

from api.web.file_facts import facts_shown
from api.web.words import Words
from preservation.dossier import SignatureVerdict

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def signature(**changes: str) -> dict[str, str]:
    return {
        "verdict": "VALID", "reason": "", "kind": "pades", "signer": "Trần Thị Hà",
        "organisation": "Sở Nội vụ", "issuer": "CA", "signed_at": "2024-05-06T03:00:00Z",
        "stamped_at": "2024-05-06T03:00:00Z", "coverage": "whole-file", "later_changes": "none",
    } | changes  # fmt: skip


def file(*found: dict[str, str], **more: object) -> dict[str, object]:
    check = {"not_checked": "", "checked_at": "2026-11-22T03:00:00Z", "found": list(found)}
    return {"signatures": check, **more}


def test_a_valid_signature_is_told_with_signer_office_time_and_issuer():
    (shown,) = facts_shown(file(signature()), Words("vi", NOW))
    assert shown.kind == "ok"
    assert shown.text == (
        "Chữ ký số hợp lệ: Trần Thị Hà (Sở Nội vụ) · dấu thời gian 06/05/2024 10:00 · "
        "chứng thư do CA cấp"
    )


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("verdict", [one.value for one in SignatureVerdict])
def test_every_verdict_and_any_reason_has_words(language, verdict):
    words = Words(language, NOW)
    for reason in ("", "NO_CERTIFICATE_CHAIN_FOUND", "NOT_READABLE: x", "SOMETHING_NEW"):
        for said in ("", "2024-05-06T03:00:00Z", "hôm qua"):
            one = signature(verdict=verdict, reason=reason, stamped_at="", signed_at=said)
            (shown,) = facts_shown(file(one), words)
            assert shown.kind == {"VALID": "ok", "INVALID": "bad", "INDETERMINATE": "warn"}[verdict]


def test_nothing_found_is_never_called_clean_and_not_checked_is_said():
    words = Words("vi", NOW)
    scanned = {"verdict": "nothing-found", "tool": "ClamAV 1.4.6", "database": "27800"}
    assert facts_shown({"virus": scanned}, words)[0].text == (
        "Vi-rút: không phát hiện (ClamAV 1.4.6, dữ liệu 27800)"
    )
    unscanned = {"verdict": "not-checked", "tool": "", "database": ""}
    assert facts_shown({"virus": unscanned}, words)[0].text == "Vi-rút: chưa kiểm"


def test_damage_and_claims_are_told_and_a_row_without_facts_says_nothing():
    words = Words("en", NOW)
    assert facts_shown({"structure": "damaged"}, words)[0].kind == "bad"
    assert facts_shown({"structure": "not-checked"}, words)[0].kind == "warn"
    claim = {"structure": "no-damage-found", "properties": {"pdfa_claimed": "2b"}}
    assert "PDF/A-2B; not validated" in facts_shown(claim, words)[0].text
    assert facts_shown({"path": "x"}, words) == ()
