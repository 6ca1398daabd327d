"""What a simulation comes to: who would have got how much, what would have been said to whom."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, func, select

from db.models import Case, CaseEvent, User
from services import settings
from services.access import Actor, permitted
from services.cases.verbs import promise
from services.domain.lifecycle import Move
from services.domain.roles import Verb
from services.domain.rules.actions import Do
from services.domain.rules.deciding import NOT
from services.domain.sla import add_hours
from services.insights.queue import within_units
from services.rules.simulating import Meeting, Simulation

DOUBLES = frozenset(
    {"spoken", "soon", "asked", "has_it"}
)  # what would have come twice, and does not
SHOWN = 50  # answers of a list


@dataclass(frozen=True)
class OfRule:
    """What one rule would have done: on how many answers it fires, and each of its actions: done,
    and not done by the reason."""

    rule_id: int
    fired: int
    done: Mapping[str, int]
    not_done: Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class Load:
    """What would have come to a person: cases, at most `together` first contacts due on one day.

    `had`: cases that really were given to them in that time; `contacted`: those that they reached.
    """

    user_id: int
    name: str
    cases: int
    together: int
    had: int
    contacted: int


@dataclass(frozen=True)
class Report:
    """A simulation, counted. `messages` are by vendor; `often` the people to whom more than one
    message would have gone, with how many; `doubles` what was held back, by the reason."""

    answers: int
    fired: int
    rules: Sequence[OfRule]
    messages: Mapping[str, int]
    contacts: int
    often: Sequence[tuple[int, int]]
    doubles: Mapping[str, int]
    teams: Mapping[int, int]
    loads: Sequence[Load]
    days: Mapping[date, int]


@permitted(Verb.SHARE)
def report(session: Session, actor: Actor, done: Simulation) -> Report:
    """The simulation, counted; days are those of the reporting zone."""
    said = Counter(
        one.facts.contact_id for one in done.ended if one.outcome == "sent" and one.facts.contact_id
    )
    return Report(
        answers=done.answers, fired=len({one.facts.response_id for one in done.met}),
        rules=[_of_rule(done, one.rule_id) for one in done.rules], messages=_messages(done),
        contacts=len(said), often=[pair for pair in said.most_common(SHOWN) if pair[1] > 1],
        doubles=_doubles(done), teams=_teams(done), loads=_loads(session, actor, done),
        days=Counter(one.facts.local.date() for one in done.met),
    )  # fmt: skip


def _of_rule(done: Simulation, rule_id: int) -> OfRule:
    made, not_made = Counter[str](), Counter[tuple[str, str]]()
    met = [one for one in done.met if one.fired.rule_id == rule_id]
    for effect in (effect for one in met for effect in one.fired.effects):
        if effect["outcome"] == NOT:
            not_made[effect["do"], effect["why"]] += 1
        elif effect["outcome"] != "waits":
            made[effect["do"]] += 1
    actions = next(one.body.actions for one in done.rules if one.rule_id == rule_id)
    for end in (one for one in done.ended if one.rule_id == rule_id):
        do = actions[end.nth].do.value
        if end.outcome == "sent":
            made[do] += 1
        else:
            not_made[do, end.outcome] += 1
    return OfRule(rule_id, len(met), made, not_made)


def _messages(done: Simulation) -> Counter[str]:
    found = Counter(
        effect["vendor"]
        for one in done.met for effect in one.fired.effects
        if effect["do"] == Do.PUSH and effect["outcome"] != NOT
    )  # fmt: skip
    found["email"] += sum(one.outcome == "sent" for one in done.ended)
    return +found


def _doubles(done: Simulation) -> Counter[str]:
    held = Counter(one.outcome for one in done.ended if one.outcome in DOUBLES)
    for effect in (effect for one in done.met for effect in one.fired.effects):
        if effect["outcome"] == NOT and effect["why"] in DOUBLES:
            held[effect["why"]] += 1
    return held


def _given(done: Simulation, what: str) -> Iterator[tuple[int, Meeting]]:
    for one in done.met:
        for effect in one.fired.effects:
            if effect["do"] == Do.ASSIGN and what in effect and effect["outcome"] != NOT:
                yield effect[what], one


def _teams(done: Simulation) -> Counter[int]:
    return Counter(team_id for team_id, _ in _given(done, "team"))


def _loads(session: Session, actor: Actor, done: Simulation) -> list[Load]:
    cases, due = Counter[int](), defaultdict[int, Counter[date]](Counter)
    people = {user.id or 0: user for user in session.exec(select(User))}
    promises = {user.team_id: promise(session, user.team_id) for user in people.values()}
    zone = settings.reporting_zone(session)
    for user_id, one in _given(done, "user"):
        cases[user_id] += 1
        said = promises[people[user_id].team_id]
        first = add_hours(one.facts.at, said.hours, said.calendar)
        due[user_id][first.astimezone(zone).date()] += 1
    had = _had(session, actor, done.start, done.end)
    reached = _reached(session, actor, done.start, done.end)
    return [
        Load(user_id, people[user_id].name, n, max(due[user_id].values()), had[user_id],
             reached[user_id])
        for user_id, n in cases.most_common()
    ]  # fmt: skip


def _had(session: Session, actor: Actor, start: datetime, end: datetime) -> Counter[int]:
    """Cases that were opened in this time and lie with people."""
    query = (
        select(Case.assignee_id, func.count())
        .where(
            Case.opened_at >= start,
            Case.opened_at < end,
            col(Case.assignee_id).is_not(None),
            *within_units(actor),
        )
        .group_by(col(Case.assignee_id))
    )
    return Counter({user_id or 0: n for user_id, n in session.exec(query)})


def _reached(session: Session, actor: Actor, start: datetime, end: datetime) -> Counter[int]:
    query = (
        select(CaseEvent.actor_id, func.count(col(CaseEvent.case_id).distinct()))
        .join(Case, col(Case.id) == CaseEvent.case_id)
        .where(CaseEvent.at >= start, CaseEvent.at < end, CaseEvent.kind == Move.CONTACTED,
               col(CaseEvent.actor_id).is_not(None), *within_units(actor))
        .group_by(col(CaseEvent.actor_id))
    )  # fmt: skip
    return Counter({user_id or 0: n for user_id, n in session.exec(query)})


@dataclass(frozen=True)
class Change:
    """How two simulations of the same time differ, by answers: on which only one of them fires, and
    on which both do but not alike."""

    only_before: Sequence[int]
    only_after: Sequence[int]
    otherwise: Sequence[int]
    same: int


def change(before: Simulation, after: Simulation, rule_id: int | None = None) -> Change:
    """What another version would have changed; of one rule, or of all together."""
    was, now = (_by_answer(done, rule_id) for done in (before, after))
    both = was.keys() & now.keys()
    otherwise = sorted(id_ for id_ in both if was[id_] != now[id_])
    return Change(
        sorted(was.keys() - now.keys()), sorted(now.keys() - was.keys()), otherwise,
        len(both) - len(otherwise),
    )  # fmt: skip


def _by_answer(done: Simulation, rule_id: int | None) -> dict[int, list[object]]:
    found: dict[int, list[object]] = defaultdict(list)
    for one in done.met:
        if rule_id in (None, one.fired.rule_id):
            found[one.facts.response_id].append((one.fired.rule_id, one.fired.effects))
    for end in done.ended:
        if rule_id in (None, end.rule_id):
            found[end.facts.response_id].append((end.rule_id, end.nth, end.outcome))
    return found
