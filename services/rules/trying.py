"""Trying a rule out before it acts: how it reads, and what it would have done in the last days."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from db.engine import slices
from db.models import Case, CaseResponse, Contact
from services.access import Actor, permitted
from services.domain.bands import Band, Metric
from services.domain.roles import Verb
from services.domain.rules.body import Body
from services.domain.rules.deciding import Standing
from services.domain.rules.words import Called, because, effect, lines
from services.rules.calling import called
from services.rules.keeping import checked
from services.rules.reporting import SHOWN, OfRule, Report, change, report
from services.rules.running import sets
from services.rules.simulating import NEW, Meeting, Progress, Simulation, silent, simulate

Person = tuple[int, str]


@dataclass(frozen=True)
class Line:
    """An answer that the rule fires on: why, and what would be done, in words."""

    response_id: int
    at: datetime
    answered_at: datetime
    score: int
    band: Band
    metric: Metric
    who: Person | None
    case: int | None
    why: str
    did: tuple[str, ...]


@dataclass(frozen=True)
class Differs:
    """Against the version that acts: on how many answers it fires that the other does not fire on,
    and the other way round; on how many both do, otherwise or the same."""

    live: int
    more: int
    fewer: int
    otherwise: int
    same: int


@dataclass(frozen=True)
class Tried:
    """What a rule would have done among the others. `report` and `messages` (by vendor) count all
    rules together, `own` and `firings` (by day) this one; `often` are people to whom more than one
    message would have gone."""

    start: datetime
    end: datetime
    days: int
    report: Report
    own: OfRule
    firings: Mapping[date, int]
    messages: tuple[tuple[str, int], ...]
    lines: tuple[Line, ...]
    often: tuple[tuple[Person, int], ...]
    teams: tuple[tuple[str, int], ...]
    differs: Differs | None


@permitted(Verb.SHARE)
def reads(session: Session, actor: Actor, body: Mapping[str, Any]) -> list[str]:  # noqa: ARG001
    """What was written, a line each; Refused says what cannot be."""
    return lines(checked(session, body), called(session))


@permitted(Verb.SHARE)
def try_out(
    session: Session, actor: Actor, *, body: Mapping[str, Any], rule_id: int, days: int,
    now: datetime, progress: Progress = silent,
) -> Tried:  # fmt: skip
    """What the rules would have done with `body` in the place of this one (`NEW`: behind them)."""
    given = checked(session, body)
    live = next((one for one in sets(session).live if one.rule_id == rule_id), None)
    once = live is None or live.body == given  # the same rule does the same
    done = simulate(
        session, actor, days=days, now=now, drafts={rule_id: given},
        progress=progress if once else _half(progress, 0),
    )  # fmt: skip
    was = (
        None if once else simulate(session, actor, days=days, now=now, progress=_half(progress, 1))
    )
    told, names = report(session, actor, done), called(session)
    met = [one for one in done.met if one.fired.rule_id == rule_id]
    known = _people(session, met, told)
    return Tried(
        done.start, done.end, days, told, next(one for one in told.rules if one.rule_id == rule_id),
        Counter(one.facts.local.date() for one in met),
        tuple((names.vendors.get(name, name), n) for name, n in told.messages.items()),
        _lines(session, actor, done, met[-SHOWN:], given, names, known),
        tuple(((id_, known.get(id_, "")), n) for id_, n in told.often),
        tuple((names.of("team", id_), n) for id_, n in told.teams.items()),
        _differs(live, done, was, rule_id),
    )  # fmt: skip


def _half(progress: Progress, nth: int) -> Progress:
    """Every answer is looked at twice: with what is tried, then with what acts."""
    return lambda done, of: progress((nth * of + done) // 2, of)


def _differs(
    live: Standing | None, done: Simulation, was: Simulation | None, rule_id: int
) -> Differs | None:
    if live is None:
        return None
    if was is None:
        return Differs(live.n, 0, 0, 0, sum(one.fired.rule_id == rule_id for one in done.met))
    found = change(was, done, rule_id)
    return Differs(
        live.n, len(found.only_after), len(found.only_before), len(found.otherwise), found.same
    )


def _people(session: Session, met: Sequence[Meeting], told: Report) -> dict[int, str]:
    """What the people are called that are shown."""
    wanted = {one.facts.contact_id for one in met[-SHOWN:]} | {id_ for id_, _ in told.often}
    query = select(Contact.id, Contact.name, Contact.email).where(col(Contact.id).in_(wanted))
    return {id_ or 0: name or email or "No name" for id_, name, email in session.exec(query)}


def _lines(
    session: Session, actor: Actor, done: Simulation, met: Sequence[Meeting], body: Body,
    names: Called, people: Mapping[int, str],
) -> tuple[Line, ...]:  # fmt: skip
    """The last answers that it fires on, the newest first."""
    ended = {(one.facts.response_id, one.rule_id, one.nth): one.outcome for one in done.ended}
    cases = cases_of(session, actor, [one.facts.response_id for one in met])
    return tuple(_line(one, body, names, people, cases, ended) for one in reversed(met))


def _line(
    one: Meeting, body: Body, names: Called, people: Mapping[int, str], cases: Mapping[int, int],
    ended: Mapping[tuple[int, int, int], str],
) -> Line:  # fmt: skip
    facts, fired = one.facts, one.fired
    did = (
        effect(each, names, outcome=ended.get((facts.response_id, fired.rule_id, nth)))
        for nth, each in enumerate(fired.effects)
    )
    who = facts.contact_id
    return Line(
        facts.response_id, facts.local, facts.answered_at, facts.score, facts.band, facts.metric,
        (who, people[who]) if who and who in people else None, cases.get(facts.response_id),
        because(body, fired.because, names), tuple(did),
    )  # fmt: skip


def cases_of(session: Session, actor: Actor, responses: Sequence[int]) -> dict[int, int]:
    """The numbers of the cases of these answers that the actor may see."""
    found: dict[int, int] = {}
    for some in slices(responses):
        query = (
            select(CaseResponse.response_id, Case.number, Case.unit_id)
            .join(Case, col(Case.id) == CaseResponse.case_id)
            .where(col(CaseResponse.response_id).in_(some))
        )
        found |= {id_: number for id_, number, unit in session.exec(query) if actor.sees(unit)}
    return found


__all__ = ["NEW", "Differs", "Line", "Tried", "cases_of", "reads", "try_out"]
