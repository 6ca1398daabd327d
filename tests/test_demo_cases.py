"""The casework of the demo company: consistent to the last row, and believable."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from statistics import median
from time import monotonic

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from db import demo, demo_occasions
from db.engine import make_engine, version
from db.models import Case, CaseEvent, CaseResponse, Message, Response, RootCause, Team, User
from services import demo_cases
from services.cases import breaches, escalating, returning, words
from services.cases.journal import rank_of, state_of
from services.cases.opening import asked
from services.cases.ranking import Ranker, answers
from services.commands.demo import band
from services.demo_said import ABOUT, suggested
from services.domain import priority
from services.domain.lifecycle import FROM, UNRESOLVED, Move, Outcome, Status, fold
from services.domain.opening import Policy, why_not
from services.domain.sla import Calendar
from tests.conftest import make_database

NOW = datetime(2026, 6, 17, 8, 10, 11, 123456, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class Company:
    """The loaded demo: rows by case, and how long it took."""

    engine: sa.Engine
    counts: dict[str, int]
    seconds: float
    cases: list[Case]
    journals: dict[int, list[CaseEvent]]
    messages: dict[int, Message]
    links: list[CaseResponse]
    people: dict[str, int]

    def aged(self, least: int, most: int) -> list[Case]:
        """Cases opened from `least` to `most` days ago."""
        return [c for c in self.cases if least * DAY <= NOW - c.opened_at < most * DAY]


def read(session: Session) -> dict[str, object]:
    journals: dict[int, list[CaseEvent]] = {}
    for event in session.exec(select(CaseEvent).order_by(col(CaseEvent.id))):
        journals.setdefault(event.case_id, []).append(event)
    return {
        "cases": list(session.exec(select(Case).order_by(col(Case.number)))),
        "journals": journals,
        "messages": {one.id: one for one in session.exec(select(Message))},
        "links": list(session.exec(select(CaseResponse))),
        "people": {user.name.split()[0]: user.id for user in session.exec(select(User))},
    }


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    engine = make_engine(next(make_database("sqlite", tmp_path_factory.mktemp("demo"))))
    began = monotonic()
    with Session(engine) as session, session.begin():
        counts = demo.load(session, NOW, band) | demo_cases.play(session, NOW)
    took = monotonic() - began
    with Session(engine) as session:
        rows = read(session)
    yield Company(engine, counts, took, **rows)  # type: ignore[arg-type]
    engine.dispose()


def agree(cases: list[Case], journals: dict[int, list[CaseEvent]]) -> None:
    """Journal and row say the same, and every move was possible where it was made."""
    for case in cases:
        events = journals[case.id or 0]
        assert fold(event.data["changes"] for event in events) == state_of(case), case.number
        assert [event.data["version"] for event in events] == list(range(1, case.version + 1))
        assert Move(events[0].kind) is Move.OPENED
        status = Status.NEW
        for event in events[1:]:
            assert status in FROM[Move(event.kind)], (case.number, event.kind)
            status = Status(event.data["changes"].get("status", [0, status])[1])


def unresolved_spans(events: list[CaseEvent]) -> Iterator[tuple[datetime, datetime]]:
    """When a case was unresolved, read from its journal."""
    began: datetime | None = events[0].at
    for event in events:
        status = event.data["changes"].get("status")
        if status and began and Status(status[1]) not in UNRESOLVED:
            yield began, event.at
            began = None
        elif status and not began and Status(status[1]) in UNRESOLVED:
            began = event.at
    if began:
        yield began, NOW


def test_the_counts_are_those_of_the_rows(company: Company) -> None:
    events = sum(map(len, company.journals.values()))
    said = {name: company.counts[name] for name in ("cases", "events", "notes")}
    assert said == {
        "cases": len(company.cases), "events": events, "notes": len(company.messages)
    }  # fmt: skip
    assert 2_000 < len(company.cases) < 3_500 and events > 10_000


def test_it_is_loaded_within_seconds(company: Company) -> None:
    assert company.seconds < 15


def test_journals_and_rows_agree(company: Company) -> None:
    agree(company.cases, company.journals)


def test_numbers_follow_the_order_of_opening(company: Company) -> None:
    assert [case.number for case in company.cases] == list(range(1, len(company.cases) + 1))
    assert all(a.opened_at <= b.opened_at for a, b in pairwise(company.cases))
    with Session(company.engine) as session:
        assert {case.change_seq for case in company.cases} == {version(session)}


def test_times_ascend_and_none_is_in_the_future(company: Company) -> None:
    for case in company.cases:
        events = company.journals[case.id or 0]
        assert events[0].at == case.opened_at and events[-1].at <= NOW
        assert all(a.at <= b.at for a, b in pairwise(events))
        assert case.contacted_at is None or case.opened_at <= case.contacted_at <= NOW
    assert all(message.created_at <= NOW for message in company.messages.values())


def test_a_person_has_one_unresolved_case_at_a_time(company: Company) -> None:
    spans: dict[int | None, list[tuple[datetime, datetime]]] = {}
    for case in company.cases:
        assert case.contact_id
        spans.setdefault(case.contact_id, []).extend(
            unresolved_spans(company.journals[case.id or 0])
        )
    for own in spans.values():
        assert all(a[1] <= b[0] for a, b in pairwise(sorted(own)))


def test_the_rule_opened_them_and_further_answers_joined(company: Company) -> None:
    with Session(company.engine) as session:
        low = answers(session, col(Response.band) == -1)
        received = dict(session.exec(select(Response.id, Response.received_at)).all())
    due = {
        told.id for told in low
        if why_not(asked(told), Policy(received[told.id] - 30 * DAY)) is None
    }  # fmt: skip
    assert Counter(link.response_id for link in company.links) == Counter(due)
    assert all(link.joined_at == received[link.response_id] for link in company.links)
    told = Counter(
        (event.case_id, event.data["response_id"], event.at)
        for events in company.journals.values()
        for event in events
        if Move(event.kind) in (Move.OPENED, Move.JOINED)
    )
    assert told == Counter((link.case_id, link.response_id, link.joined_at)
                           for link in company.links)  # fmt: skip
    assert len(company.links) - len(company.cases) > 20


def test_each_text_belongs_to_its_event(company: Company) -> None:
    taken_back = {e.undo_of for events in company.journals.values() for e in events if e.undo_of}
    seen = set()
    for events in company.journals.values():
        for event in events:
            key = event.data.get("message_id")
            kinds = {Move.NOTED: "note", Move.CONTACTED: "call"}
            assert (key is not None) == (Move(event.kind) in kinds)
            if key is not None:
                message = company.messages[key]
                assert (message.case_id, message.author_id) == (event.case_id, event.actor_id)
                assert message.kind == kinds[Move(event.kind)] and message.created_at == event.at
                assert (message.undone_at is not None) == (event.id in taken_back)
                seen.add(key)
    assert seen == set(company.messages)


def test_what_is_taken_back_was_there(company: Company) -> None:
    undone = 0
    for events in company.journals.values():
        by_id = {event.id: event for event in events}
        for event in events:
            if event.kind == "undone":
                target = by_id[event.undo_of or 0]
                assert event.data["undone"] == target.kind
                assert (target.id or 0) < (event.id or 0) and target.actor_id == event.actor_id
                undone += 1
    assert 5 <= undone <= 100


def test_texts_vary_and_name_no_address(company: Company) -> None:
    bodies = [message.body or "" for message in company.messages.values()]
    assert not [body for body in bodies if "@" in body or set("{}") & set(body) or not body.strip()]
    assert not [body for body in bodies if "  " in body or body != body.strip()]
    assert len(set(bodies)) / len(bodies) > 0.4
    assert Counter(bodies).most_common(1)[0][1] / len(bodies) < 0.03


def test_reasons_are_those_that_ranking_gives(company: Company) -> None:
    last = {case.contact_id: case for case in company.cases}  # later ones would count as well
    sample = Random(1).sample(list(last.values()), 120)
    joined = {(link.case_id, link.response_id): link.joined_at for link in company.links}
    codes: Counter[str] = Counter()
    with Session(company.engine) as session:
        for case in sample:
            (told,) = answers(session, col(Response.id) == case.response_id)
            at = joined[case.id or 0, told.id]
            reasons = Ranker(session, [told], at).reasons(told, case.id)
            assert case.priority_reasons == reasons and case.priority == priority.hours(reasons)
            assert case.rank_at == rank_of(state_of(case), reasons)
            codes.update(reason["code"] for reason in reasons)
    assert {"asked", "large", "flip", "lowest", "repeated"} <= set(codes)


def test_no_broken_promise_is_left_for_the_sweep(company: Company) -> None:
    with Session(company.engine) as session:
        assert breaches.sweep(session, NOW) == 0
        assert escalating.escalate(session, NOW) == 0 == returning.give_back(session, NOW)
        session.rollback()


def test_every_event_can_be_said(company: Company) -> None:
    sample = Random(2).sample(list(company.journals.values()), 100)
    with Session(company.engine) as session:
        said = words.sentences(session, [event for events in sample for event in events], UTC)
    assert not [one for one in said if "Somebody" in one or "somebody" in one or "None" in one]


def test_every_state_is_there_today(company: Company) -> None:
    unresolved = [case for case in company.cases if case.status in UNRESOLVED]
    asleep = [case for case in unresolved if case.snoozed_until and case.snoozed_until > NOW]
    active = [case for case in unresolved if case.status != "waiting" and case not in asleep]
    overdue = [case for case in active if case.due_at and case.due_at <= NOW]
    today = [case for case in active if case.due_at and NOW < case.due_at < NOW + DAY / 2]
    assert 25 <= sum(case.assignee_id is None for case in active) <= 55
    assert 8 <= sum(case.status == "waiting" for case in unresolved) <= 40
    assert 6 <= len(asleep) <= 30
    assert 15 <= len(overdue) <= 60 and 2 <= len(today) <= 15
    assert all(case.breached_due == case.due_at for case in overdue)
    assert sum(case.escalated_to_id == company.people["Marcus"] for case in active) >= 10
    owned = Counter(case.assignee_id for case in active)
    assert min(owned[company.people[name]] for name in ("Hannah", "Diego", "Keiko")) >= 2


def test_the_loop_is_that_of_a_decent_desk(company: Company) -> None:
    old = company.aged(56, 800)
    assert 0.8 < sum(case.contacted_at is not None for case in old) / len(old) < 0.92
    assert sum(case.status == "resolved" for case in old) / len(old) > 0.97
    lately = company.aged(14, 56)
    assert 0.68 < sum(case.status == "resolved" for case in lately) / len(lately) < 0.9
    reached = {
        wish: [case.contacted_at is not None for case in old if case.asked is wish]
        for wish in (True, False)
    }  # fmt: skip
    shares = {wish: sum(got) / len(got) for wish, got in reached.items()}
    assert shares[True] > shares[False] + 0.06
    reopened = sum(e.kind == "reopened" for events in company.journals.values() for e in events)
    assert 20 < reopened < 200


def first_contact(cases: list[Case]) -> float:
    """Median business hours."""
    return median(c.contact_seconds / 3600 for c in cases if c.contact_seconds is not None)


def test_first_contacts_come_faster_over_the_years(company: Company) -> None:
    assert 15 < first_contact(company.aged(550, 731)) < 23
    assert 5 < first_contact(company.aged(0, 90)) < 9
    assert first_contact(company.aged(365, 550)) > first_contact(company.aged(90, 365))


def test_hannah_keeps_more_promises_than_diego(company: Company) -> None:
    def kept(name: str) -> float:
        own = [c for c in company.aged(14, 800) if c.assignee_id == company.people[name]]
        good = [c for c in own if c.contacted_at and c.contacted_at <= (c.first_due or NOW)]
        return len(good) / len(own)

    assert 0.04 < kept("Hannah") - kept("Diego") < 0.25
    assert kept("Diego") > 0.45


def test_people_rest_at_weekends_and_on_holidays(company: Company) -> None:
    acts = [e for events in company.journals.values() for e in events if e.actor_id]
    assert not [event for event in acts if event.at.weekday() > 4]
    assert not [event for event in acts if (event.at.month, event.at.day) in ((12, 25), (1, 1))]
    assert all(5 <= event.at.hour <= 21 for event in acts)
    with Session(company.engine) as session:
        kept = {Calendar.parse(team.calendar).zone for team in session.exec(select(Team))}
    assert kept == {"Europe/Berlin"}


def test_causes_follow_the_times(company: Company) -> None:
    with Session(company.engine) as session:
        names = dict(session.exec(select(RootCause.id, RootCause.name)).all())
    assert set(ABOUT) <= set(names.values())

    def share(cause: str, cases: list[Case]) -> float:
        found = [names[c.root_cause_id] for c in cases if c.root_cause_id]
        return found.count(cause) / len(found)

    outage, since = company.aged(410, 500), company.aged(30, 300)
    assert share("Slow or down", outage) > 2 * share("Slow or down", since)
    pricing = company.aged(220, 330)
    assert share("Price or contract", pricing) > share("Price or contract", outage)
    assert {case.outcome for case in company.cases} == {None, *(one.value for one in Outcome)}


@pytest.mark.parametrize(
    ("comment", "cause"),
    [
        ("Die Kalendersynchronisation. Immer noch.", "Product defect"),
        ("the invoice is wrong every second month", "Billing"),
        ("siehe oben", None),
        (None, None),
    ],
)
def test_comments_suggest_causes(comment: str | None, cause: str | None) -> None:
    assert suggested(comment) == cause


def test_the_same_seed_gives_the_same_lives(company: Company) -> None:
    with Session(company.engine) as session:
        again, other = (demo_cases.lives(session, NOW, seed) for seed in (7, 8))
    assert [life.state for life in again] == [state_of(case) for case in company.cases]
    for case, life in zip(company.cases, again, strict=True):
        kept = [(event.at, event.kind, event.actor_id) for event in company.journals[case.id or 0]]
        assert kept == [(event.at, event.move.value, event.actor_id) for event in life.events]
        bodies = [event.text.body for event in life.events if event.text]
        keys = [event.data.get("message_id") for event in company.journals[case.id or 0]]
        assert bodies == [company.messages[key].body for key in keys if key]
    assert [life.state for life in other] != [life.state for life in again]


def test_both_engines_hold_it(desk: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for metric, n in {"nps": 700, "csat": 150, "ces": 100}.items():
        monkeypatch.setitem(demo_occasions.ANSWERS, metric, n)
    with Session(desk) as session, session.begin():
        demo.load(session, NOW, band)
        counts = demo_cases.play(session, NOW)
    with Session(desk) as session:
        rows = read(session)
        cases, journals = rows["cases"], rows["journals"]
        assert isinstance(cases, list) and isinstance(journals, dict)
        assert 50 < len(cases) == counts["cases"]
        agree(cases, journals)
        assert all(a.at <= b.at for events in journals.values() for a, b in pairwise(events))
        assert breaches.sweep(session, NOW) == 0
