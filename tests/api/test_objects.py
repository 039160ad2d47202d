"""Lists of dossiers and one dossier: what each kind of reader gets."""

from urllib.parse import quote

import pytest

from tests.api.made import CONDITIONAL, ESCAPED, OPEN, SECRET, UNKNOWN


def url(object_id: str, *rest: str) -> str:
    return "/".join(["/objects", quote(object_id, safe=""), *rest])


def test_everybody_sees_open_and_conditional_dossiers_in_lists_and_sums(reader):
    items = reader.get("/objects").json()["items"]
    assert [item["object_id"] for item in items] == sorted([OPEN, ESCAPED, CONDITIONAL])
    assert reader.get("/status").json()["counts"]["objects"] == 3


def test_an_auditor_sees_all_dossiers_in_lists_and_sums(auditor):
    items = auditor.get("/objects").json()["items"]
    everything = sorted([OPEN, ESCAPED, CONDITIONAL, SECRET, UNKNOWN])
    assert [item["object_id"] for item in items] == everything
    assert auditor.get("/status").json()["counts"]["objects"] == 5


def test_pages_joined_are_the_list(reader):
    whole = reader.get("/objects").json()["items"]
    joined, address = [], "/objects?limit=1"
    while address:
        answer = reader.get(address)
        page = answer.json()
        joined += page["items"]
        address = page["next"]
        assert (f'<{address}>; rel="next"' in answer.headers.get("link", "")) is bool(address)
    assert joined == whole


def test_a_list_of_one_fonds_holds_no_other(reader):
    items = reader.get("/objects", params={"fonds": "P%5FS%2FNV"}).json()["items"]
    assert [item["object_id"] for item in items] == [ESCAPED]


def test_an_open_dossier_is_shown_with_its_documents_and_files(reader):
    body = reader.get(url(OPEN)).json()
    assert body["head"] == "v2"
    assert body["access"] == "open"
    assert body["access_note"] is None
    assert len(body["documents"]) == 4
    file = body["documents"][0]["files"][0]
    answer = reader.get(file["links"]["bytes"])
    assert answer.status_code == 200
    assert len(answer.content) == file["size"]


def test_every_link_of_an_open_dossier_leads_somewhere(reader):
    body = reader.get(url(OPEN)).json()
    version = reader.get(body["links"]["head"]).json()
    for address in [*body["links"].values(), *version["links"].values()]:
        assert reader.get(address).status_code == 200, address


def test_the_page_of_a_dossier_is_signposted(reader):
    links = reader.get(url(OPEN)).headers["link"]
    for relation in ("cite-as", "describedby", "item", "type", "latest-version", "linkset"):
        assert f'rel="{relation}"' in links
    answer = reader.get(url(OPEN, "linkset"))
    assert answer.headers.get_list("content-type") == ["application/linkset+json"]
    context = answer.json()["linkset"][0]
    assert context["cite-as"] == [{"href": context["anchor"]}]
    assert len(context["item"]) == 6


def test_a_conditional_dossier_is_described_and_nothing_of_its_content_is(reader):
    answer = reader.get(url(CONDITIONAL))
    body = answer.json()
    assert body["title"] == "Hồ sơ kỷ luật cán bộ, năm 2021"
    assert body["access"] == "conditional"
    assert "object_id" in body["access_note"]["en"]
    assert body["documents"] is None
    assert body["head"] is None
    assert body["links"].keys() == {"self"}
    assert "describedby" not in answer.headers["link"]
    assert answer.headers["cache-control"] == "private, no-store"


PARTS = [
    ("versions",),
    ("v1",),
    ("v1", "files"),
    ("v1", "files", "bagit.txt"),
    ("v1", "inventory.json"),
    ("v1", "mets.xml"),
    ("v1", "premis.xml"),
    ("v1", "ead.xml"),
    ("v1", "dossier.json"),
    ("events",),
    ("fixity",),
    ("linkset",),
]


@pytest.mark.parametrize("part", PARTS)
def test_no_part_of_a_conditional_dossier_is_given_and_the_refusal_says_how_to_ask(reader, part):
    answer = reader.get(url(CONDITIONAL, *part))
    assert answer.status_code == 403
    assert answer.json()["code"] == "access-conditional"
    assert "Write to Trung tâm" in answer.json()["detail"]


