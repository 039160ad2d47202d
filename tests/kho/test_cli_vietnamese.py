"""Failures told in Vietnamese: the ones people meet most, each really brought about."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kho import founding
from kho.__main__ import app
from kho.cli.failing_in_vietnamese import in_vietnamese
from repository import durable, locks
from repository.errors import ArchiveError, Locked

ENGLISH = (" is ", " the ", "There", "Name ", "Wait")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("vi") / "kho"
    founding.found(place, "test")
    return place


def said(home: Path, *arguments: str) -> str:
    done = CliRunner().invoke(
        app,
        list(arguments),
        env={"KHO_HOME": str(home), "KHO_LANG": "vi", "KHO_OPERATOR": "tester"},
    )
    assert done.exit_code not in (0, 2), done.output
    return next(line for line in done.stderr.splitlines() if line.startswith("Lỗi: "))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("init", "{home}"), "đã có và không rỗng"),
        (("show", "khong-co"), "Kho không giữ hồ sơ nào có mã khong-co"),
        (("audit", "khong-co"), "Kho không giữ hồ sơ nào có mã khong-co"),
        (("audit", "--all", "--copy", "la"), "Không có kho chứa la. Hiện có: primary, copy-1"),
        (("audit", "--resume", "AUD-1"), "Không có lần kiểm tra AUD-1"),
        (("ingest", "/khong/co.zip"), "Không có /khong/co.zip"),
        (("ingest", "{home}/reports"), "không chứa gói nộp nào"),
        (("transfer", "show", "TN-1"), "Không có gói nộp TN-1"),
        (("incidents", "show", "INC-1"), "Không có sự cố INC-1"),
        (("form", "bien-ban-kiem-tra", "--to", "{home}/x.html"), "Chưa kiểm tra lần nào"),
        (("drill", "--all", "--yes"), "Chưa có hồ sơ diễn tập"),
        (("report", "ndsa", "--html", "{home}/kho.toml"), "đã có sẵn"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else "",
)
def test_a_failure_is_told_in_vietnamese(
    home: Path, arguments: tuple[str, ...], words: str
) -> None:
    told = said(home, *(one.format(home=home) for one in arguments))
    assert words in told
    assert not any(word in told for word in ENGLISH), told


def test_no_archive_is_told_in_vietnamese(tmp_path: Path) -> None:
    assert f"Không có kho nào tại {tmp_path}" in said(tmp_path, "status")


def moved_away(home: Path) -> str:
    shutil.move(home / "stores" / "copy-1", home / "away")
    return "Ổ đĩa đã cắm và gắn kết (mount) chưa?"


def of_another(home: Path) -> str:
    note = home / "stores" / "copy-1" / "store.json"
    shutil.copy(home / "stores" / "primary" / "store.json", note)
    return "là một kho chứa khác"


@pytest.mark.parametrize("harm", [moved_away, of_another], ids=lambda one: one.__name__)
def test_a_store_that_is_away_is_told_in_vietnamese(
    home: Path, tmp_path: Path, harm: Callable[[Path], str]
) -> None:
    own = tmp_path / "kho"
    shutil.copytree(home, own)
    words = harm(own)
    told = said(own, "drill", "--make-canaries")
    assert words in told
    assert not any(word in told for word in ENGLISH), told


def test_a_missing_catalogue_is_told_in_vietnamese(home: Path, tmp_path: Path) -> None:
    own = tmp_path / "kho"
    shutil.copytree(home, own)
    for path in own.glob("catalogue.sqlite*"):
        path.unlink()
    assert "Thiếu cơ sở dữ liệu mục lục" in said(own, "status")


def test_a_lock_that_somebody_holds_is_told_in_vietnamese(tmp_path: Path) -> None:
    with (
        locks.held(tmp_path / "x.lock", "Kho"),
        pytest.raises(Locked) as refused,
        locks.held(tmp_path / "x.lock", "Kho", wait=0),
    ):
        pass
    told = in_vietnamese(refused.value)
    assert told.startswith("Kho đang được dùng bởi ")
    assert told.endswith("Hãy đợi việc ấy xong rồi chạy lại.")


@pytest.mark.parametrize(
    ("number", "words"), [(errno.ENOSPC, "Hết chỗ trống"), (errno.EACCES, "Không được phép")]
)
def test_a_disk_that_refuses_is_told_in_vietnamese(number: int, words: str) -> None:
    problem = OSError(number, "said", "/srv/kho/x")
    assert in_vietnamese(durable.explained(problem, "writing")).startswith(words)


def _classes(of: type[ArchiveError]) -> list[type[ArchiveError]]:
    return [of, *(each for sub in of.__subclasses__() for each in _classes(sub))]


@pytest.mark.parametrize("failure", _classes(ArchiveError)[1:], ids=lambda one: one.__name__)
def test_what_is_not_known_is_told_by_its_kind_and_loses_nothing(
    failure: type[ArchiveError],
) -> None:
    told = in_vietnamese(failure("Something else: 42 of 43."))
    assert told.endswith(": Something else: 42 of 43.")
    assert not told.startswith("Something")
