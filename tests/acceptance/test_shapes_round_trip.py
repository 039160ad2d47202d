"""What was accepted comes back: every byte and name, whatever it came in, through `kho export`."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest import pipeline
from ingest.member_names import clash_key
from ingest.pipeline import IngestServices
from ingest.shapes.finding import find
from kho import founding, intake, wiring
from kho.cli.export import export
from tests.ingest.readers.sip import Doc, Sip, files_of, text_record
from tests.ingest.shapes.making import HEADS, packed, row, write_tree, xlsx
from tests.repository.bag.builder import make_bag

ODD = ("!", "#", "$", "%41", "'", "(.)", "{ (2).}", "{.}", "=", "=41", "~", "[]", "`", "^", "con.pdf",
       "a.", ".hidden", "tệp số hóa.pdf", "te\u0323\u0302p.pdf", "Â£", "x;y.pdf", "a b", "đ" * 60,
       "ＡＢ", "ملف.pdf", "🗄.pdf", "-rf", "NUL", "a:b?c*.pdf", "data", "METS.xml.bak")  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("round-trip") / "archive"
    founding.found(home, "test")
    return home


@pytest.fixture(scope="module")
def services(home: Path) -> Iterator[IngestServices]:
    with wiring.open_archive(home) as archive, intake.services(archive) as found:
        yield found


def come_back(home: Path, services: IngestServices, source: Path, to: Path) -> dict[bytes, bytes]:
    """Take it in, export it again, and put the names back on what was received."""
    back: dict[bytes, bytes] = {}
    (*arrivals,) = find([source]).arrivals
    assert arrivals
    for number, arrival in enumerate(arrivals):
        result = pipeline.ingest(services, arrival, operator="test")
        assert result.verdict == "accepted", list(result.report)
        folder = to / str(number)
        assert export(to=folder, ids=[result.object_id], home=home, shape="bag") == 0
        (bag,) = (p for p in folder.iterdir() if p.is_dir())
        record = json.loads((bag / "data/metadata/other/dossier.json").read_bytes())
        for file in record["dossier"]["files"]:
            given = file.get("received_path_base64")
            name = base64.b64decode(given) if given else file["received_path"].encode()
            back[name] = (bag / file["stored_path"]).read_bytes()
    return back


NAME = st.one_of(
    st.sampled_from(ODD),
    st.text(
        st.characters(codec="utf-8", exclude_characters="/\\", exclude_categories=["Cc", "Cs"]),
        min_size=1,
        max_size=40,
    ).filter(lambda t: t not in (".", "..") and t.strip() == t),
)
FILES = st.dictionaries(NAME, st.binary(max_size=300), min_size=1, max_size=5).filter(
    lambda files: len({clash_key(n) for n in files}) == len(files)
)
_COUNT = iter(range(10**6))


@pytest.mark.parametrize("kind", ["folder", "zip", "tar", "tar.gz", "bag", "bag.zip"])
@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(files=FILES)
def test_a_package_comes_back_byte_for_byte(
    home: Path,
    services: IngestServices,
    tmp_path: Path,
    kind: str,
    files: dict[str, bytes],
) -> None:
    number = next(_COUNT)
    objid = f"uuid-0A0B0C0D-1111-4222-8333-{number:012X}"
    main = {f"chính {number}.pdf": b"%PDF-1.4 " + str(number).encode()}
    record = {**text_record(1), "docId": f"H27.14.2019.{number}.1"}
    document = Doc(record, main, attachments={n: d for n, d in files.items() if n not in main})
    sip = Sip(docs=(document,), objid=objid)
    sip = Sip(docs=(document,), objid=objid, dossier={**sip.dossier, "totalDoc": "1",
              "fileCode": f"H27.14.2019.{number}"})  # fmt: skip
    tree = files_of(sip)
    tree.update({f"documentation/{name}": data for name, data in files.items()})
    work = tmp_path / str(number)
    work.mkdir()
    expected = {name.encode(): data for name, data in tree.items()}
    if kind.startswith("bag"):
        tree = make_bag({f"{objid}/{name}": data for name, data in tree.items()})
        source = packed("zip" if kind == "bag.zip" else "folder", work, tree, "bag")
    else:
        source = packed(kind, work, tree, objid)
    back = come_back(home, services, source, work / "out")
    for name, data in expected.items():
        assert back.get(name) == data or any(
            key.endswith(b"/" + name) and value == data for key, value in back.items()
        ), name
    assert len(back) == len(tree)
    shutil.rmtree(work)


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(files=FILES)
def test_the_files_of_a_list_come_back_byte_for_byte(
    home: Path, services: IngestServices, tmp_path: Path, files: dict[str, bytes]
) -> None:
    number = next(_COUNT)
    work = tmp_path / str(number)
    rows = [
        row(i, f"tep/{name}", of=len(files), dossier=f"L{number}")
        for i, name in enumerate(files, 1)
    ]
    sheet = xlsx([HEADS, *rows])
    source = write_tree(
        work / "in", {"muc_luc.xlsx": sheet, **{f"tep/{n}": d for n, d in files.items()}}
    )
    back = come_back(home, services, source, work / "out")
    back.pop(b"danh-muc-trich.csv")
    assert back == {b"muc_luc.xlsx": sheet, **{f"tep/{n}".encode(): d for n, d in files.items()}}
    shutil.rmtree(work)


def test_the_odd_names_of_the_corpora_come_back(
    corpora: Path, home: Path, services: IngestServices, tmp_path: Path
) -> None:
    folder = corpora / "formats" / "filesys-trials"
    files = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert len(files) > 20
    rows = [row(i, f"f/{name}", of=len(files), dossier="FS") for i, name in enumerate(files, 1)]
    sheet = xlsx([HEADS, *rows])
    source = write_tree(
        tmp_path / "in", {"list.xlsx": sheet, **{f"f/{n}": d for n, d in files.items()}}
    )
    back = come_back(home, services, source, tmp_path / "out")
    back.pop(b"danh-muc-trich.csv")
    assert back == {b"list.xlsx": sheet, **{f"f/{n}".encode(): d for n, d in files.items()}}
