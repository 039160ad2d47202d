"""The plans behind the samples, for any seed: codes, dates, words that can be set in our faces."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kho.demo.layout import PAGE_HEIGHT, PAGE_WIDTH, font, set_pages, text_width
from kho.demo.plan import plan_dossier
from kho.demo.themes import THEMES

_RUN = 400
_seeds = st.integers(min_value=0, max_value=2**32)
_places = st.integers(min_value=0, max_value=_RUN - 1)


@settings(max_examples=40, deadline=None)
@given(_seeds, _places)
def test_a_planned_dossier_is_closed_counted_and_coded_by_the_rules(seed: int, index: int) -> None:
    plan = plan_dossier(seed, index, _RUN)
    assert plan == plan_dossier(seed, index, _RUN)
    assert plan.start <= plan.end
    assert plan.documents
    ordinals = [d.ordinal for d in plan.documents] + [p.ordinal for p in plan.photos]
    assert ordinals == list(range(1, len(ordinals) + 1))
    for document in plan.documents:
        assert document.doc_id == f"{plan.file_code}.{document.ordinal}"
        assert len(document.doc_id) <= 25
        assert plan.start <= document.paper.issued <= plan.end
        assert document.paper.issued.weekday() < 5
        assert len(document.paper.subject) <= 500
        assert document.mode == plan.mode != "03"
    issued = [d.paper.issued for d in plan.documents if not d.linked_to]
    assert issued == sorted(issued)


@settings(max_examples=25, deadline=None)
@given(_seeds, _places)
def test_every_line_stands_inside_the_page_and_every_letter_has_a_glyph(
    seed: int, index: int
) -> None:
    plan = plan_dossier(seed, index, _RUN)
    for document in plan.documents[:9]:
        pages = set_pages(document.paper)
        assert 1 <= len(pages) <= 3
        for page in pages:
            for run in page.runs:
                assert set(map(ord, run.text)) <= font(run.face).face.charToGlyph.keys()
                stretched = run.text.count(" ") * run.space
                right = run.x + text_width(run.text, run.face, run.size) + stretched
                assert run.x >= 70
                assert right <= PAGE_WIDTH - 28
                assert 28 <= run.y <= PAGE_HEIGHT - 28
        # Without the page numbers, which stand between two halves of a sentence.
        runs = [run for page in pages for run in page.runs if not run.text.isdecimal()]
        words = " ".join(run.text for run in runs)
        assert document.paper.signer in words
        for sentence in document.paper.body:
            assert sentence in words


def test_no_two_dossiers_of_a_large_run_share_a_code_or_an_identifier() -> None:
    plans = [plan_dossier(2025, index, _RUN) for index in range(_RUN)]
    assert len({plan.file_code for plan in plans}) == _RUN
    assert len({plan.uuid for plan in plans}) == _RUN
    assert {plan.theme.key for plan in plans} == set(THEMES)
    assert {plan.fonds.code for plan in plans} == {"P_UBND", "P_SNV", "P_STNMT"}


def test_a_run_of_twelve_has_a_dossier_of_three_hundred_documents_and_a_smaller_one_of_forty() -> (
    None
):
    assert len(plan_dossier(2025, 1, 12).documents) == 300
    assert len(plan_dossier(2025, 1, 11).documents) == 40


def test_a_dossier_does_not_depend_on_how_many_others_there_are() -> None:
    assert plan_dossier(2025, 5, 12) == plan_dossier(2025, 5, 5000)


def test_one_person_signs_in_one_office_only_as_head_or_as_deputy() -> None:
    for index in range(12):
        posts: dict[tuple[str, str], set[str]] = {}
        for document in plan_dossier(2025, index, 12).documents:
            paper = document.paper
            if paper.kind.short != "BB" and not document.linked_to:
                posts.setdefault((paper.office.name, paper.signer), set()).add(paper.signer_title)
        assert all(len(titles) == 1 for titles in posts.values())
