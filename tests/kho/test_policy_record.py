"""What is promised of audits is on record: by whom it was changed, when, from what to what."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kho import founding, reporting, wiring
from kho.policy_record import on_record
from kho.settings import SETTINGS_FILE
from preservation.reports import gathering


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return founding.found(tmp_path / "archive", "test").path


def changes(home: Path) -> list[tuple[str, Mapping[str, Any]]]:
    with wiring.open_archive(home, read_only=True) as archive:
        return [
            (event.agent, event.detail["policy"])
            for event in archive.catalogue.events()
            if event.type == "audit policy change"
        ]


def work(home: Path) -> None:
    """What every command that writes begins with."""
    with wiring.open_archive(home) as archive:
        archive.recover()


def test_what_nobody_changed_is_not_recorded(home: Path) -> None:
    work(home)
    work(home)
    assert changes(home) == []


def test_a_policy_that_is_saved_is_recorded_with_who_saved_it_and_stands_in_the_ledger(
    home: Path,
) -> None:
    with wiring.open_archive(home) as archive:
        settings = reporting.proposed(archive.settings, None, {"window_days": 180})
        plans = gathering.plans(reporting.asking(archive, settings), sampling=False)
        reporting.save_policy(archive, settings, plans, "Lưu trữ viên")
        assert not archive.catalogue.outbox()
    work(home)
    ((agent, policy),) = changes(home)
    assert (agent, "edited" in policy) == ("Lưu trữ viên", False)
    assert policy["old"]["audit"]["window_days"] == 365
    assert policy["new"]["audit"]["window_days"] == 180


def test_an_edit_by_hand_is_noticed_by_the_next_command_once_and_names_the_files_owner(
    home: Path,
) -> None:
    path = home / SETTINGS_FILE
    text = path.read_text("utf-8")
    path.write_text(text.replace("window_days = 365", "window_days = 1000"), "utf-8")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    work(home)
    work(home)
    ((agent, policy),) = changes(home)
    assert agent == "Kho"
    assert (policy["edited"], policy["changed_at"]) == (SETTINGS_FILE, "2023-11-14T22:13:20Z")
    assert policy["owner"] == path.owner()
    assert policy["new"]["audit"]["window_days"] == 1000
    path.write_text(text, "utf-8")
    work(home)
    assert [policy["new"]["audit"]["window_days"] for _, policy in changes(home)] == [1000, 365]


def test_a_store_and_a_class_of_their_own_are_policy_too_and_an_address_is_not(home: Path) -> None:
    path = home / SETTINGS_FILE
    text = path.read_text("utf-8").replace('ping_url = ""', 'ping_url = "https://example.org/x"')
    path.write_text(text, "utf-8")
    work(home)
    assert changes(home) == []
    # As the documentation says it, below what was there.
    more = (
        '\n[stores.copy-1.audit]\nwindow_days = 30\n[[audit.class]]\nname = "x"\nwindow_days = 9\n'
    )
    path.write_text(text + more, "utf-8")
    work(home)
    ((_, policy),) = changes(home)
    assert policy["new"]["stores"] == {"copy-1": {"window_days": 30}}
    assert [one["name"] for one in policy["new"]["audit"]["class"]] == ["x"]


def test_a_file_that_cannot_be_understood_promises_nothing_new(home: Path) -> None:
    with wiring.open_archive(home) as archive:
        (home / SETTINGS_FILE).write_text("window_days = ", "utf-8")
        archive.recover()
        assert on_record(archive.catalogue)["audit"]["window_days"] == 365
