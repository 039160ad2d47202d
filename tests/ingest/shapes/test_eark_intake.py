"""E-ARK packages that are not of the circular, described by EAD or Dublin Core, judged alike."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.judging import judge
from tests.ingest.shapes.making import NOW, errors, found, judged, packed, said, warnings
from tests.repository.bag.builder import make_bag

DC = (
    "<dc xmlns='http://purl.org/dc/elements/1.1/'><title>Hồ sơ về đê</title>"
    "<identifier>DE.1</identifier><date>1990/1999</date><language>01</language></dc>"
).encode()
EAD = (
    "<ead xmlns='urn:isbn:1-931666-22-9'><archdesc level='file'><did><unittitle>Hồ sơ về đê</unittitle>"
    "<unitid>DE.1</unitid><unitdate normal='1990/1999'>1990 đến 1999</unitdate></did></archdesc></ead>"
).encode()


def package(
    description: bytes | None = DC, *, fonds: str = "P_X", name: str = "dc.xml"
) -> dict[str, bytes]:
    """A CSIP package with one representation of two files."""
    files = {f"representations/rep-a/data/{n}": n.encode() for n in ("a.pdf", "b.txt")}
    if description is not None:
        files[f"metadata/descriptive/{name}"] = description
    listed = "".join(
        f'<file ID="f{i}" SIZE="{len(data)}" CHECKSUMTYPE="SHA-256" '
        f'CHECKSUM="{hashlib.sha256(data).hexdigest()}"><FLocat xlink:href="{path}"/></file>'
        for i, (path, data) in enumerate(files.items())
    )
    note = f'<note csip:NOTETYPE="IDENTIFICATIONCODE">{fonds}</note>' if fonds else ""
    files["METS.xml"] = (
        '<mets xmlns="http://www.loc.gov/METS/" xmlns:xlink="http://www.w3.org/1999/xlink" '
        'xmlns:csip="https://DILCIS.eu/XML/METS/CSIPExtensionMETS" OBJID="IP.1" '
        'PROFILE="https://earkcsip.dilcis.eu/profile/E-ARK-CSIP-v2-2-0.xml"><metsHdr '
        'csip:OAISPACKAGETYPE="SIP"><agent ROLE="CREATOR" TYPE="ORGANIZATION"><name>UBND</name>'
        f"{note}</agent></metsHdr><fileSec><fileGrp>{listed}</fileGrp></fileSec></mets>"
    ).encode()
    return files


@pytest.mark.parametrize("kind", ["folder", "zip", "tar.gz"])
@pytest.mark.parametrize("description", [DC, EAD])
def test_a_described_package_is_taken_in(tmp_path: Path, kind: str, description: bytes) -> None:
    (result,) = judged(packed(kind, tmp_path, package(description), "IP.1"))
    assert result.verdict == "accepted", list(result.report)
    assert result.title == "Hồ sơ về đê"
    assert "ING-EARK-READ" in warnings(result)


def test_a_described_package_in_a_bag_is_taken_in(tmp_path: Path) -> None:
    bag = make_bag({f"IP.1/{name}": data for name, data in package().items()})
    (result,) = judged(packed("tar", tmp_path, bag, "bag"))
    assert result.verdict == "accepted", list(result.report)


@pytest.mark.parametrize(
    ("files", "code"),
    [
        (package(None), "ING-EARK-UNDESCRIBED"),
        (package(b"<dc>"), "ING-XML-MALFORMED"),
        (package(fonds=""), "ING-FONDS-MISSING"),
        (package(DC.replace(b"<date>1990/1999</date>", b"")), "ING-NOT-CLOSED"),
        (package(DC.replace(b"1999", b"2999")), "ING-NOT-CLOSED"),
        (package(DC.replace(b"<dc ", b"<!DOCTYPE dc><dc ")), "ING-XML-MALFORMED"),
        ({**package(), "representations/rep-a/data/a.pdf": b"A.pdf"}, "ING-DIGEST-MISMATCH"),
        ({n: d for n, d in package().items() if not n.endswith("b.txt")}, "ING-FILE-MISSING"),
    ],
)
def test_what_harms_is_refused(tmp_path: Path, files: dict[str, bytes], code: str) -> None:
    (result,) = judged(packed("folder", tmp_path, files, "IP.1"))
    assert code in errors(result), list(result.report)


def test_every_package_of_the_e_ark_corpus_is_judged_and_none_crashes(corpora: Path) -> None:
    roots = [
        path.parent
        for path in sorted((corpora / "eark").rglob("METS.xml"))
        if "representations" not in path.parts
    ]
    assert len(roots) > 100
    for root in roots[::4]:
        for result in judged(root):
            said(result.report)
        assert found(root).arrivals


@pytest.mark.parametrize(("own", "wanted"), [("", "P_SAID"), ("P_OWN", "P_OWN")])
def test_the_receiver_may_say_the_fonds_of_what_names_none(
    tmp_path: Path, own: str, wanted: str
) -> None:
    (arrival,) = found(packed("zip", tmp_path, package(fonds=own), "IP.1")).arrivals
    (tmp_path / "work").mkdir()
    result = judge(replace(arrival, fonds="P_SAID"), tmp_path / "work", held=None, now=NOW)
    said(result.report)
    assert result.verdict == "accepted", list(result.report)
    assert result.object_id.startswith(f"urn:{wanted}:")
    assert ("ING-FONDS-RECEIVER" in warnings(result)) == (not own)
