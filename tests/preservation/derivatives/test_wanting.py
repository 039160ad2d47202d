from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preservation.derivatives import PAGE_IMAGE, TEXT, THUMBNAIL, Task, media_of, wanted
from repository.catalogue.records import DocumentRecord

A, B = "a" * 128, "b" * 128


def document(*files: dict[str, object]) -> DocumentRecord:
    return DocumentRecord(
        "urn:x", 1, "text", "d", "c", "t", "", "", "", "", "", "01", None, tuple(files)
    )


def file(name: str, **values: object) -> dict[str, object]:
    return {
        "path": f"data/{name}",
        "role": "main",
        "name": name,
        "size": 10,
        "sha256": "",
        "sha512": A,
        "mime": "",
        **values,
    }


@pytest.mark.parametrize(
    ("name", "mime", "puid", "media"),
    [
        ("a.pdf", "", "", "pdf"),
        ("a.PDF", "", "UNKNOWN", "pdf"),
        ("a", "application/pdf; version=1.7", "", "pdf"),
        ("a.docx", "application/pdf", "fmt/412", None),  # the bytes decide
        ("a.docx", "", "fmt/477", "pdf"),
        ("a.bin", "image/tiff", "fmt/353", "image"),
        ("a.tif", "application/octet-stream", "", "image"),
        ("a.tif", "text/plain", "", None),
        ("a.png", "", "fmt/11", "image"),
        ("a.jpg", "", "x-fmt/391", "image"),
        ("a.docx", "", "", None),
        ("pdf", "", "", None),
        ("", "", "", None),
    ],
)
def test_what_a_file_is_rendered_as(name, mime, puid, media):
    assert media_of(name, mime, puid) == media


@given(st.text(), st.text(), st.text())
def test_any_name_type_and_puid_is_answered(name, mime, puid):
    assert media_of(name, mime, puid) in ("pdf", "image", None)


def test_pdfs_get_text_and_images_do_not():
    tasks = wanted([document(file("a.pdf"), file("b.jpg", sha512=B))])
    assert [(task.media, task.recipes) for task in tasks] == [
        ("pdf", (THUMBNAIL, PAGE_IMAGE, TEXT)),
        ("image", (THUMBNAIL, PAGE_IMAGE)),
    ]


def test_the_same_bytes_are_wanted_once():
    assert len(wanted([document(file("a.pdf")), document(file("b.pdf"))])) == 1


def test_links_metadata_and_empty_files_are_not_rendered():
    files = [file("a.pdf", role="link"), file("b.pdf", role="metadata"), file("c.pdf", size=0)]
    assert wanted([document(*files)]) == []


def test_a_task_without_a_digest_is_refused():
    with pytest.raises(ValueError, match="sha512"):
        Task("urn:x", "data/a.pdf", "../../etc", 1, "pdf", (TEXT,))
