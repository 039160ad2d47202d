"""`kho.toml`: what is written is read, and two stores are two places."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kho.promises import audit_policy
from kho.settings import (
    SETTINGS_FILE,
    ArchiveSettings,
    IntakeSettings,
    ServeSettings,
    Settings,
    StoreSettings,
    read_settings,
    write_settings,
)
from repository.errors import Misconfigured

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
STORES = st.dictionaries(TEXT.filter(bool), st.integers(0, 10**6), min_size=1, max_size=3).filter(
    lambda found: len(set(found.values())) == len(found)
)


@given(STORES, TEXT, TEXT, st.sampled_from(["tu-dong", "nguoi-duyet"]), st.integers(1, 65535))
def test_what_is_written_is_read(
    stores: dict[str, int], name: str, author: str, policy: str, port: int
) -> None:
    settings = Settings(
        archive=ArchiveSettings(name=name),
        intake=IntakeSettings.model_validate({"policy": policy, "author": author}),
        serve=ServeSettings(port=port),
        stores={
            title: StoreSettings(path=f"stores/{number}", id=f"id-{number}", layout="0003")
            for title, number in stores.items()
        },
    )
    with TemporaryDirectory() as folder:
        (Path(folder) / SETTINGS_FILE).write_bytes(write_settings(settings))
        assert read_settings(Path(folder)) == settings


def test_promises_of_stores_and_classes_and_declarations_are_read_as_they_are_written(
    tmp_path: Path,
) -> None:
    text = """
[audit]
quiet = "07:00-18:00"
[[audit.class]]
name = "đất đai"
window_days = 180
fonds = ["P_DD"]
[[audit.class]]
name = "ngắn"
window_days = 1000
retention = ["05"]
[ndsa.declared.storage-2]
statement = "một bản ở Vinh"
by = "Lê C"
on = 2026-10-01
[stores.a]
path = "stores/a"
id = "1"
layout = "0003"
[stores.a.audit]
window_days = 90
"""
    (tmp_path / SETTINGS_FILE).write_text(text, "utf-8")
    settings = read_settings(tmp_path)
    assert [one.name for one in settings.audit.classes] == ["đất đai", "ngắn"]
    (tmp_path / SETTINGS_FILE).write_bytes(write_settings(settings))
    assert read_settings(tmp_path) == settings
    policy = audit_policy(settings)
    assert (policy.of("a").window_days, policy.of("b").window_days) == (90, 365)
    assert str(policy.of("a").quiet) == "07:00-18:00"


@pytest.mark.parametrize(
    "line",
    ['quiet = "7-18"', 'quiet = "07:00-07:00"', "window_days = 1096", 'sweep = "someday"', "x = 1",
     'ping_url = "file:///etc/passwd"'],
)  # fmt: skip
def test_a_promise_that_is_none_is_refused(line: str, tmp_path: Path) -> None:
    store = '[stores.a]\npath = "a"\nid = "1"\nlayout = "0003"\n'
    (tmp_path / SETTINGS_FILE).write_text(f"[audit]\n{line}\n{store}", "utf-8")
    with pytest.raises(Misconfigured, match="audit"):
        read_settings(tmp_path)


@pytest.mark.parametrize(
    ("path", "id_", "said"),
    [("stores/b", "1", "same id"), ("stores/../stores/a", "2", "same path")],
)
def test_one_folder_under_two_names_is_not_two_copies(
    path: str, id_: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / SETTINGS_FILE).write_text(
        '[stores.a]\npath = "stores/a"\nid = "1"\nlayout = "0003"\n'
        f'[stores.b]\npath = "{path}"\nid = "{id_}"\nlayout = "0003"\n',
        "utf-8",
    )
    with pytest.raises(Misconfigured, match=said):
        read_settings(tmp_path)
