"""The Loop page: the finding in words, figures with their lists, and every state it can be in."""

import html as entities
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select
from streamlit.testing.v1 import AppTest

from db.engine import reading, transaction
from db.models import RootCause, Team, User, UserUnit
from services import settings
from services.access import actor_for
from services.cases import verbs
from services.insights.case_filter import CaseFilter
from services.insights.queue import queue
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import open_page
from tests.pages.test_trends import EVIL, charts, clock, html, parts, url

__all__ = ["clock"]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = NOW.replace(hour=9)
pytestmark = pytest.mark.usefixtures("sqlite_desk", "clock")


@dataclass
class Company:
    """A desk with cases, who leads it and who works there."""

    boss: User
    ann: User
    care: Team
    north: int


def closed(session: Any, ann: User, opened: datetime, after: timedelta, **values: Any) -> None:
    me, at = actor_for(session, ann), opened + after
    case = make.case(session, 2, now=opened, **values)
    number = case.number
    why = session.exec(select(RootCause.id).order_by(col(RootCause.id))).first() or 0
    verbs.assign(session, me, number, to=ann.id, version=1, now=opened)
    verbs.log_contact(session, me, number, way="call", body="Hi", at=at, now=at)
    verbs.resolve(session, me, number, outcome="solved", root_cause_id=why, version=3, now=at)


@pytest.fixture
def company() -> Company:
    """Twenty cases of the last weeks: sixteen of them closed by Ann within two hours."""
    with transaction() as session:
        boss, care = make.user(session, "manager", name="Boss"), make.team(session, "Care")
        ann, north = make.user(session, name="Ann", team_id=care.id), make.unit(session, "North")
        for n in range(16):
            unit = {"unit_id": north.id} if n < 6 else {}
            closed(session, ann, START - (7 + n) * DAY, 2 * HOUR, followup="requested", **unit)
        for n in range(4):
            make.case(session, 2, now=START - (20 + n) * DAY)
        return Company(boss, ann, care, north.id or 0)


def links(at: AppTest) -> list[tuple[int, str]]:
    """Every number on the page that leads to a list, with the address."""
    said = re.findall(r'<a class="ld-to" href="([^"]+)" target="_self">([\d,]+)', html(at))
    found = [(int(n.replace(",", "")), entities.unescape(href)) for href, n in said]
    for table in parts(at, "numbers"):
        plain = {k for k, one in enumerate(table["columns"]) if one["label"] in ("Opened", "Cases")}
        for row, hrefs in zip(table["rows"], table["links"], strict=True):
            found += [(int(row["cells"][k]), hrefs[k]) for k in plain if hrefs[k]]
    return found


def total(href: str, who: User) -> int:
    page, _, query = href.partition("?")
    filter, notices = CaseFilter.from_query(parse_qs(query))
    assert page == "queue" and notices == []
    with reading() as session:
        actor = actor_for(session, session.get_one(User, who.id))
        return queue(session, actor, filter, now=NOW, me=who.id).total


# --- states


@pytest.mark.parametrize("role", ["admin", "manager", "csm", "support"])
def test_an_empty_desk_says_what_opens_a_case(role: str) -> None:
    with transaction() as session:
        user = make.user(session, role)
    at = open_page(user, "loop.py")
    assert not at.exception
    assert (at.title[0].value, at.header[0].value) == ("Loop", "No cases yet")
    labels = [element.proto.label for element in at.get("page_link")]
    assert "Go to the verbatims" in labels


def test_the_title_says_the_finding(company: Company) -> None:
    at = open_page(company.boss, "loop.py")
    assert not at.exception
    assert at.title[0].value == (
        "8 of 10 customers with a case heard from us, half of those within 2 business hours; "
        "8 of 10 loops are closed"
    )
    assert "20 cases opened" in at.caption[0].value


