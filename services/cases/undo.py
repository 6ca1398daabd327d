"""Taking back what was done to a case: a compensating event, never a change of the journal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session, col, select

from db.models import Case, CaseEvent, Delivery, Message, User
from services import asks, calendars
from services.access import Actor, Refused, permitted
from services.cases import drafts, replying, tagging, unmerging, words
from services.cases.journal import NOTHING, Done, held, journal, keep, state_of
from services.cases.standing import taken_back
from services.cases.verbs import refuse_a_second
from services.domain import lifecycle, taking_back
from services.domain.lifecycle import UNDOABLE, Illegal, Move, State
from services.domain.retrying import State as Delivered
from services.domain.roles import Grant, Verb, grant
from services.domain.taking_back import Fact


@permitted(Verb.WORK_CASES)
def undo(session: Session, actor: Actor, number: int, event_id: int, *, now: datetime) -> Done:
    """Take back one event; refused, with the reason, when somebody else changed the case since.

    One's own events, and others' for those who may (contracts: managers, a CSM in their team).
    """
    case = held(session, actor, number, None)
    events = journal(session, case.case.id or 0)
    event = next((each for each in events if each.id == event_id), None)
    if event is None:
        raise Refused(f"There is nothing to take back. {NOTHING}")
    rule = _rule(session, actor, case.case, events)
    after = rule.without(
        event, lambda later: words.sentences(session, [later], words.zone_of(session, actor))[0]
    )
    if Move(event.kind) is Move.REPLIED:
        replying.take_back(session, event, now, actor.id)
    _mark(session, actor, number, events, event, now)
    source, turns = _source(events, event)
    asks.follow(session, source.data, turns, now)
    tagging.follow(session, event.case_id, source.data, turns)
    last = unmerging.last_turn(events, source)
    turned = unmerging.turn(session, actor, case.case, after, source, turns, last, now)
    done = keep(
        session, actor, case, turned.after, Move.UNDONE, now=now, undo_of=event_id,
        undone=event.kind, **turned.data,
    )  # fmt: skip
    return replace(done, told=words.took_back(event.kind) + turned.told)


def possible(
    session: Session, actor: Actor, case: Case, events: Sequence[CaseEvent]
) -> frozenset[int]:
    """The events of a whole journal that `undo` would take back for the actor right now."""
    if not actor.may(Verb.WORK_CASES):
        return frozenset()
    rule, found = _rule(session, actor, case, events), set[int]()
    for event in events:
        try:
            rule.without(event, lambda _: "")
        except Refused:
            continue
        found.add(event.id or 0)
    return frozenset(found)


@dataclass(frozen=True)
class _Rule:
    """What may be taken back of a case; `teams` are those of the people in its journal, `tags` the
    tags that are on it."""

    session: Session
    actor: Actor
    case: Case
    state: State
    events: Sequence[CaseEvent]
    gone: set[int]
    teams: dict[int | None, int | None]
    tags: frozenset[int]

    def without(self, event: CaseEvent, tell: Callable[[CaseEvent], str]) -> State:
        """The state without the event, or Refused; `tell` says in words what is in the way."""
        if Move(event.kind) not in UNDOABLE:
            raise Refused(f"There is nothing to take back. {NOTHING}")
        if event.id in self.gone:
            raise Refused(f"It was taken back already. {NOTHING}")
        self._refuse_left(event)
        self._refuse_strangers(event)
        if (later := self._stranger_since(event)) is not None:
            said = tell(later)
            raise Refused(f"It cannot be taken back any more: {said} since. {NOTHING}")
        self._refuse_turned(event)
        try:
            after = taking_back.undone(self.state, event.data.get("changes", {}))
        except Illegal as error:
            raise Refused(f"This cannot be taken back: {error}. {NOTHING}") from None
        if _fact(_source(self.events, event)[0]).reached is not None:
            after = self._with_other_contacts(after, event)
        woken = after.status in lifecycle.UNRESOLVED
        if woken and self.state.status not in lifecycle.UNRESOLVED:
            refuse_a_second(self.session, self.case)
        return after

    def _refuse_left(self, event: CaseEvent) -> None:
        """What has left the desk, or might have, is nothing that could be taken back."""
        source, turns = _source(self.events, event)
        if "there" in source.data and Move(source.kind) is Move.CONTACTED:
            raise Refused(f"The customer was told elsewhere: that stays said. {NOTHING}")
        if "delivery_id" not in source.data:
            return
        if turns:
            raise Refused(f"It was taken back before it left: write it again. {NOTHING}")
        delivery = self.session.get(Delivery, source.data["delivery_id"])
        if delivery is None or delivery.state != Delivered.PENDING:
            raise Refused(f"It has left: what was sent cannot be taken back. {NOTHING}")

    def _refuse_turned(self, event: CaseEvent) -> None:
        source, turns = _source(self.events, event)
        why = tagging.why_not_back(self.session, self.tags, source.data, turns)
        last = unmerging.last_turn(self.events, source)
        why = why or unmerging.why_not(self.session, self.case, source, turns, last)
        if why is not None:
            raise Refused(f"This cannot be taken back: {why}. {NOTHING}")

    def _refuse_strangers(self, event: CaseEvent) -> None:
        mine = event.actor_id is not None and event.actor_id == self.actor.id
        reach = grant(self.actor.role, Verb.BULK)
        if mine or reach is Grant.YES:
            return
        team = self.teams.get(event.actor_id)
        if reach is Grant.OWN_TEAM and team is not None and team == self.actor.team_id:
            return
        raise Refused(f"That was somebody else's doing: ask them, or a manager. {NOTHING}")

    def _stranger_since(self, event: CaseEvent) -> CaseEvent | None:
        """The last later event of anybody but the actor and whoever did this one."""

        def stranger(later: CaseEvent) -> bool:
            if later.actor_id is None:  # the desk's own events are nobody's, others' are
                return "key_id" in later.data or "there" in later.data
            return later.actor_id not in (self.actor.id, event.actor_id)

        later = [e for e in self.events if (e.id or 0) > (event.id or 0) and stranger(e)]
        return later[-1] if later else None

    def _with_other_contacts(self, after: State, event: CaseEvent) -> State:
        """Another contact that stands is the first one now; and the stops of the clock count."""
        gone = taken_back(self.events, also=event.id)
        standing = [_fact(e) for e in self.events if e.id not in gone]
        calendar = calendars.calendar_of(self.session, after.team_id)
        return taking_back.recontacted(self.state, after, standing, calendar)


def _rule(session: Session, actor: Actor, case: Case, events: Sequence[CaseEvent]) -> _Rule:
    ids = {event.actor_id for event in events} - {None}
    query = select(User.id, User.team_id).where(col(User.id).in_(ids))
    teams: dict[int | None, int | None] = dict(session.exec(query).all())
    tags = tagging.of_case(session, case.id or 0)
    return _Rule(session, actor, case, state_of(case), events, taken_back(events), teams, tags)


def _fact(event: CaseEvent) -> Fact:
    return Fact(Move(event.kind), event.at, event.data.get("changes", {}), event.data)


def _source(events: Sequence[CaseEvent], event: CaseEvent) -> tuple[CaseEvent, int]:
    """What was done in the first place, and how often it was taken back and put in again since."""
    known, source, turns = {each.id: each for each in events}, event, 0
    while Move(source.kind) is Move.UNDONE and source.undo_of in known:
        source, turns = known[source.undo_of], turns + 1
    return source, turns


def _mark(
    session: Session, actor: Actor, number: int, events: Sequence[CaseEvent], event: CaseEvent,
    now: datetime,
) -> None:  # fmt: skip
    """A text that is taken back is no longer shown, and is a draft again; taking that back shows
    it again."""
    source, turns = _source(events, event)
    query = select(Message).where(
        Message.id == source.data.get("message_id"), Message.case_id == event.case_id
    )
    message = session.exec(query).one_or_none()
    if message is None:
        return
    message.undone_at = None if turns % 2 else now
    session.add(message)
    if message.undone_at and source.batch_id is None:  # hundreds at once are no drafts of anybody
        drafts.again(session, actor, number, message, source.data, now)
    elif not message.undone_at:
        drafts.drop(session, actor, event.case_id, drafts.kind_of(message))
