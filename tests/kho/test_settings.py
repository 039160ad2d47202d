"""`kho.toml`: what is written is read, and two stores are two places."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
