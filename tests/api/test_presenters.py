"""Bodies: odd values of the catalogue, and lists that are long."""

import pytest

from api.links import LONGEST_ITEMS, Links
from api.media import UNKNOWN, disposition, media_type
from repository.catalogue.catalogue import open_catalogue
from repository.catalogue.records import AuditResultRecord, AuditRunRecord, EventRecord
from repository.search_text import SearchText
from tests.api.made import NOW, OPEN, TOKEN
from tests.api.test_objects import url
from tests.repository.catalogue.making import make_document, make_object

RUN = "AUD-20261122-050505-abcdef"


@pytest.fixture
def troubled(own):
    """The archive after an audit that found something in many copies."""
    with open_catalogue(own.home / "catalogue.sqlite") as catalogue, catalogue.transaction() as tx:
        tx.put_audit_run(
            AuditRunRecord(
                RUN, "all", "2026-11-22T05:05:05Z", "", "lan", "", {"stores_unavailable": ["usb"]}
            )
        )
        found = ({"path": "v1/a\udcff", "verdict": "ALTERED", "reason": "/srv/primary: EIO"},)
        checked = "2026-11-22T05:06:00Z"
        results = [
            AuditResultRecord(
                RUN, object_id, store, checked, "damaged", 9, 8, 1, 0, 0, 0, 0, 100, found
            )
            for object_id in (OPEN, *(f"urn:x:{n:03}" for n in range(7)))
            for store in ("primary", "copy-1")
        ]
        tx.put_audit_results(results)
        for n in range(5):
            tx.append_event(
                EventRecord(f"e-{n}", "recovery", "2026-11-22T05:00:00Z", "kho", "success",
                            detail={"name": "a\udcff", "list": [1, None, {"x": "\ud800"}]})
            )  # fmt: skip
    return own


def test_results_that_are_not_intact_are_paged_for_auditors(connect, troubled):
    client = connect(troubled, TOKEN)
    whole = client.get(f"/audits/{RUN}").json()
    assert whole["finished_at"] is None
    assert whole["stores_unavailable"] == ["usb"]
    assert len(whole["results"]) == 16
    joined, address = [], f"/audits/{RUN}?limit=3"
    while address:
        page = client.get(address).json()
        joined += page["results"]
        address = page["next"]
    assert joined == whole["results"]
    first, second = (client.get(p).json() for p in ("/audits", "/audits?limit=1"))
    assert first["items"][0]["run_id"] == RUN
    assert client.get(second["next"]).json()["items"] == first["items"][1:]


def test_reasons_that_name_places_of_the_machine_are_for_auditors(connect, troubled):
    public = connect(troubled).get(url(OPEN, "fixity"))
    assert "/srv/" not in public.text
    assert public.json()["history"][0]["files"][0]["verdict"] == "ALTERED"
    assert "/srv/" in connect(troubled, TOKEN).get(url(OPEN, "fixity")).text


def test_events_go_on_where_the_reader_stopped(connect, troubled):
    client = connect(troubled, TOKEN)
    joined, address = [], "/events?limit=2"
    while address:
        page = client.get(address).json()
        joined += page["items"]
        address = page["next"]
    assert [event["sequence"] for event in joined] == list(range(1, len(joined) + 1))
    assert joined[-1]["detail"] == {"name": "a\\udcff", "list": [1, None, {"x": "\\ud800"}]}


def test_what_is_no_character_is_shown_escaped_and_breaks_nothing(connect, own):
    record = make_object(7, title="Hồ sơ \udcff\x00", agency_name="\ud800")
    document = make_document(record, files=({"path": "data/\udcff.pdf"},))
    with open_catalogue(own.home / "catalogue.sqlite") as catalogue, catalogue.transaction() as tx:
        tx.put_object(record, [document], [], [], {}, SearchText(title="Hồ sơ \udcff"))
    client = connect(own)
    body = client.get(url(record.object_id)).json()
    assert body["title"] == "Hồ sơ \\udcff\x00"
    assert body["documents"][0]["files"][0]["size"] is None
    assert client.get("/objects").status_code == 200
    assert client.get("/search?q=hồ sơ").status_code == 200


def test_a_version_that_storage_does_not_have_is_damage_and_not_a_fault(connect, own):
    from repository.catalogue.records import ExpectedRecord, VersionRecord

    record = make_object(8, head="v1")
    version = VersionRecord(record.object_id, "v1", "2026-11-22T00:00:00Z", "", "", "0" * 128, "")
    expected = ExpectedRecord(record.object_id, "v1/inventory.json", 10, "0" * 128)
    with open_catalogue(own.home / "catalogue.sqlite") as catalogue, catalogue.transaction() as tx:
        tx.put_object(record, [], [version], [expected], {}, SearchText())
    answer = connect(own).get(url(record.object_id, "v1", "files"))
    assert (answer.status_code, answer.json()["code"]) == (500, "damaged")
    assert {line["kind"] for line in own.lines("damage")} == {"missing"}
    assert NOW.strftime("%Y-%m-%d") in own.lines("damage")[0]["at"]


def test_the_link_header_stays_short_however_many_files_there_are():
    links = Links("http://kho.test/")
    few = [(f"data/{n}.pdf", "application/pdf") for n in range(10)]
    many = [(f"data/{n}.pdf", "application/pdf") for n in range(100_000)]
    long = [(f"data/{'ệ' * 200}{n}.pdf", "application/pdf") for n in range(10)]
    for items, named in ((few, 10), (many, 0), (long, 0)):
        values = links.signposts(OPEN, "v1", items)
        assert sum('rel="item"' in value for value in values) == named
        assert any('rel="linkset"' in value for value in values)
        assert sum(map(len, values)) < LONGEST_ITEMS + 2_000
        assert ", ".join(values).isascii()


@pytest.mark.parametrize(
    ("name", "kind", "shown"),
    [
        ("a.PDF", "application/pdf", True),
        ("a.svg", "image/svg+xml", False),
        ("a.html", "text/html", False),
        ("a.pdf.exe", UNKNOWN, False),
        ("README", UNKNOWN, False),
        ("a.", UNKNOWN, False),
        ("thư.txt", "text/plain; charset=utf-8", True),
        ("data.d/README", UNKNOWN, False),
    ],
)
def test_types_come_from_names_and_only_harmless_ones_are_shown(name, kind, shown):
    assert media_type(f"data/{name}") == kind
    assert disposition(f"data/{name}").startswith("inline" if shown else "attachment")


@pytest.mark.parametrize("name", ['a"; filename="b.exe', "a\r\nX: y", "a\\b", "\x7f", "é" * 300])
def test_no_name_can_add_to_the_header(name):
    header = disposition(f"data/{name}")
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    assert "\\" not in header