def test_few_cases_are_not_judged() -> None:
    with transaction() as session:
        boss = make.user(session, "manager")
        closed(session, boss, START - 7 * DAY, HOUR)
    at = open_page(boss, "loop.py")
    assert at.title[0].value == "Too few cases to say: 1 case was opened"
    told = html(at)
    assert "1 of 1" in told and "too few to say" in told and "100\N{NO-BREAK SPACE}%" not in told


def test_no_cases_in_the_period_name_the_way_out(company: Company) -> None:
    at = open_page(company.boss, "loop.py", {"range": "last-quarter", "team": str(company.care.id)})
    assert at.title[0].value == "No cases were opened in this period"
    assert any("Only team Care" in text.value for text in at.text)
    at.button(key="all_time").click().run()
    assert url(at) == {"range": ["all"], "team": [str(company.care.id)]}
    assert "heard from us" in at.title[0].value
    at.button(key="clear").click().run()
    assert url(at) == {"range": ["all"]}


def test_when_the_database_does_not_answer_the_page_says_so(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_args: Any, **_named: Any) -> None:
        raise OperationalError("SELECT 1", {}, Exception("locked"))

    monkeypatch.setattr("services.insights.loop.loop", gone)
    at = open_page(company.boss, "loop.py", {"range": "90d"})
    assert not at.exception
    assert "did not answer" in at.error[0].value and "locked" not in at.error[0].value
    assert url(at) == {"range": ["90d"]}


# --- figures and their lists


def test_every_number_leads_to_as_many_cases(company: Company) -> None:
    at = open_page(company.boss, "loop.py", {"range": "90d"})
    at.toggle(key="as_table").set_value(True).run()
    found = links(at)
    assert len(found) > 15
    for n, href in found:
        assert total(href, company.boss) == n, href
    everywhere = [h for table in parts(at, "numbers") for row in table["links"] for h in row if h]
    assert all(total(href, company.boss) for href in everywhere)


def test_every_figure_has_its_n_its_interval_and_its_definition(company: Company) -> None:
    at = open_page(company.boss, "loop.py")
    told = html(at)
    assert "80\N{NO-BREAK SPACE}%" in told and "\N{PLUS-MINUS SIGN}" in told
    assert "16 closed" in told and "4 not closed" in told and "9 of 10 within" in told
    notes = " ".join(caption.value for caption in at.caption)
    for name in ("Opened", "Loop closed", "Contacted", "Resolved", "First contact in time",
                 "Time to close", "Escalated", "Asked and reached"):  # fmt: skip
        assert f"{name} = " in notes
    assert "so both have had the same time" in notes


def test_teams_people_and_endings_are_told(company: Company) -> None:
    at = open_page(company.boss, "loop.py")
    teams, people, outcomes, causes = parts(at, "numbers")
    assert [row["cells"][0] for row in teams["rows"]] == ["Care", "no team"]
    assert [row["cells"][:2] for row in people["rows"]] == [["Ann", "16"], ["nobody", "4"]]
    assert [row["cells"] for row in outcomes["rows"]] == [
        ["Solved for the customer", "16", "100.0 %"]
    ]
    assert outcomes["bars"] == [100] and len(causes["rows"]) == 1
    assert [row["tone"] for row in people["rows"]] == ["", "few"]
    assert teams["links"][1] == [None] * len(teams["columns"])


def test_cases_of_nobody_do_not_press_the_intervals_of_people_together(company: Company) -> None:
    with transaction() as session:
        for n in range(8):
            make.case(session, 2, now=START - (9 + n) * DAY)
    people = parts(open_page(company.boss, "loop.py"), "numbers")[1]
    ann, nobody = (row["cells"][-1] for row in people["rows"])
    assert nobody is None and ann["from"] == ann["low"] > 70


def test_a_team_apart_from_others_needs_a_team() -> None:
    with transaction() as session:
        boss = make.user(session, "manager")
        for n in range(6):
            make.case(session, 2, now=START - n * DAY)
    at = open_page(boss, "loop.py")
    assert "By team" not in [header.value for header in at.header]
    assert at.title[0].value.startswith(
        "None of the 6 customers with a case heard from us; none of the 6"
    )


