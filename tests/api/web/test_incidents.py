"""The page of incidents: numbers for everybody, names for auditors, and the same as data."""

from __future__ import annotations

import pytest

from preservation.incidents.following import IncidentServices, open_finding
from preservation.incidents.incident import Cause, Finding
from repository.catalogue.catalogue import open_catalogue
from repository.clock import SystemClock
from tests.api.made import OPEN, SECRET, TOKEN

HTML = {"Accept": "text/html"}


@pytest.fixture
def names(own) -> list[str]:
    """Two incidents, one of them about a secret dossier with a hostile reason."""
    with open_catalogue(own.home / "catalogue.sqlite") as catalogue:
        services = IncidentServices(catalogue, SystemClock())
        detail = {
            "why": "<script>alert(1)</script>",
            "files": [{"path": "<b>", "verdict": "altered", "reason": ""}],
        }
        steps = [
            *open_finding(services, Finding(Cause.DAMAGE, OPEN, "copy-1", ("altered",))),
            *open_finding(services, Finding(Cause.CATALOGUE, SECRET, "x", (), detail=detail)),
        ]
    return [step.incident.incident_id for step in steps]


def test_everybody_sees_how_many_and_auditors_which(connect, own, names) -> None:
    told = connect(own).get("/su-co").json()
    assert (told["open"], told["counts"], told["items"]) == (2, {"found": 2}, None)
    text = connect(own).get("/su-co", headers=HTML).text
    assert not any(name in text for name in names)
    assert SECRET not in text
    client = connect(own, TOKEN)
    told = client.get("/su-co").json()
    assert {one["incident_id"] for one in told["items"]} == set(names)
    text = client.get("/su-co", headers=HTML).text
    assert all(name in text for name in names)
    assert "<script>" not in text


def test_one_incident_is_for_auditors(connect, own, names) -> None:
    for name in names:
        assert connect(own).get(f"/su-co/{name}").status_code in (401, 403)
        client = connect(own, TOKEN)
        assert client.get(f"/su-co/{name}").json()["incident_id"] == name
        for language in ("vi", "en"):
            page = client.get(f"/su-co/{name}?lang={language}", headers=HTML)
            assert page.status_code == 200
            assert "<script>" not in page.text
            assert "<b>" not in page.text
    assert connect(own, TOKEN).get("/su-co/INC-nothing").status_code == 404


def test_the_desk_leads_to_the_incidents(connect, own, names) -> None:
    text = connect(own).get("/kiem-tra", headers=HTML).text
    assert "/su-co" in text
