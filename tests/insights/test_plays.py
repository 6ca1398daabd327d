"""What came of the plays: every number is as many cases as its list holds."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlmodel import Session, select

from db.models import Ask, Case, CaseEvent, UserUnit
from services import settings
from services.access import Refused, actor_for
from services.cases import playing
from services.domain.plays import SHEETS, Favour, Play, Reply
from services.domain.scores import Metric
from services.insights.case_filter import CaseFilter
from services.insights.loop_figures import Size
from services.insights.loop_filter import LoopFilter
from services.insights.play_sheet import case_play
from services.insights.play_words import finding
from services.insights.plays import PlayReport, play_report
from services.insights.queue import queue
from tests import builders as make
from tests.builders import NOW

BOSS = make.actor("manager")
EVER = LoopFilter(range="all")


def sizes(found: Any) -> Iterator[Size]:
    """Every number of a report, wherever it stands."""
    if isinstance(found, Size):
        yield found
    if is_dataclass(found):
        found = tuple(getattr(found, field.name) for field in fields(found))
    for one in found if isinstance(found, tuple) else ():
        yield from sizes(one)


def scramble(session: Session, random: Random, n: int) -> dict[str, list[int]]:
    """Cases with plays at every stage, in teams and units, some with favours asked for."""
    teams = [make.team(session, name).id or 0 for name in ("A", "B")]
    units = [make.unit(session, name).id or 0 for name in ("North", "South")]
    for _ in range(n):
        metric = random.choice(["nps", "csat"])
        case = make.case(session, 1, metric=metric, unit_id=random.choice([*units, None]))
        case.opened_at = NOW - timedelta(days=random.uniform(0, 120))
        case.team_id = random.choice([*teams, None])
        if random.random() < 0.8:
            play = random.choice([*Play])
            case.play = play.value
            case.play_result = random.choice([None, *SHEETS[play].results])
        if random.random() < 0.1:
            case.status, case.merged_into = "merged", case.id
        if random.random() < 0.6:
            session.add(Ask(
                contact_id=case.contact_id, case_id=case.id, at=NOW,
                kind=random.choice([*Favour]).value,
                result=random.choice([None, *[reply.value for reply in Reply]]),
                undone_at=NOW if random.random() < 0.2 else None,
            ))  # fmt: skip
    session.flush()
    return {"teams": teams, "units": units}


def report(session: Session, asked: LoopFilter = EVER, **values: Any) -> PlayReport:
    return play_report(session, values.pop("actor", BOSS), asked, now=NOW, **values)


def test_every_number_is_as_many_cases_as_its_list_holds(berlin: Session) -> None:
    ids = scramble(berlin, Random(7), 40)
    some = LoopFilter("all", teams=(ids["teams"][0],), units=(ids["units"][0],))
    seen = 0
    for asked in (EVER, LoopFilter("90d", metrics=(Metric.CSAT,)), some):
        found = [one for one in sizes(report(berlin, asked)) if one.cases is not None]
        seen += sum(one.n for one in found)
        counted: dict[CaseFilter, int] = {}
        for one in found:
            assert one.cases is not None
            if one.cases not in counted:
                counted[one.cases] = queue(
                    berlin, BOSS, one.cases, now=NOW, me=None, size=1
                ).total  # fmt: skip
            assert one.n == counted[one.cases], one.cases
    assert seen > 100


def test_the_parts_add_up(berlin: Session) -> None:
    scramble(berlin, Random(8), 30)
    found = report(berlin)
    started = sum(one.started.n for one in found.plays)
    assert started == found.whole.started.n == sum(row.started.n for row in found.points)
    assert started == sum(row.started.n for row in found.teams)
    for one in found.plays:
        assert one.started.n == one.running.n + one.finished.n
        assert one.finished.n == sum(part.size.n for part in one.results)
    for ask in found.favours:
        parts = ask.open.n + ask.yes.size.n + ask.no.n + ask.silent.n
        assert ask.asked.n == parts


def test_a_share_has_its_n_and_interval_and_few_say_nothing(berlin: Session) -> None:
    for n in range(12):
        case = make.case(berlin, 1)
        case.play, case.play_result = "win_back", "won" if n < 9 else "lost"
    make.case(berlin, 1).play = "win_back"
    few = make.case(berlin, 1)
    few.play, few.play_result = "learn_why", "learnt"
    berlin.flush()
    found = report(berlin)
    won = found.plays[0].results[0].now
    assert (won.n, won.value) == (12, 75.0)
    assert won.low is not None
    assert won.high is not None
    assert won.low < 75 < won.high
    assert "share of the plays that ended" in won.definition
    assert found.plays[1].results[0].now.too_few
    assert finding(found) == "10 of the 13 plays that ended went well; 1 still runs"


def test_time_begins_with_the_first_play(berlin: Session) -> None:
    for days in (200, 5):
        make.case(berlin, 1, now=NOW - timedelta(days=days))
    make.case(berlin, 1, now=NOW - timedelta(days=40)).play = "win_back"
    berlin.flush()
    found = report(berlin, LoopFilter("12m"))
    assert [row.started.n for row in found.points] == [1, 0]
    assert finding(found) == "Too few plays have ended to say how they do; 1 still runs"


def test_a_reader_of_one_unit_counts_its_plays_only(berlin: Session) -> None:
    north, south = make.unit(berlin, "North"), make.unit(berlin, "South")
    user = make.user(berlin, "csm")
    berlin.add(UserUnit(user_id=user.id, unit_id=north.id))
    settings.put(berlin, "csm_sees_all_units", False, actor_id=None, now=NOW)
    for unit in (north, south, south):
        make.case(berlin, 1, unit_id=unit.id).play = "win_back"
    berlin.flush()
    assert report(berlin, actor=actor_for(berlin, user)).whole.started.n == 1
    assert report(berlin).whole.started.n == 3
    hidden = berlin.exec(select(Case).where(Case.unit_id == south.id)).first()
    assert hidden is not None
    with pytest.raises(Refused):
        case_play(berlin, actor_for(berlin, user), hidden.number, now=NOW)


def test_a_desk_without_plays_says_so(berlin: Session) -> None:
    make.case(berlin, 1)
    found = report(berlin)
    assert (found.plays, found.favours, found.teams) == ((), (), ())
    assert found.whole.started.n == 0


def test_the_sheet_of_a_case_says_what_fits_what_is_done_and_whom_not_to_ask(
    berlin: Session,
) -> None:
    me = actor_for(berlin, make.user(berlin, "csm"))
    fan = make.contact(berlin)
    said = make.response(berlin, 10, contact_id=fan.id)
    number = playing.open_and_start(berlin, me, said.id, now=NOW)
    case = berlin.exec(select(Case).where(Case.number == number)).one()
    playing.tick(berlin, me, number, step="review", version=case.version, now=NOW)
    playing.favoured(
        berlin, me, number, favour="review", reply="given", version=case.version, now=NOW
    )
    sheet = case_play(berlin, me, number, now=NOW)
    assert (sheet.play, sheet.done, len(sheet.steps)) == ("promoter", 1, 5)
    told = {step.key: (step.done, step.reply, step.why_not is None) for step in sheet.steps}
    assert told["review"] == (True, "given", True)
    assert told["referral"] == (False, None, False)
    assert told["thank"] == (False, None, True)
    bare = make.case(berlin, 2)
    sheet = case_play(berlin, me, bare.number, now=NOW)
    assert (sheet.play, sheet.suggested, sheet.low, sheet.steps) == (None, "win_back", True, ())
    assert berlin.exec(select(CaseEvent).where(CaseEvent.kind == "played")).first()