def test_the_charts_say_what_is_not_done_yet(company: Company) -> None:
    with transaction() as session:
        for n in range(6):
            make.case(session, 2, now=NOW - n * HOUR)
    at = open_page(company.boss, "loop.py", {"range": "90d"})
    rate, wait = charts(at)
    marks = next(trace for trace in rate["data"] if trace.get("mode") == "markers")
    assert marks["marker"]["symbol"][-1] == "circle-open"
    assert "6 still running" in marks["text"][-1]
    assert "still running" in [note["text"] for note in rate["layout"]["annotations"]]
    assert any("contacted" in note["text"] for note in wait["layout"]["annotations"])


# --- the filter and the URL


def test_a_control_writes_the_url(company: Company) -> None:
    at = open_page(company.boss, "loop.py", {"other": "stays"})
    at.selectbox(key="f_range").select("90d").run()
    assert url(at) == {"other": ["stays"], "range": ["90d"]}
    at.session_state["f_more"] = True
    at.run()
    at.multiselect(key="f_owners").select(company.ann.id).run()
    assert url(at)["owner"] == [str(company.ann.id)]
    assert "All 16 customers" in at.title[0].value
    assert any(text.value == "Only owner Ann" for text in at.text)


def test_junk_in_the_url_is_named_and_changes_nothing_else(company: Company) -> None:
    at = open_page(company.boss, "loop.py", {"range": EVIL, "team": "x", "metric": "csat"})
    assert not at.exception
    notices = [text.value for text in at.text]
    assert any("a range that is not known" in notice for notice in notices)
    assert at.title[0].value == "No cases were opened in this period"


# --- who sees what, and untrusted text


def test_a_csm_limited_to_units_sees_only_those(company: Company) -> None:
    with transaction() as session:
        settings.put(session, "csm_sees_all_units", False, actor_id=company.boss.id, now=NOW)
        dana = make.user(session, "csm")
        session.add(UserUnit(user_id=dana.id, unit_id=company.north))
    at = open_page(dana, "loop.py")
    assert "6 cases opened" in at.caption[0].value and "All 6" in at.title[0].value
    for n, href in links(at):
        assert total(href, dana) == n
    stranger = open_page(_stranger(), "loop.py")
    assert stranger.header[0].value == "No cases yet"


def _stranger() -> User:
    with transaction() as session:
        return make.user(session, "csm")


def test_one_action_changes_the_figures_at_the_next_run(company: Company) -> None:
    at = open_page(company.boss, "loop.py")
    assert "16 contacted" in html(at)
    with transaction() as session:
        me = actor_for(session, session.get_one(User, company.ann.id))
        verbs.log_contact(session, me, 20, way="call", body="Hi", at=NOW, now=NOW)
    at.run()
    assert "17 contacted" in html(at)
    for n, href in links(at):
        assert total(href, company.boss) == n


def test_names_reach_no_markdown_label_html_or_chart() -> None:
    with transaction() as session:
        boss = make.user(session, "manager")
        team = make.team(session, EVIL)
        ann = make.user(session, name=EVIL, team_id=team.id)
        session.exec(select(RootCause).order_by(col(RootCause.id))).first().name = EVIL  # type: ignore[union-attr]
        for n in range(6):
            closed(session, ann, START - (7 + n) * DAY, HOUR, comment=EVIL)
    at = open_page(boss, "loop.py", {"team": str(team.id)})
    assert not at.exception
    kinds = ("markdown", "caption", "title", "header", "error")
    read = " ".join(one.value for kind in kinds for one in getattr(at, kind))
    assert "tracker" not in read + html(at) + json.dumps(charts(at))
    tables = parts(at, "numbers")
    assert [t["rows"][0]["cells"][0] for t in tables if t["columns"][0]["label"] != "Outcome"] == [
        EVIL, EVIL, EVIL,
    ]  # fmt: skip
    assert any(EVIL in text.value for text in at.text)
