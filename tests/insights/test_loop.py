"""The loop: every figure is as many cases as its list holds, and says no more than it may."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from db.models import Case, RootCause, User
from services import settings
from services.access import Actor
from services.cases import breaches, undo, verbs
from services.domain.lifecycle import Outcome
from services.domain.scores import Metric
from services.insights.case_filter import NOBODY, CaseFilter, View
from services.insights.loop import loop
from services.insights.loop_figures import Report, Share, Size, Wait
from services.insights.loop_filter import LoopFilter
from services.insights.queue import queue
from tests import builders as make
from tests.builders import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BOSS = make.actor("manager")


def cause(session: Session) -> int:
    return session.exec(select(RootCause.id).order_by(col(RootCause.id))).first() or 0


def within(found: Any, kind: type[Any]) -> Iterator[Any]:
    """Everything of a kind in a report, wherever it stands."""
    if isinstance(found, kind):
        yield found
    if is_dataclass(found):
        found = tuple(getattr(found, field.name) for field in fields(found))
    for one in found if isinstance(found, tuple) else ():
        yield from within(one, kind)


def lists(report: Report) -> list[tuple[int, CaseFilter]]:
    """Every number of a report with the list behind it."""
    sizes = [(one.n, one.cases) for one in within(report, Size)]
    sizes += [(one.waits.n, one.cases) for one in within(report, Wait)]
    return [(n, cases) for n, cases in sizes if cases is not None]


def scramble(session: Session, random: Random, n: int) -> dict[str, list[int]]:
    """Cases of all kinds, also such as no verb would make; the ids of their groups."""
    ids: dict[str, list[int]] = {
        "teams": [make.team(session, name).id or 0 for name in ("A", "B")],
        "owners": [make.user(session).id or 0 for _ in range(3)],
        "units": [make.unit(session, name).id or 0 for name in ("North", "South")],
        "causes": [*session.exec(select(RootCause.id))][:3],
    }
    for _ in range(n):
        metric = random.choice(["nps", "csat"])
        case = make.case(session, 1, metric=metric, unit_id=random.choice([*ids["units"], None]))
        case.opened_at = NOW - timedelta(days=random.uniform(-1, 120))

        def later(most: float, start: datetime = case.opened_at) -> datetime:
            return start + timedelta(hours=random.choice([0, random.uniform(0, most)]))

        case.first_due, case.close_due = later(72), later(200)
        case.asked = random.random() < 0.4
        case.team_id = random.choice([*ids["teams"], None])
        case.assignee_id = random.choice([*ids["owners"], None])
        if random.random() < 0.7:
            case.contacted_at = random.choice([case.first_due, later(96)])
            case.contact_seconds = random.randrange(200_000)
        case.status = random.choice(["new", "open", "waiting", "resolved", "resolved", "merged"])
        if case.status == "resolved":
            case.resolved_at = random.choice([case.close_due, later(300)])
            case.close_seconds = random.randrange(900_000)
            case.outcome = random.choice([*Outcome]).value
            case.root_cause_id = random.choice(ids["causes"])
        if case.status == "waiting":
            case.paused_at = later(100)
        if case.status == "merged":
            case.merged_into = case.id
        session.add(case)
        session.flush()
    return ids


@pytest.mark.parametrize("seed", range(2))
def test_every_figure_is_as_many_cases_as_its_list_holds(session: Session, seed: int) -> None:
    random = Random(seed)
    settings.put(session, "reporting_zone", "Asia/Kolkata", actor_id=None, now=NOW)
    ids = scramble(session, random, 60)
    some = {name: tuple(random.sample(ids[name], 1)) for name in ("teams", "units")}
    own = make.actor("csm", units=(ids["units"][0],))
    seen = 0
    for who, asked in (
        (BOSS, LoopFilter()),
        (BOSS, LoopFilter("all", owners=(NOBODY, ids["owners"][0]))),
        (BOSS, LoopFilter("30d", metrics=(Metric.CSAT,))),
        (BOSS, LoopFilter("2026-03-01..2026-05-31", **some)),
        (own, LoopFilter("90d")),
    ):
        report = loop(session, who, asked, now=NOW)
        for n, cases in lists(report):
            assert queue(session, who, cases, now=NOW, me=who.id).total == n, cases
            seen += n
    assert seen > 500


@pytest.mark.parametrize("seed", range(2))
def test_the_parts_add_up_to_the_whole(session: Session, seed: int) -> None:
    scramble(session, Random(seed), 60)
    report = loop(session, BOSS, LoopFilter("all"), now=NOW)
    for groups in (report.points, report.teams, report.people):
        assert sum(one.opened.n for one in groups) == report.opened.n
        assert sum(one.closed.hits.n for one in groups) == report.closed.hits.n
        assert sum(one.contact.waits.n for one in groups) == report.contacted.hits.n
    for endings in (report.outcomes, report.causes):
        assert sum(one.size.n for one in endings) == report.resolved.hits.n
        assert sum(one.share for one in endings) == pytest.approx(100)
    for share in within(report, Share):
        now = share.now
        assert now.n == share.of.n and share.undecided >= 0
        if now.n and now.value is not None and now.low is not None and now.high is not None:
            assert now.value == pytest.approx(100 * share.hits.n / now.n)
            assert 0 <= now.low < now.high <= 100
    rows = session.exec(select(Case).where(Case.status != "merged", Case.opened_at < NOW + DAY))
    cases = [c for c in rows if c.opened_at < datetime(2026, 6, 16, tzinfo=UTC)]
    took = [c.contact_seconds for c in cases if c.contacted_at and c.contact_seconds is not None]
    assert report.opened.n == len(cases)
    assert report.contact.waits.median == median(took)
    closed = [c for c in cases if c.status == "resolved" and c.contacted_at]
    assert report.closed.hits.n == len(closed)
    assert report.close.waits.median == median(c.close_seconds or 0 for c in closed)


@pytest.fixture
def ann(session: Session) -> User:
    return make.user(session, "csm", name="Ann", team_id=make.team(session, "Care").id)


def worked(session: Session, ann: User, opened: datetime, *, after: timedelta) -> Case:
    """A case that Ann contacted and resolved some time after it was opened."""
    me, at = make.actor("csm", id=ann.id, team_id=ann.team_id), opened + after
    case = make.case(session, 2, now=opened, followup="requested")
    verbs.assign(session, me, case.number, to=ann.id, version=1, now=opened)
    verbs.log_contact(session, me, case.number, way="call", body="Hi", at=at, now=at)
    verbs.resolve(
        session, me, case.number, outcome="solved", root_cause_id=cause(session), version=3, now=at
    )
    return case


MONDAY = datetime(2026, 6, 8, 9, tzinfo=UTC)


def test_a_closed_loop_counts_everywhere(session: Session, ann: User) -> None:
    worked(session, ann, MONDAY, after=2 * HOUR)
    late = worked(session, ann, MONDAY, after=5 * DAY)
    make.case(session, 2, now=MONDAY)
    breaches.sweep(session, NOW)
    report = loop(session, BOSS, LoopFilter("30d"), now=NOW)
    assert (report.opened.n, report.contacted.hits.n, report.closed.hits.n) == (3, 2, 2)
    assert (report.contact_in_time.hits.n, report.contact_in_time.now.n) == (1, 3)
    assert (report.asked.hits.n, report.asked.of.n, report.asked_in_time.hits.n) == (2, 2, 1)
    assert report.contact.waits.median == (2 + 40) * 3600 / 2
    assert report.contact.waits.most == 40 * 3600
    assert [(one.name, one.size.n) for one in report.outcomes] == [("Solved for the customer", 2)]
    assert [(one.name, one.opened.n) for one in report.teams] == [("Care", 2), ("no team", 1)]
    assert [(one.name, one.opened.n) for one in report.people] == [("Ann", 2), ("nobody", 1)]
    nobodys = CaseFilter(View.ANY, opened="30d", owners=(NOBODY,))
    assert report.people[1].opened.cases == nobodys
    assert report.teams[1].opened.cases is None
    assert report.escalated.n == 1 and late.contacted_at is not None


def test_a_contact_that_was_taken_back_does_not_count(session: Session, ann: User) -> None:
    me = make.actor("csm", id=ann.id)
    case = make.case(session, 2, now=MONDAY)
    at = MONDAY + HOUR
    done = verbs.log_contact(session, me, case.number, way="call", body="Hi", at=at, now=at)
    assert loop(session, BOSS, LoopFilter("30d"), now=NOW).contacted.hits.n == 1
    undo.undo(session, me, case.number, done.event_id, now=at)
    report = loop(session, BOSS, LoopFilter("30d"), now=NOW)
    assert (report.contacted.hits.n, report.contact.waits.n) == (0, 0)


def test_few_cases_have_no_verdict(session: Session, ann: User) -> None:
    worked(session, ann, MONDAY, after=HOUR)
    report = loop(session, BOSS, LoopFilter("30d"), now=NOW)
    assert report.closed.now.too_few and report.contact.waits.too_few
    assert not any(share.figure.change and share.figure.change.changed for share in report.shares)


def test_the_period_before_is_counted_as_it_stood_at_the_same_age(
    session: Session, ann: User
) -> None:
    """Every case takes three days in both periods, so nothing has changed."""
    for day in range(-60, 1):
        opened = NOW + day * DAY - HOUR
        if opened + 3 * DAY <= NOW:
            worked(session, ann, opened, after=3 * DAY)
        else:
            make.case(session, 2, now=opened)
    report = loop(session, BOSS, LoopFilter("30d"), now=NOW)
    figure = report.closed.figure
    assert figure.before is not None and (figure.now.n, figure.before.n) == (30, 30)
    assert figure.now.value == figure.before.value == 90
    assert figure.change is not None and not figure.change.changed
    whole = loop(session, BOSS, LoopFilter("2026-04-17..2026-05-16"), now=NOW)
    assert whole.closed.now.value == 100


def test_a_change_is_told_where_the_evidence_says_so(session: Session, ann: User) -> None:
    for n in range(20):
        make.case(session, 2, now=NOW - 40 * DAY - n * HOUR)
        worked(session, ann, NOW - 9 * DAY - n * HOUR, after=HOUR)
    report = loop(session, BOSS, LoopFilter("30d"), now=NOW)
    change = report.closed.figure.change
    assert change is not None and change.changed and change.delta == 100
    assert loop(session, BOSS, LoopFilter("all"), now=NOW).closed.figure.change is None


def test_a_month_is_done_when_its_cases_are(session: Session, ann: User) -> None:
    for month in (4, 5):
        for n in range(10):
            worked(session, ann, datetime(2026, month, 6, 9 + n % 8, tzinfo=UTC), after=HOUR)
    make.case(session, 2, now=NOW)
    points = loop(session, BOSS, LoopFilter("12m"), now=NOW).points
    assert [point.bucket.label for point in points][-1] == "Jun 2026" and len(points) == 12
    assert [point.done for point in points[-3:]] == [True, True, False]
    assert points[-1].running == 1 and points[-1].change is None
    assert points[-2].change is not None and not points[-2].change.changed


def test_an_actor_with_units_counts_only_theirs(session: Session) -> None:
    north = make.unit(session, "North")
    make.case(session, 2, unit_id=north.id)
    make.case(session, 2)
    for units, n, empty in (((north.id,), 1, False), ((), 0, True)):
        report = loop(session, make.actor("csm", units=units), LoopFilter("all"), now=NOW)
        assert (report.opened.n, report.empty) == (n, empty)


def test_an_empty_desk_is_a_report_too(session: Session) -> None:
    for name in ("12m", "all", "7d"):
        report: Report = loop(session, BOSS, LoopFilter(name), now=NOW)
        assert report.empty and report.opened.n == 0 and report.closed.now.value is None
        assert report.teams == report.people == report.outcomes == report.causes == ()


filters = st.builds(
    LoopFilter,
    range=st.sampled_from(["12m", "all", "7d", "2026-01-01..2026-03-31"]),
    owners=st.lists(st.integers(0, 99), max_size=3).map(tuple),
    teams=st.lists(st.integers(1, 99), max_size=3).map(tuple),
    units=st.lists(st.integers(1, 99), max_size=3).map(tuple),
    metrics=st.lists(st.sampled_from(Metric), max_size=3).map(tuple),
)


@given(filters)
def test_a_filter_is_the_same_after_its_way_through_a_url(asked: LoopFilter) -> None:
    assert LoopFilter.from_query(asked.to_query()) == (asked, [])
    assert CaseFilter.from_query(asked.cases().to_query()) == (asked.cases(), [])


def test_what_a_url_spells_wrong_is_named_and_left_out() -> None:
    found, notices = LoopFilter.from_query(
        {"range": ["ever"], "team": ["x", "3"], "owner": ["0"], "metric": ["enps"]}
    )
    assert found == LoopFilter(teams=(3,), owners=(NOBODY,)) and len(notices) == 3


def test_every_role_may_see_the_loop(session: Session) -> None:
    for role in ("admin", "manager", "csm", "support"):
        who: Actor = make.actor(role)
        assert loop(session, who, LoopFilter(), now=NOW).empty
