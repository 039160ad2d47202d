import pytest

from ingest.policy import Policy, decide
from repository.problems import Report, error, info, warning

CLEAN = Report.of([info("ING-LINK-RESOLVED"), warning("ING-PAPER-CODE")])
BAD = Report.of([warning("ING-PAPER-CODE"), error("ING-TOTAL-DOC"), error("ING-TOTAL-DOC")])


def test_the_automatic_policy_accepts_what_has_no_error_and_names_its_author():
    decision = decide(CLEAN, Policy("tu-dong", "Nguyễn Thị Hòa"))
    assert (decision.verdict, decision.by) == ("accepted", "tu-dong (Nguyễn Thị Hòa)")
    assert decision.reason == "0 errors, 1 warnings"


def test_a_person_decides_under_the_other_policy():
    assert decide(CLEAN, Policy("nguoi-duyet", "B")).verdict == "awaiting-decision"


@pytest.mark.parametrize("name", ["tu-dong", "nguoi-duyet"])
def test_no_policy_overrides_an_error_and_the_reason_names_each_code_once(name):
    decision = decide(BAD, Policy(name, "A"))
    assert (decision.verdict, decision.reason) == ("refused", "ING-TOTAL-DOC")


@pytest.mark.parametrize(("name", "author"), [("tu-dong", " "), ("yes", "A")])
def test_a_policy_needs_a_known_name_and_an_author(name, author):
    with pytest.raises(ValueError, match="policy"):
        Policy(name, author)
