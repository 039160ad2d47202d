"""`docs/api.md` names every address and every kind of problem, and no others."""

import re
from pathlib import Path

from api.problems import STATUS
from tests.api.test_openapi import CHECKED_IN

TEXT = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")


def test_every_kind_of_problem_is_documented_with_its_status():
    table = TEXT.split("## Problems")[1].split("## Running")[0]
    rows = re.findall(r"^\| (\d{3}) \| (.+) \|$", table, re.MULTILINE)
    documented = {code: int(s) for s, codes in rows for code in re.findall("`([a-z-]+)`", codes)}
    assert documented == dict(STATUS)


def test_every_address_is_documented(reader):
    for path in reader.get("/openapi.json").json()["paths"]:
        if path.count("/") == 4 and path.endswith((".xml", ".json")):
            assert path.rsplit("/", 1)[1] in TEXT
            continue
        written = path.replace("{object_id}", "{id}").replace("{version}", "v{n}")
        written = written.replace("{path}", "{path}").replace("{transfer_id}", "{id}")
        assert f"`{written.replace('{run_id}', '{run}')}" in TEXT, path
    assert CHECKED_IN.is_file()
