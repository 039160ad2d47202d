"""`kho mapping`: drafts, says what it could not place, tries a mapping on a list; saved ones count."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ingest.eark.zip_tree import judge_zip
from ingest.lists.mapping import read_mapping
from kho import mapping_files
from kho.cli.mapping import check, new
from repository.errors import Conflict, NotFound, Refused
from tests.ingest.shapes.making import HEADS, packed, row, write_tree, xlsx
from tests.ingest.shapes.test_eark_intake import package

PDF = b"%PDF-1.4"


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    files = {"list.xlsx": xlsx([(*HEADS, "Ô lạ"), [*row(1, "a.pdf"), "x"]]), "a.pdf": PDF}
    return write_tree(tmp_path / "in", files) / "list.xlsx"


def test_a_draft_is_written_and_can_be_tried_at_once(
    tmp_path: Path, listed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = tmp_path / "m.toml"
    assert new(sheet=listed, to=to, name="Sở Nội vụ") == 0
    assert "Ô lạ" in capsys.readouterr().err
    mapping = read_mapping(to.read_bytes(), "m.toml")
    assert mapping.name == "Sở Nội vụ"
    assert check(mapping=to, sheet=listed, as_json=True) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["valid"]
    assert answer["dossiers"] == [
        {
            "file_code": "P_SNV.2009.15",
            "fonds": "P_SNV",
            "documents": 1,
            "files": 1,
            "mapping": "Sở Nội vụ",
        }
    ]
    with pytest.raises(Conflict):
        new(sheet=listed, to=to)


def test_without_a_file_the_draft_is_printed(
    listed: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert new(sheet=listed) == 0
    assert read_mapping(capfdbinary.readouterr().out, "x").name == "list"


def test_what_a_draft_lacks_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "l.csv"
    path.write_text("Trích yếu,Ngày ban hành,Cơ quan ban hành\na,1/2/2003,b\n", "utf-8")
    assert new(sheet=path, as_json=True) == 3
    assert json.loads(capsys.readouterr().out)["lacking"] == ["title", "fileCode", "path"]
    path.write_text("x,y\n1,2\n", "utf-8")
    assert new(sheet=path, as_json=True) == 3


def test_a_mapping_that_does_not_fit_a_list_is_said_not_to(
    tmp_path: Path, listed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.toml"
    path.write_text(
        'format = "kho-mapping/1"\nname = "other"\n[columns.dossier]\ntitle = "A"\nfileCode = "B"\n'
        '[columns.document]\npath = "C"\n',
        "utf-8",
    )
    assert check(mapping=path, sheet=listed, as_json=True) == 3
    assert not json.loads(capsys.readouterr().out)["valid"]


def test_files_that_are_no_list_or_no_mapping_are_refused_with_a_sentence(tmp_path: Path) -> None:
    bad = tmp_path / "x.xlsx"
    bad.write_bytes(b"hello")
    with pytest.raises(Refused):
        new(sheet=bad)
    with pytest.raises(NotFound):
        new(sheet=tmp_path / "nowhere.xlsx")
    with pytest.raises(Refused, match="TOML"):
        mapping_files.load_mapping(bad)
    with pytest.raises(NotFound):
        mapping_files.load_mapping(tmp_path / "nowhere.toml")


def test_saved_mappings_come_after_named_ones_and_a_broken_one_stops(
    tmp_path: Path, listed: Path
) -> None:
    folder = tmp_path / "home" / mapping_files.FOLDER
    folder.mkdir(parents=True)
    assert new(sheet=listed, to=folder / "b.toml", name="saved") == 0
    assert new(sheet=listed, to=tmp_path / "named.toml", name="named") == 0
    names = [
        m.name for m in mapping_files.mappings_for(tmp_path / "home", [tmp_path / "named.toml"])
    ]
    assert names == ["named", "saved"]
    assert mapping_files.mappings_for(None) == []
    (folder / "a.toml").write_text("broken", "utf-8")
    with pytest.raises(Refused):
        mapping_files.mappings_for(tmp_path / "home")


def test_an_e_ark_package_in_a_tar_is_judged_as_its_folder(tmp_path: Path) -> None:
    codes = [p.code for p in judge_zip(packed("tar", tmp_path, package(), "IP.1"))]
    again = [p.code for p in judge_zip(packed("zip", tmp_path, package(), "IP.1"))]
    assert codes == again
    assert codes
