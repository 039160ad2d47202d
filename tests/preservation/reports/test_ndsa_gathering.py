"""What the NDSA report asks of a running archive: nothing that could not be asked is left out."""

from __future__ import annotations

from dataclasses import replace

from kho import reporting, wiring
from preservation.media import Medium
from preservation.reports import ndsa
from preservation.reports.ndsa_gathering import StoreSaid, gather
from preservation.reports.ndsa_values import NdsaFacts
from tests.archives import TestArchive

MEDIUM = Medium(None, None)


def facts_of(archive: TestArchive) -> NdsaFacts:
    with wiring.open_archive(archive.home, read_only=True) as opened:
        said = {name: StoreSaid("local", "Hà Nội", MEDIUM) for name in opened.stores}
        asked = reporting.asking(opened)
        return gather(asked, said, archive.home, software="Kho", seed=1)


def claims(facts: NdsaFacts) -> dict[str, str]:
    return {claim.en: claim.result for cell in ndsa.assess(facts, {}) for claim in cell.claims}


def test_a_drawn_dossier_whose_record_cannot_be_read_counts_with_all_its_documents(
    archive: TestArchive,
) -> None:
    whole = facts_of(archive)
    assert whole.sampled == 3
    assert whole.identified == whole.sampled_files > 0
    folder = archive.object_folders("primary")[0]
    for path in sorted(folder.rglob("inventory.json*")):
        path.unlink()
    broken = facts_of(archive)
    assert (broken.sampled, broken.sample_seed) == (whole.sampled, whole.sample_seed)
    with wiring.open_archive(archive.home, read_only=True) as opened:
        documents = {
            record.document_count
            for record in opened.catalogue.objects(canaries=False)
            if record.object_id not in names_of(archive)
        }
    (lost,) = documents
    assert broken.sampled_files - broken.identified == lost > 0
    # So what was met before is not met now, and nothing else became so.
    before, after = claims(whole), claims(broken)
    assert {name for name in before if before[name] == "met" != after[name]}
    assert not {name for name in before if before[name] != "met" == after[name]}
    assert claims(replace(broken, identified=broken.sampled_files)) == before


def names_of(archive: TestArchive) -> set[str]:
    """The objects of the primary store whose inventory is there."""
    import json

    return {
        json.loads((folder / "inventory.json").read_bytes())["id"]
        for folder in archive.object_folders("primary")
        if (folder / "inventory.json").exists()
    }
