"""`kho report` on a real archive: what it says, what it refuses, what it leaves on record."""

from __future__ import annotations

import json
from hashlib import sha512
from pathlib import Path
from typing import Any

from kho import reporting
from kho.settings import AuditSettings, read_settings
from kho.wiring import open_archive
from tests.acceptance.calling import call
from tests.archives import STORES, TestArchive


def stores_of(archive: TestArchive, *arguments: str, status: int) -> dict[str, dict[str, Any]]:
    told = call(archive, "report", *arguments, "--json")
    assert told.status == status, told.stdout + told.stderr
    found = told.document()["stores"]
    assert [one["store"] for one in found] == list(STORES)
    return {one["store"]: one for one in found}


def test_a_plan_is_told_at_a_measured_rate_and_another_one_is_tried(archive: TestArchive) -> None:
    plain = stores_of(archive, "plan", status=0)["primary"]
    assert plain["rate"]["source"] == "sample"
    assert plain["rate"]["bytes"] == plain["bytes"] > 0
    assert plain["window_days"] == 365
    asked = ("plan", "--window", "10", "--quiet", "07:00-18:00", "--store", "copy-1")
    tried = stores_of(archive, *asked, status=0)
    assert (tried["copy-1"]["window_days"], tried["copy-1"]["hours_there"]) == (10, 13)
    assert (tried["primary"]["window_days"], tried["primary"]["hours_there"]) == (365, 24)
    assert tried["copy-1"]["bytes_a_day"] > 30 * plain["bytes_a_day"]
    assert read_settings(archive.home).stores["copy-1"].audit.window_days is None
    assert "a day:" in call(archive, "report", "plan").stdout


def test_a_policy_that_holds_is_saved_and_one_that_cannot_is_refused_with_figures(
    archive: TestArchive,
) -> None:
    before = (archive.home / "kho.toml").read_bytes()
    impossible = ("plan", "--window", "1", "--daily-bytes", "10")
    assert not stores_of(archive, *impossible, status=3)["primary"]["holds"]
    refused = call(archive, "report", *impossible, "--save")
    assert refused.status == 1
    assert "was not saved" in refused.stderr
    assert "10 B" in refused.stderr
    assert (archive.home / "kho.toml").read_bytes() == before
    asked = ("plan", "--window", "30", "--quiet", "07:00-18:00", "--mb-per-second", "50", "--save")
    stores_of(archive, *asked, status=0)
    saved = read_settings(archive.home).audit
    assert (saved.window_days, saved.quiet, saved.mb_per_second) == (30, "07:00-18:00", 50)
    assert call(archive, "report", "plan", "--quiet", "none", "--save").status == 0
    assert read_settings(archive.home).audit.quiet == ""


def test_a_policy_that_is_none_is_refused(archive: TestArchive) -> None:
    assert call(archive, "report", "plan", "--quiet", "midnight").status == 1
    assert call(archive, "report", "plan", "--window", "1096").status == 2
    unknown = call(archive, "report", "plan", "--store", "nowhere", "--window", "3")
    assert unknown.status == 1
    assert "no store nowhere" in unknown.stderr


def test_what_is_proposed_for_all_overrides_what_a_store_has_of_its_own(
    archive: TestArchive,
) -> None:
    settings = read_settings(archive.home)
    own = reporting.proposed(settings, "copy-1", {"window_days": 90})
    assert own.stores["copy-1"].audit.window_days == 90
    assert own.audit == AuditSettings()
    assert (
        reporting.proposed(own, None, {"window_days": 200}).stores["copy-1"].audit.window_days
        is None
    )


def test_coverage_counts_what_audits_read_and_names_what_they_could_not(
    archive: TestArchive, tmp_path: Path
) -> None:
    fresh = stores_of(archive, "coverage", status=0)["primary"]
    assert fresh["audited"] == 0
    assert (
        fresh["written"] == fresh["files"] > 0
    )  # read back from the medium when they were written
    assert call(archive, "audit", "--all").status == 0
    audited = stores_of(archive, "coverage", status=0)["primary"]
    assert (audited["audited"], audited["percent"]) == (audited["files"], "100")
    damaged = next(p for p in archive.files("copy-1") if "/rep1/data/" in str(p))
    damaged.unlink()
    assert call(archive, "audit", "--all", "--copy", "copy-1").status == 3
    after = stores_of(archive, "coverage", status=3)
    assert after["primary"]["percent"] == "100"
    assert after["copy-1"]["missing"] > 0
    assert float(after["copy-1"]["percent"]) < 100
    assert len(after["copy-1"]["damaged_here"]) == 1
    assert after["copy-1"]["months"][0]["damaged"] >= 1
    page = tmp_path / "coverage.html"
    assert call(archive, "report", "coverage", "--html", str(page)).status == 3
    assert after["copy-1"]["damaged_here"][0] in page.read_text("utf-8")
    assert "http" not in page.read_text("utf-8")


def test_a_report_is_never_written_over_a_file_that_is_there(archive: TestArchive) -> None:
    settings = archive.home / "kho.toml"
    before = settings.read_bytes()
    events = call(archive, "status", "--json").document()["counts"]["events"]
    for report in ("ndsa", "coverage"):
        refused = call(archive, "report", report, "--html", str(settings))
        assert refused.status == 1
        assert "is there already" in refused.stderr
    assert settings.read_bytes() == before
    assert call(archive, "status", "--json").document()["counts"]["events"] == events


def test_the_ndsa_report_stands_in_the_ledger_by_its_digest(archive: TestArchive) -> None:
    with (archive.home / "kho.toml").open("a", encoding="utf-8") as stream:
        stream.write(
            '[ndsa.declared.control-4]\nstatement = "mỗi quý"\nby = "Lê C"\non = 2026-10-01\n'
        )
    told = call(archive, "report", "ndsa", "--json").document()
    assert len(told["cells"]) == 20
    cells = {cell["name"]: cell for cell in told["cells"]}
    assert cells["control-4"]["declared"]
    assert cells["control-4"]["claims"][0]["found"] == "mỗi quý (Lê C, 2026-10-01)"
    assert cells["integrity-3"]["result"] != "met"  # nobody has audited yet
    assert cells["metadata-1"]["result"] == "met"
    data = (archive.home / "reports" / told["file"]).read_bytes()
    assert sha512(data).hexdigest() == told["sha512"]
    assert json.loads(data)["cells"] == told["cells"]
    with open_archive(archive.home, read_only=True) as opened:
        last = [event for event in opened.catalogue.events() if event.type == "report"]
        assert [event.detail["sha512"] for event in last] == [told["sha512"]]
        assert last[0].agent == "tester"
        assert list(opened.catalogue.outbox()) == []  # published
    page = (archive.home / "reports" / told["file"]).with_suffix(".html").read_text("utf-8")
    assert told["sha512"] in page
    assert call(archive, "report", "ndsa").stdout.count("\n") > 40
