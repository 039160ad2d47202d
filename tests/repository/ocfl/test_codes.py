import json
import re
from importlib.resources import files
from pathlib import Path

import repository.ocfl
from repository.ocfl.codes import CODES_1_0, CODES_1_1, finding

DOCUMENT = Path(__file__).parents[3] / "docs" / "conformance.md"


def test_every_code_is_reported_somewhere_or_its_absence_is_explained() -> None:
    (folder,) = repository.ocfl.__path__
    source = "".join(path.read_text("utf-8") for path in sorted(Path(folder).glob("*.py")))
    reported = set(re.findall(r'"([EW][0-9]{3})"', source))
    section = (
        DOCUMENT.read_text("utf-8").partition("### Codes never reported")[2].partition("###")[0]
    )
    rows = re.findall(r"^\| ((?:[EW][0-9]{3}(?:, )?)+) \|", section, re.MULTILINE)
    explained = {code for row in rows for code in row.split(", ")}
    assert reported <= CODES_1_0 | CODES_1_1
    assert (CODES_1_0 | CODES_1_1) - reported == explained


def test_a_rule_that_1_0_does_not_have_gives_no_finding_there() -> None:
    assert finding("1.0", "E107", "") == []
    assert [p.code for p in finding("1.1", "E107", "")] == ["E107"]
    assert [p.code for p in finding(None, "E112", "")] == ["E112"]
    assert [p.code for p in finding("1.0", "E112", "")] == ["E086"]


def test_what_is_shown_is_bounded_and_can_be_printed() -> None:
    (problem,) = finding("1.1", "E023", "v1/content/\udcff", "x" * 1000)
    assert problem.location == "v1/content/\\udcff"
    assert len(problem.params["value"]) == 300


def test_the_texts_of_the_standards_codes_use_only_what_every_finding_has() -> None:
    for language in ("vi", "en"):
        source = (files("schemas") / "texts" / f"ocfl.{language}.json").read_text("utf-8")
        for code, text in json.loads(source).items():
            if code in CODES_1_0 | CODES_1_1:
                assert set(re.findall(r"\{([a-z_]+)\}", text)) <= {"value", "expected"}
