"""The page Promises: who keeps them, with the list behind every bar, and the export for some."""

from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from tests import builders as make
from tests.pages.app import open_page
from tests.pages.test_loop import DAY, START, Company, closed, company, total
from tests.pages.test_trends import charts, clock, html, parts

__all__ = ["clock", "company"]
pytestmark = pytest.mark.usefixtures("sqlite_desk", "clock")


def links(table: dict[str, Any]) -> list[tuple[str, str]]:
    """Every number of a table that leads to a list, with the address."""
    return [
        (row["cells"][k], href)
        for row, hrefs in zip(table["rows"], table["links"], strict=True)
        for k, href in enumerate(hrefs)
        if href
    ]


def exports(at: AppTest) -> list[str]:
    return [one.proto.label for one in at.get("download_button")]


@pytest.mark.parametrize("role", ["admin", "manager", "csm", "support"])
def test_an_empty_desk_says_what_a_promise_is(role: str) -> None:
    with transaction() as session:
        user = make.user(session, role)
    at = open_page(user, "sla.py")
    assert not at.exception
    assert (at.title[0].value, at.header[0].value) == ("Promises", "No cases yet")


def test_the_title_says_the_finding_and_the_tiles_their_cases(company: Company) -> None:
    at = open_page(company.boss, "sla.py")
    assert not at.exception
    assert at.title[0].value == (
        "8 of 10 promises of first contact were kept; 8 of 10 promises of closing were kept"
    )
    assert "16 kept" in html(at) and "4 missed" in html(at)


def test_every_number_leads_to_as_many_cases(company: Company) -> None:
    at = open_page(company.boss, "sla.py")
    at.segmented_control(key="promise").set_value("Closing").run()
    tables = parts(at, "numbers")
    assert [table["caption"].split(",")[0] for table in tables] == ["Closing"] * 3
    found = [link for table in tables for link in links(table)]
    assert len(found) > 10
    for n, href in found:
        if n.isdigit():
            assert total(href, company.boss) == int(n), href


def test_few_are_not_judged_and_those_of_nobody_stand_last(company: Company) -> None:
    people = parts(open_page(company.boss, "sla.py"), "numbers")[1]
    ann, nobody = people["rows"]
    assert (ann["cells"][0], ann["cells"][2:5]) == ("Ann", ["16", "0", "100\N{NO-BREAK SPACE}%"])
    assert (nobody["cells"][0], nobody["tone"]) == ("nobody", "few")
    assert nobody["cells"][4:6] == ["0 of 4", "too few to say"]


def test_a_bar_is_as_long_as_the_share_and_a_name_is_no_markup() -> None:
    with transaction() as session:
        boss = make.user(session, "manager")
        ann = make.user(session, name="<b>A</b>&", team_id=make.team(session, "Care").id)
        for n in range(6):
            closed(session, ann, START - (7 + n) * DAY, timedelta(hours=2))
        make.case(session, 2, now=START - 20 * DAY)
    people = charts(open_page(boss, "sla.py"))[-1]
    kept, missed = people["data"][:2]
    assert (kept["x"], missed["x"]) == ([100, 0], [0, 100])
    assert people["layout"]["yaxis"]["ticktext"] == ["&lt;b&gt;A&lt;/b&gt;&amp;", "nobody"]
    assert kept["marker"]["opacity"] == [0.85, 0.3]


@pytest.mark.parametrize(("role", "may"), [("manager", True), ("csm", False), ("support", False)])
def test_only_who_may_take_data_out_is_offered_the_sheet(
    company: Company, role: str, may: bool
) -> None:
    with transaction() as session:
        user = company.boss if role == "manager" else make.user(session, role)
    assert ("Export the figures as CSV" in exports(open_page(user, "sla.py"))) is may


def test_no_cases_in_the_period_name_the_way_out(company: Company) -> None:
    at = open_page(company.boss, "sla.py", {"range": "last-quarter"})
    assert at.title[0].value == "No cases were opened in this period"
    at.button(key="all_time").click().run()
    assert at.title[0].value.startswith("8 of 10 promises")