@pytest.mark.parametrize("object_id", [SECRET, UNKNOWN])
@pytest.mark.parametrize("part", [(), *PARTS])
def test_a_secret_dossier_is_exactly_as_absent_as_one_that_never_was(reader, object_id, part):
    hidden = reader.get(url(object_id, *part))
    absent = reader.get(url("urn:P_SNV:uuid-none", *part))
    assert hidden.status_code == absent.status_code == 404
    assert hidden.content == absent.content
    assert hidden.headers == absent.headers


@pytest.mark.parametrize("part", [(), *PARTS])
def test_an_auditor_reads_every_part_of_every_dossier(auditor, part):
    for object_id in (OPEN, CONDITIONAL, SECRET):
        answer = auditor.get(url(object_id, *part))
        assert answer.status_code == 200, (object_id, part)
        assert answer.headers["cache-control"] == "private, no-store"


def test_versions_are_listed_first_to_head(reader):
    items = reader.get(url(OPEN, "versions")).json()["items"]
    assert [(item["version"], item["is_head"]) for item in items] == [("v1", False), ("v2", True)]


def test_events_of_a_dossier_are_in_order_and_say_nothing_of_transfers(reader):
    items = reader.get(url(OPEN, "events")).json()["items"]
    assert [item["type"] for item in items] == ["ingestion", "metadata modification"]
    assert all(item["detail"] is None and item["transfer_id"] is None for item in items)
    page = reader.get(url(OPEN, "events"), params={"limit": 1}).json()
    assert reader.get(page["next"]).json() == {"items": items[1:], "next": None}


def test_fixity_tells_of_each_copy_and_each_audit(reader):
    body = reader.get(url(OPEN, "fixity")).json()
    assert [(copy["store"], copy["verdict"]) for copy in body["copies"]] == [
        ("copy-1", "intact"),
        ("primary", "intact"),
    ]
    assert len(body["history"]) == 2
    assert body["history"][0]["intact"] == body["history"][0]["expected"] > 0


def test_sums_of_an_audit_are_for_auditors_since_they_count_closed_dossiers(reader, auditor):
    run = reader.get("/audits").json()["items"][0]
    assert run["totals"] is None
    assert reader.get(run["links"]["self"]).json()["results"] is None
    seen = auditor.get(run["links"]["self"]).json()
    assert seen["totals"]["objects"] == 4
    assert seen["results"] == []


def test_events_and_transfers_are_for_auditors(reader, auditor):
    for path in ("/events", "/transfers", "/transfers/20261122-0099"):
        answer = reader.get(path)
        assert answer.status_code == 401
        assert answer.json()["code"] == "auditors-only"
        assert answer.headers["www-authenticate"] == "Bearer"
        assert auditor.get(path).status_code == 200


def test_an_auditor_pages_through_transfers_and_reads_their_findings(auditor):
    whole = auditor.get("/transfers").json()["items"]
    assert len(whole) == 5
    joined, address = [], "/transfers?limit=2"
    while address:
        page = auditor.get(address).json()
        joined += page["items"]
        address = page["next"]
    assert joined == whole
    refused = auditor.get("/transfers?state=refused").json()["items"]
    assert [item["transfer_id"] for item in refused] == ["20261122-0099"]
    assert refused[0]["problems"][0]["code"] == "ING-DATE-ORDER"


def test_the_start_page_leads_everywhere(reader, auditor):
    for address in reader.get("/").json()["links"].values():
        assert reader.get(address).status_code in (200, 422), address
    assert {"events", "transfers"} <= auditor.get("/").json()["links"].keys()


def test_health_says_which_part_is_away(connect, own):
    client = connect(own)
    assert client.get("/health").status_code == 200
    (own.place() / "store.json").unlink()
    answer = client.get("/health")
    assert answer.status_code == 503
    assert answer.json() == {"status": "unwell", "catalogue": True, "primary_store": False}


def test_open_versions_are_cached_for_ever_and_what_can_change_is_asked_for_anew(reader):
    assert "immutable" in reader.get(url(OPEN, "v1", "mets.xml")).headers["cache-control"]
    assert "immutable" in reader.get(url(OPEN, "v1", "files")).headers["cache-control"]
    for path in (url(OPEN), url(OPEN, "v1"), url(OPEN, "fixity"), "/objects", "/status"):
        answer = reader.get(path)
        assert answer.headers["cache-control"] == "public, no-cache"
        assert answer.headers["vary"] == "Authorization, Accept"
