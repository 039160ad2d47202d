"""The page of coverage and its data: the same figures, and no more than a reader may know."""

from __future__ import annotations

from tests.api.made import CONDITIONAL, OPEN, SECRET

PATH = "/kiem-tra/do-phu"
HTML = {"Accept": "text/html"}


def test_the_page_says_what_its_data_says(auditor) -> None:
    data = auditor.get(PATH, headers={"Accept": "application/json"}).json()
    assert data["everything"] is True
    page = auditor.get(PATH, headers={**HTML, "Cookie": "kho_lang=en"})
    assert page.status_code == 200
    for store in data["stores"]:
        assert f"{store['percent']} %" in page.text
        assert f"{store['files']:,}" in page.text
        parts = ("audited", "written", "unread", "missing", "late", "unproven", "lacking")
        assert sum(store[name] for name in parts) == store["files"] > 0
        assert store["months"][0]["month"] == "2026-11"
    assert f'{PATH}"' in auditor.get("/kiem-tra", headers=HTML).text


def test_everybody_sees_open_dossiers_alone_and_no_months(reader, auditor) -> None:
    ours = reader.get(PATH).json()
    theirs = auditor.get(PATH).json()
    assert ours["everything"] is False
    for mine, all_ in zip(ours["stores"], theirs["stores"], strict=True):
        assert 0 < mine["files"] < all_["files"]
        assert mine["months"] is None
    assert CONDITIONAL not in str(ours)
    assert SECRET not in str(ours)


def test_what_could_not_be_read_is_named(own, connect) -> None:
    from repository.catalogue.catalogue import open_catalogue

    with open_catalogue(own.home / "catalogue.sqlite") as catalogue, catalogue.transaction() as tx:
        tx.mark_copy_checked(OPEN, "primary", "2026-11-22T03:00:00Z", "incomplete")
    client = connect(own)
    store = client.get(PATH).json()["stores"][0]
    assert [one["object_id"] for one in store["unread_here"]] == [OPEN]
    assert store["complete"] is False
    assert OPEN in client.get(PATH, headers=HTML).text
