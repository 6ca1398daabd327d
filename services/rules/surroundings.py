"""What decisions depend on besides the answers: as it is now, or as it was when a time began."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.engine import slices
from db.models import (
    Ask,
    Case,
    CaseEvent,
    CaseTag,
    Delivery,
    ExternalRef,
    Integration,
    Message,
    RuleFiring,
    RuleLater,
    Tag,
    Team,
    Template,
    User,
    UserUnit,
)
from services import settings
from services.access import sees_everything
from services.cases.pushing import ACTIONS
from services.domain import merge
from services.domain.lifecycle import Move, Status
from services.domain.plays import Favour
from services.domain.retrying import State
from services.domain.roles import Role
from services.domain.rules.deciding import Standing
from services.domain.rules.facts import Facts
from services.domain.rules.world import Limits, Person, Span, Wording, World
from services.rules.turns import load, turns_at

_CAME_TO_NOTHING = (State.CANCELLED, State.FAILED)


def world_now(
    session: Session, found: Sequence[Facts], now: datetime, rules: Sequence[Standing] = ()
) -> World:
    """As things stand, for these answers and rules."""
    world = _desk(session, now, rules)
    contacts = sorted({one.contact_id for one in found if one.contact_id})
    world.turns.update({id_ or 0: last for id_, last in session.exec(
        select(Team.id, Team.last_given_id)
    )})  # fmt: skip
    for some in slices(contacts):
        _fill(world, _cases(session, col(Case.contact_id).in_(some)))
        _remember(world, session, some)
    for some in slices([one.response_id for one in found]):
        spoken = select(Message.response_id).where(col(Message.response_id).in_(some))
        world.spoken |= {id_ or 0 for id_ in session.exec(spoken)}
        world.spoken |= set(_reserved(session, some))
    _of_cases(world, session, found, None)
    return world


class Then:
    """The surroundings as they stood at `start`, as far as that is known, without what rules did
    since. Who works here, what they can carry and what is connected are as now: that is not kept.
    """

    def __init__(
        self, session: Session, start: datetime, now: datetime, rules: Sequence[Standing]
    ) -> None:
        self.session, self.start = session, start
        self.world = _desk(session, now, rules, start)
        self.world.turns.update(turns_at(session, start, self.world))
        self._ruled = _opened_by_rules(session, start)
        self._met: set[int] = set()

    def meet(self, found: Sequence[Facts]) -> None:
        """Know what there was with these people before."""
        contacts = {one.contact_id for one in found if one.contact_id} - self._met
        self._met |= contacts
        for some in slices(sorted(contacts)):
            spans = _cases(self.session, col(Case.contact_id).in_(some))
            _fill(self.world, (one for one in spans if one[2].key not in self._ruled))
            _remember(self.world, self.session, some, before=self.start)
        _of_cases(self.world, self.session, found, self.start)

    def come(self, facts: Facts) -> None:
        """The desk itself opened a case about it: its team may have shared it out."""
        if facts.case is not None and facts.case.fresh:
            self.world.share(facts.team_id, facts.unit_id)


def _desk(
    session: Session, now: datetime, rules: Sequence[Standing], before: datetime | None = None
) -> World:
    """Who is here, what is connected, and what the settings allow."""
    limits = Limits(*(
        timedelta(days=int(settings.get(session, name)))
        for name in ("auto_gap_days", "ask_any_days", "ask_same_days")
    ))  # fmt: skip
    age = timedelta(days=int(settings.get(session, "case_age_days")))
    people = _people(session, now)
    turning = {one.id for rule in rules for one in rule.body.actions if one.to == "turn"}
    return World(
        people=people, limits=limits, age=age,
        leads={id_ or 0: lead for id_, lead in session.exec(select(Team.id, Team.lead_id))},
        vendors=frozenset(session.exec(select(Integration.name))),
        templates=_templates(session),
        # Without a rule that gives in turn, nothing depends on whose turn it is.
        shares=frozenset(
            id_ or 0 for id_ in session.exec(select(Team.id).where(col(Team.round_robin)))
            if id_ in turning
        ),
        load=load(session, [one.id for one in people.values() if one.team_id in turning], before),
    )  # fmt: skip


def _templates(session: Session) -> dict[str, list[Wording]]:
    query = select(Template).where(col(Template.retired_at).is_(None), col(Template.shared))
    found: dict[str, list[Wording]] = {}
    for one in session.exec(query.order_by(col(Template.id))):
        needs = merge.needed(f"{one.subject} {one.body}")
        found.setdefault(one.name, []).append(Wording(one.language, needs))
    return found


def _people(session: Session, now: datetime) -> dict[int, Person]:
    units: dict[int, set[int | None]] = {}
    for user_id, unit_id in session.exec(select(UserUnit.user_id, UserUnit.unit_id)):
        units.setdefault(user_id, set()).add(unit_id)
    found: dict[int, Person] = {}
    for user in session.exec(select(User).where(col(User.disabled_at).is_(None))):
        id_, here = user.id or 0, user.absent_until is None or user.absent_until <= now
        all_of_them = sees_everything(session, Role(user.role))
        sight = None if all_of_them else frozenset(units.get(id_, ()))
        found[id_] = Person(id_, user.team_id, user.capacity, sight, here)
    return found


def _cases(session: Session, *which: Any) -> Iterator[tuple[int, str, Span]]:
    query = sa.select(
        col(Case.id), col(Case.contact_id), col(Case.reason_key), col(Case.opened_at),
        col(Case.resolved_at), col(Case.status),
    ).where(*which)  # fmt: skip
    for row in session.connection().execute(query.order_by(col(Case.id))):
        ended = row.opened_at if row.status == Status.MERGED else row.resolved_at
        yield row.contact_id, row.reason_key, Span(f"case:{row.id}", row.opened_at, ended)


def _fill(world: World, spans: Iterator[tuple[int, str, Span]]) -> None:
    for contact_id, reason, span in spans:
        world.cases.setdefault((contact_id, reason), []).append(span)


def _remember(
    world: World, session: Session, contacts: Sequence[int], before: datetime | None = None
) -> None:
    """What was sent to these people by itself, and what they were asked for. `before`: of rules
    only what they did before then."""
    auto = sa.select(col(Message.contact_id), sa.func.max(col(Message.created_at))).where(
        col(Message.contact_id).in_(contacts), col(Message.kind) == "auto",
        *([col(Message.created_at) < before] if before else []),
    )  # fmt: skip
    rows: Any = session.connection().execute(auto.group_by(col(Message.contact_id)))
    world.written.update(dict(rows.all()))
    asks = select(Ask).where(col(Ask.contact_id).in_(contacts), col(Ask.undone_at).is_(None))
    for ask in session.exec(asks):
        if before is None or ask.at < before or ask.asked_by is not None:
            world.asked.setdefault(ask.contact_id, []).append((Favour(ask.kind), ask.at))


def _reserved(session: Session, responses: Sequence[int]) -> Iterator[int]:
    """The answers about which something waits to be said."""
    query = (
        select(RuleFiring.response_id).join(RuleLater)
        .where(col(RuleFiring.response_id).in_(responses), RuleLater.state == "waiting",
               RuleFiring.mode == "live")
    )  # fmt: skip
    yield from session.exec(query)


def _of_cases(
    world: World, session: Session, found: Sequence[Facts], before: datetime | None
) -> None:
    """Where the cases of these answers and their people were sent, and their tags; `before`: what
    was so before then."""
    people = {one.contact_id for one in found}
    keys = {one.case.key for one in found if one.case}
    keys |= {one.key for (who, _), spans in world.cases.items() if who in people for one in spans}
    known = {int(key.removeprefix("case:")) for key in keys if key.startswith("case:")}
    for some in slices(sorted(known)):
        refs = select(ExternalRef.entity_id, ExternalRef.vendor).where(
            ExternalRef.entity == "case", col(ExternalRef.entity_id).in_(some),
            *([col(ExternalRef.created_at) < before] if before else []),
        )  # fmt: skip
        gone = select(Delivery.case_id, Delivery.vendor).where(
            col(Delivery.case_id).in_(some), col(Delivery.state).not_in(_CAME_TO_NOTHING),
            sa.tuple_(Delivery.vendor, Delivery.action).in_(ACTIONS.items()),
            *([col(Delivery.created_at) < before] if before else []),
        )  # fmt: skip
        pairs = [*session.exec(refs), *session.exec(gone)]
        world.pushed |= {(f"case:{id_}", vendor) for id_, vendor in pairs}
        for case_id, name in _tags(session, some, before):
            world.tags.setdefault(f"case:{case_id}", set()).add(name.casefold())


def _tags(
    session: Session, case_ids: Sequence[int], before: datetime | None
) -> Iterator[tuple[int, str]]:
    names = dict(session.exec(select(Tag.id, Tag.name)).all())
    if before is None:
        there = select(CaseTag.case_id, CaseTag.tag_id).where(col(CaseTag.case_id).in_(case_ids))
        yield from ((case_id, names[tag_id]) for case_id, tag_id in session.exec(there))
        return
    turns = select(CaseEvent).where(
        col(CaseEvent.case_id).in_(case_ids), CaseEvent.kind == Move.TAGGED,
        col(CaseEvent.at) < before,
    )  # fmt: skip
    on: dict[tuple[int, int], bool] = {}
    for event in session.exec(turns.order_by(col(CaseEvent.id))):
        if "tag_id" in event.data:
            on[event.case_id, event.data["tag_id"]] = bool(event.data["on"])
    yield from ((case_id, names[tag]) for (case_id, tag), held in on.items() if held)


def _opened_by_rules(session: Session, start: datetime) -> set[str]:
    query = select(RuleFiring.case_id, RuleFiring.effects).where(
        RuleFiring.at >= start, RuleFiring.mode == "live", col(RuleFiring.case_id).is_not(None)
    )
    return {
        f"case:{case_id}"
        for case_id, effects in session.exec(query)
        if any(one["do"] == "open" and one["outcome"] == "opened" for one in effects)
    }
