"""Promises kept: each number is as many cases as its list holds, and few are not judged."""

import csv
from datetime import timedelta
from io import StringIO
from random import Random

import pytest
from sqlmodel import Session, select

from db.models import Audit, RootCause, User
from services import sla_sheet
from services.access import Forbidden
from services.cases import verbs
from services.domain.scores import Counts, Metric, csat_top2
from services.insights.case_filter import NOBODY
from services.insights.loop import loop
from services.insights.loop_filter import LoopFilter
from services.insights.loop_words import of_ten
from services.insights.queue import queue
from services.insights.sla import Kept, SlaReport, sla
from services.insights.sla_words import against, finding
from tests import builders as make
from tests.builders import NOW
from tests.insights.test_loop import lists, scramble

DAY = timedelta(days=1)
BOSS = make.actor("manager")


def worked(session: Session, owner: User, n: int, *, after: timedelta) -> None:
    """Cases that their owner contacted and resolved so long after they were opened."""
    me = make.actor("csm", id=owner.id, team_id=owner.team_id)
    why = session.exec(select(RootCause.id)).first() or 0
    for k in range(n):
        opened = NOW - (20 + k % 5) * DAY
        case, at = make.case(session, 2, now=opened), opened + after
        verbs.assign(session, me, case.number, to=owner.id, version=1, now=opened)
        verbs.log_contact(session, me, case.number, way="call", body="Hi", at=at, now=at)
        verbs.resolve(
            session, me, case.number, outcome="solved", root_cause_id=why, version=3, now=at
        )


def person(report: SlaReport, name: str) -> Kept:
    return next(one for one in report.people if one.name == name)


@pytest.mark.parametrize("seed", range(2))
def test_every_number_is_as_many_cases_as_its_list_holds(session: Session, seed: int) -> None:
    random = Random(seed)
    ids = scramble(session, random, 60)
    own = make.actor("csm", units=(ids["units"][0],))
    seen = 0
    for who, asked in (
        (BOSS, LoopFilter()),
        (BOSS, LoopFilter("all", owners=(NOBODY, ids["owners"][0]))),
        (BOSS, LoopFilter("90d", metrics=(Metric.CSAT,))),
        (own, LoopFilter("90d", teams=tuple(ids["teams"][:1]))),
    ):
        report = sla(session, who, asked, now=NOW)
        for n, cases in lists(report):  # type: ignore[arg-type]
            assert queue(session, who, cases, now=NOW, me=who.id).total == n, cases
            seen += n
    assert seen > 500


@pytest.mark.parametrize("seed", range(2))
def test_the_report_is_of_one_mind_with_the_loop_and_its_parts_add_up(
    session: Session, seed: int
) -> None:
    scramble(session, Random(seed), 60)
    report, whole = (ask(session, BOSS, LoopFilter("all"), now=NOW) for ask in (sla, loop))
    assert report.whole.contact.counts == whole.contact_in_time.counts
    assert report.whole.close.counts == whole.close_in_time.counts
    assert report.whole.contact_wait.waits == whole.contact.waits
    buckets = tuple(one.kept for one in report.periods)
    for groups in (report.teams, report.people, buckets):
        for part in ("contact", "close"):
            shares = [getattr(one, part) for one in groups]
            all_ = getattr(report.whole, part)
            assert sum(share.hits.n for share in shares) == all_.hits.n
            assert sum(share.of.n for share in shares) == all_.of.n
            assert sum(share.undecided for share in shares) == all_.undecided


def test_who_keeps_fewer_promises_than_the_others_is_told_so_and_few_are_not_judged(
    session: Session,
) -> None:
    team = make.team(session, "Care").id
    ann, bob, cy = (make.user(session, name=name, team_id=team) for name in ("Ann", "Bob", "Cy"))
    worked(session, ann, 12, after=timedelta(hours=2))
    worked(session, bob, 12, after=14 * DAY)
    worked(session, cy, 2, after=timedelta(hours=2))
    make.case(session, now=NOW - 20 * DAY)
    report = sla(session, BOSS, LoopFilter("90d"), now=NOW)
    assert (person(report, "Ann").contact.hits.n, person(report, "Bob").contact.hits.n) == (12, 0)
    assert against(person(report, "Bob").contact) == "93 points below the others"
    assert against(person(report, "Ann").contact).endswith("above the others")
    assert against(person(report, "Cy").contact) == "too few to say"
    nobody = report.people[-1]
    assert (nobody.name, nobody.contact.of.n, against(nobody.contact)) == (
        "nobody", 1, "too few to say",
    )  # fmt: skip
    assert person(report, "Ann").contact_wait.waits.most == 2 * 3600
    assert finding(report).startswith("5 of 10 promises of first contact were kept; ")


@pytest.mark.parametrize(
    ("hits", "said"),
    [
        (76, "3 of 4"), (80, "8 of 10"), (34, "1 of 3"), (85, "85\N{NO-BREAK SPACE}% of"),
        (94, "94\N{NO-BREAK SPACE}% of"), (95, "More than 9 of 10"), (4, "Fewer than 1 of 10"),
        (0, "None of the 100"), (100, "All 100"),
    ],
)  # fmt: skip
def test_a_share_in_words_is_close_to_the_share(hits: int, said: str) -> None:
    assert of_ten(csat_top2(Counts(hits, 0, 100 - hits))) == said


def test_two_who_do_alike_do_not_differ(session: Session) -> None:
    for name in ("Ann", "Bob"):
        worked(session, make.user(session, name=name), 6, after=timedelta(hours=2))
    report = sla(session, BOSS, LoopFilter("90d"), now=NOW)
    assert {against(one.contact) for one in report.people} == {"no evidence of a difference"}


def test_an_empty_desk_and_one_where_all_still_run_say_so(session: Session) -> None:
    assert sla(session, BOSS, LoopFilter(), now=NOW).empty
    make.case(session)
    report = sla(session, BOSS, LoopFilter(), now=NOW)
    assert not report.empty and report.whole.contact.undecided == 1
    assert finding(report) == "Too few promises have run out to say how many were kept"


def test_a_clock_that_stands_still_for_the_customer_breaks_no_promise(session: Session) -> None:
    case = make.case(session, now=NOW - 30 * DAY)
    at = NOW - 30 * DAY + timedelta(hours=1)
    verbs.wait(session, make.actor("csm"), case.number, version=1, now=at)
    contact = sla(session, BOSS, LoopFilter("90d"), now=NOW).whole.contact
    assert (contact.of.n, contact.undecided) == (0, 1)


def test_the_sheet_says_the_same_and_is_audited(session: Session) -> None:
    ann = make.user(session, name="=cmd()", team_id=make.team(session, "Care").id)
    worked(session, ann, 7, after=timedelta(hours=2))
    text = sla_sheet.export(session, BOSS, LoopFilter("90d"), now=NOW)
    rows = list(csv.DictReader(StringIO(text)))
    mine = next(row for row in rows if row["by"] == "person")
    assert (mine["name"], mine["opened"], mine["contact_kept"]) == ("'=cmd()", "7", "7")
    assert (mine["contact_median_hours"], mine["contact_kept_percent"]) == ("2.0", "100.0")
    assert {row["by"] for row in rows} == {"all", "team", "person", "week"}
    entry = session.exec(select(Audit).where(Audit.verb == "export.sla")).one()
    assert entry.data == {"rows": len(rows)}
    with pytest.raises(Forbidden):
        sla_sheet.export(session, make.actor("csm"), LoopFilter(), now=NOW)
