"""Pages stay small however much there is to show."""

from __future__ import annotations

from dataclasses import replace

import pytest

from api.web.rendering import static_file
from repository.catalogue.catalogue import open_catalogue
from repository.catalogue.records import DocumentRecord
from repository.search_text import SearchText
from tests.api.made import OPEN

HTML = {"Accept": "text/html"}
LARGE = "urn:P_SNV:uuid-00000000-0000-4000-8000-00000000abcd"
LONG = "Về việc phê duyệt phương án bồi thường, hỗ trợ và tái định cư khi Nhà nước thu hồi đất " * 3


def document(place: int, files: int) -> DocumentRecord:
    names = [f"Phụ lục {n} kèm theo tờ trình số {place}.pdf" for n in range(files)]
    return DocumentRecord(
        LARGE, place, "text", f"d{place}", f"c{place}", LONG, "15", str(place), "TTr-UBND",
        "2021-03-12", "Ủy ban nhân dân tỉnh Hà Tĩnh", "01", 2,
        tuple(
            {"path": f"data/representations/rep1/data/{name}", "name": name, "role": "main",
             "size": 1, "sha256": "0" * 64, "sha512": "0" * 128, "mime": "application/pdf"}
            for name in names
        ),
    )  # fmt: skip


@pytest.fixture
def crowded(own, connect):
    """300 documents of 12 files in one dossier, and 300 fonds."""
    with open_catalogue(own.home / "catalogue.sqlite") as catalogue:
        record = catalogue.object(OPEN)
        versions = [replace(v, object_id=LARGE) for v in catalogue.versions(OPEN)]
        with catalogue.transaction() as tx:
            large = replace(record, object_id=LARGE, title=LONG, document_count=300)
            documents = [document(n, 12) for n in range(1, 301)]
            tx.put_object(large, documents, versions, [], {}, SearchText(title=LONG))
            for n in range(300):
                other = replace(
                    record, object_id=f"urn:P_{n}:uuid-x", fonds_code=f"P_{n}", title=LONG,
                    agency_name=f"Ủy ban nhân dân xã số {n}, huyện Cẩm Xuyên, tỉnh Hà Tĩnh",
                    file_code=f"H27.{n}",
                )  # fmt: skip
                tx.put_object(other, [], [], [], {}, SearchText(title=LONG))
    return connect(own)


@pytest.mark.parametrize(
    "path",
    ["/", "/fonds", "/objects", "/search?q=thu hồi đất", f"/objects/{LARGE}",
     f"/objects/{LARGE}?p=15", "/kiem-tra", "/kiem-tra/thieu-ban-sao"],
)  # fmt: skip
def test_a_page_with_its_style_is_under_100_kb(crowded, path):
    answer = crowded.get(path, headers=HTML)
    assert answer.status_code == 200
    assert len(answer.content) + len(static_file("kho.css")) < 100_000


def test_every_document_of_a_large_dossier_is_on_some_page(crowded):
    found = 0
    address = f"/objects/{LARGE}"
    while address:
        text = crowded.get(address, headers=HTML).text
        found += text.count('<li class="bare">')
        address = None
        if 'rel="next"' in text:
            address = text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert found == 300
