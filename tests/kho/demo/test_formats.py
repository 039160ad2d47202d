"""Every file of the demo is, to an identifier that reads bytes, what the generator says it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from kho.demo.documents import PUIDS
from kho.demo.plan import DossierPlan, plan_dossier
from preservation.formats import SiegfriedIdentifier
from tests.kho.demo.reading import Opened


def test_every_file_of_the_demo_is_identified_as_what_the_generator_says(
    good: list[Opened], tmp_path: Path
) -> None:
    paths: dict[str, str] = {}
    names: dict[str, str] = {}
    expected: dict[str, str] = {}
    for index, opened in enumerate(good):
        plan = plan_dossier(2025, index, 12)
        for member, content in opened.members.items():
            file_id = f"{index}/{member}"
            place = tmp_path / str(len(paths))
            place.write_bytes(content)
            paths[file_id], names[file_id] = str(place), PurePosixPath(member).name
            expected[file_id] = PUIDS[_kind(plan, member)]
    with SiegfriedIdentifier() as identifier:
        facts = identifier.identify(paths, names=names)
    assert {file_id: fact.puid for file_id, fact in facts.items()} == expected
    assert {expected[file_id] for file_id in paths} == set(PUIDS.values())
    assert {fact.warning for fact in facts.values()} == {""}


def test_every_kind_is_among_the_files_of_the_demo(good: list[Opened]) -> None:
    kinds = {
        _kind(plan_dossier(2025, index, 12), member)
        for index, opened in enumerate(good)
        for member in opened.members
    }
    assert kinds == set(PUIDS)


def test_the_documentation_names_the_formats_of_every_kind() -> None:
    text = (Path(__file__).parents[3] / "docs" / "sample-transfers.md").read_text("utf-8")
    for puid in PUIDS.values():
        assert f"`{puid}`" in text


def _kind(plan: DossierPlan, member: str) -> str:
    name = PurePosixPath(member).name
    if "/data/" not in member:
        return "schema" if name.endswith(".xsd") else "metadata"
    return next(kind for prefix, kind in _prefixes(plan) if name.startswith(prefix))


def _prefixes(plan: DossierPlan) -> Iterator[tuple[str, str]]:
    """Beginnings of file names with the kind of what begins so, the longer ones first."""
    for document in plan.documents:
        for attachment in document.attachments:
            yield f"{document.doc_id}.{attachment.suffix}.", attachment.form
        yield f"{document.doc_id}.", document.form
    for photo in plan.photos:
        yield f"{photo.doc_id}.", "photo"
