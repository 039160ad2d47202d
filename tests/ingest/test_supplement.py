"""A supplemented object written again: nothing that came with either submission is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ingest import pipeline
from kho import founding, intake, wiring
from preservation.package.plan import plan_reprofile
from preservation.updating import read_base
from repository.model import ObjectId
from tests.ingest.readers.sip import DOSSIER, Sip, doc, write_sip


def test_a_supplemented_object_written_again_keeps_every_file_and_both_reports(
    tmp_path: Path,
) -> None:
    home = tmp_path / "archive"
    founding.found(home, "test")
    added = {**DOSSIER, "totalDoc": "1"}
    sips = (Sip(), Sip(status="SUPPLEMENT", docs=(doc(3),), dossier=added))
    with wiring.open_archive(home) as archive, intake.services(archive) as services:
        services = replace(services, gatherer=None)
        for number, sip in enumerate(sips):
            (tmp_path / str(number)).mkdir()
            source = write_sip(tmp_path / str(number), sip)
            assert pipeline.ingest(services, source, operator="t").verdict == "accepted"
        held = next(iter(archive.catalogue.objects()))
        base = read_base(services.holding, ObjectId(held.object_id))
        inventory = base.held.facts.inventory
        plan = plan_reprofile(
            base.record,
            inventory,
            base.kept,
            now=archive.clock.now(),
            software=services.software,
            organisation=services.organisation,
            reason="thử",
            operator="t",
        )
    paths = {file.logical_path for file in plan.version.files}
    assert paths == set(inventory.state(base.held.facts.head.version))
    assert sum("intake-report" in path for path in paths) == 2
