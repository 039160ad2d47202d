"""Dossiers at once: told in order, settled as if one after the other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from kho import founding, taking, wiring
from tests.ingest.readers.sip import DOSSIER, Sip, doc, write_sip


def package(folder: Path, name: str, **changes: object) -> Path:
    sip = replace(Sip(container=name), **changes)  # type: ignore[arg-type]
    return write_sip(folder, sip)


def test_a_batch_at_once_ends_as_one_after_the_other_would(tmp_path: Path) -> None:
    """A dossier, its supplement, another of its code, another of its identifier, the first again, and
    what is no package: each is judged by all that came before it."""
    drop = tmp_path / "drop"
    drop.mkdir()
    other_id = "uuid-0A0B0C0D-1111-4222-8333-000000000007"
    added = {**DOSSIER, "totalDoc": "1"}
    sources = [
        package(drop, "1.zip"),
        package(drop, "2.zip", status="SUPPLEMENT", docs=(doc(3),), dossier=added),
        package(drop, "3.zip", objid=other_id, top=other_id),
        package(drop, "4.zip", dossier={**DOSSIER, "fileCode": f"{DOSSIER['fileCode']}.khac"}),
        package(drop, "5.zip"),
        drop / "6.zip",
    ]
    sources[5].write_bytes(b"no package")
    verdicts = {}
    for jobs in (1, 3):
        home = tmp_path / f"archive-{jobs}"
        founding.found(home, "test")
        with wiring.open_archive(home) as archive:
            taken = list(taking.take_all(archive, sources, operator="test", jobs=jobs))
            assert [one.source for one in taken] == sources
            assert all(one.failure is None for one in taken)
            verdicts[jobs] = [one.result.verdict for one in taken if one.result]
            assert [(o.head, o.document_count) for o in archive.catalogue.objects()] == [("v2", 3)]
            assert list(archive.catalogue.outbox()) == []
            assert archive.work.all() == []
    assert verdicts[1] == ["accepted", "accepted", "refused", "refused", "accepted", "refused"]
    assert verdicts[3] == verdicts[1]


def test_what_is_not_begun_when_asked_to_stop_is_not_taken(tmp_path: Path) -> None:
    home, drop = tmp_path / "archive", tmp_path / "drop"
    drop.mkdir()
    founding.found(home, "test")
    sources = [package(drop, f"{n}.zip") for n in range(3)]
    asked = iter([False, True, True, True, True, True])
    with wiring.open_archive(home) as archive:
        taken = list(
            taking.take_all(archive, sources, operator="t", jobs=1, stop=lambda: next(asked, True))
        )
    assert len(taken) == 1
