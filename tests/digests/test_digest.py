"""What a digest says: counts since the last one, by the reader's sight, and no customer's word."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from sqlmodel import Session, select

from db.models import RootCause, UserUnit
from services.access import actor_for
from services.cases import verbs
from services.digests import texts
from services.insights.case_filter import CaseFilter
from services.insights.digest import Digest, digest
from services.insights.queue import queue
from tests import builders as make
from tests.builders import NOW

DAY = timedelta(days=1)
AT = NOW + timedelta(minutes=1)


def read(session: Session, **given: object) -> Digest:
    wanted = {"scope": "all", "mine": False, "since": NOW - DAY, "now": AT} | given
    who = wanted.pop("who", make.actor())
    return digest(session, who, **wanted)  # type: ignore[arg-type]


def lines(found: Digest) -> dict[str, list[str]]:
    return {part.title: [line.text for line in part.lines] for part in found.parts}


@pytest.fixture
def company(session: Session) -> Iterator[Session]:
    """Twelve weeks of NPS around 30, then a day with three answers and a new case."""
    for week in range(1, 12):
        for score in (10, 9, 9, 8, 7, 3):
            make.response(session, score, answered_at=NOW - timedelta(weeks=week))
    make.response(session, 9, answered_at=NOW - timedelta(hours=2))
    make.response(session, 4, metric="csat", answered_at=NOW - timedelta(hours=3))
    acme = make.account(session, "Acme & Sons")
    who = make.contact(session, "dana@example.com", name="Dana Reyes", account_id=acme.id)
    make.case(
        session, 2, contact_id=who.id, account_id=acme.id, comment="Your support is asleep",
    )  # fmt: skip
    yield session


def test_it_says_what_came_since_and_how_nps_stands(company: Session) -> None:
    found = read(company)
    told = lines(found)
    assert told["New answers"][0] == "3 answers (NPS 2, CSAT 1)"
    compared = told["New answers"][1]
    assert compared.startswith("NPS of the 12 weeks before against theirs: ")
    assert compared.index("n 66") < compared.index("n 2)"), "in the order that was announced"
    assert "too few to say: 33" in told["New answers"][1] and "0 (n 2)" in told["New answers"][1]
    assert told["New cases"] == ["1 case was opened"]
    assert found.finding.startswith("NPS 32 ±") and "(n 68)" in found.finding
    assert not found.quiet and len(found.chart["points"]) == 12
    assert sum(point["n"] for point in found.chart["points"]) == 68


def test_the_queue_names_case_company_and_why_and_nobodys_words(company: Session) -> None:
    found = read(company)
    (case,) = lines(found)["First in the queue"]
    assert case.startswith("Case 1 (Acme & Sons): due in")
    whole = str(texts.body(company, found))
    assert "asleep" not in whole and "Dana" not in whole and "dana@" not in whole


def test_each_line_has_the_list_behind_it(company: Session) -> None:
    found = read(company)
    opened = next(part for part in found.parts if part.title == "New cases")
    page, _, query = opened.query.partition("?")
    filter, notices = CaseFilter.from_query(parse_qs(query))
    assert (page, notices) == ("queue", [])
    assert queue(company, make.actor(), filter, now=AT, me=None).total == 1
    for part in found.parts:
        assert part.query.partition("?")[0] in ("verbatims", "queue")


def test_a_day_without_anything_is_quiet_once_nothing_is_due(company: Session) -> None:
    later = NOW + timedelta(days=4)
    assert lines(read(company, since=later - DAY, now=later)).keys() == {
        "Promises", "First in the queue",
    }  # fmt: skip
    why = company.exec(select(RootCause.id)).first() or 0
    verbs.resolve(
        company, make.actor(), 1, outcome="solved", root_cause_id=why, version=1, now=later
    )
    done = read(company, since=later, now=later + DAY)
    assert lines(done) == {"Done": ["1 case was resolved"]} and not done.quiet
    quiet = read(company, since=later + DAY, now=later + 2 * DAY)
    assert quiet.quiet and quiet.parts == ()
    assert "Nothing new, nothing due." in texts.text(quiet)
    assert texts.body(company, quiet)["subject"] == "Loopdesk: nothing new"


def test_who_scored_low_and_scores_better_is_told(company: Session) -> None:
    who = make.contact(company)
    for score, days in ((2, 40), (9, 0.1)):
        at = NOW - timedelta(days=days)
        make.response(company, score, contact_id=who.id, answered_at=at)
    assert lines(read(company))["Done"] == ["1 person who scored low scored better"]


def test_a_person_is_told_what_they_see_and_no_more(company: Session) -> None:
    emea, apac = make.unit(company), make.unit(company, "APAC")
    ana = make.user(company, "csm")
    company.add(UserUnit(user_id=ana.id, unit_id=emea.id))
    company.flush()
    make.response(company, 9, unit_id=emea.id, answered_at=NOW - timedelta(hours=1))
    make.response(company, 9, unit_id=apac.id, answered_at=NOW - timedelta(hours=1))
    own = read(company, who=actor_for(company, ana), scope="own", mine=True)
    assert lines(own)["New answers"][0] == "1 answer (NPS 1)"
    sees = replace(actor_for(company, ana), units=(apac.id or 0,))
    assert lines(read(company, who=sees))["New answers"][0] == "1 answer (NPS 1)"
    assert lines(read(company, who=actor_for(company, ana)))["New answers"][0].startswith("5 ")


def test_a_team_is_told_of_its_cases_alone(company: Session) -> None:
    team = make.team(company)
    ana = make.user(company, "csm", team_id=team.id)
    told = lines(read(company, who=actor_for(company, ana), scope="team"))
    assert "New cases" not in told and "First in the queue" not in told
    assert told["New answers"][0].startswith("3 ")


def test_ones_own_queue_ends_with_ones_own_cases(company: Session) -> None:
    ana = make.user(company, "csm")
    who = actor_for(company, ana)
    assert "First in your queue" not in lines(read(company, who=who, mine=True))
    verbs.assign(company, who, 1, to=ana.id or 0, version=1, now=NOW)
    told = lines(read(company, who=who, mine=True))
    assert told["First in your queue"][0].startswith("Case 1 (Acme & Sons)")
