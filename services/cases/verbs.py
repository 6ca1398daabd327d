"""What people and programs do to a case. Each verb is one move, one event, one version.

`version` is the one that was on the screen: `Stale` when somebody was faster. What only adds (a
note, a logged contact) needs none.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from db.models import Case, Message, RootCause, Team, User
from services import calendars, settings
from services.access import Actor, Refused, actor_for, permitted
from services.cases import drafts, sending
from services.cases.journal import LONGEST, NOTHING, Done, Held, held, keep, legal
from services.cases.words import WAYS
from services.domain import lifecycle
from services.domain.lifecycle import Move, Outcome, Promise, State
from services.domain.roles import Verb

LONGEST_SNOOZE = timedelta(days=366)


@permitted(Verb.WORK_CASES)
def assign(
    session: Session, actor: Actor, number: int, *, to: int | None, version: int, now: datetime
) -> Done:
    """Give the case to the person `to` (None: to nobody), and so to their team."""
    case = held(session, actor, number, version)
    team_id = None if to is None else _able(session, case.case, to)
    return _move(
        session, actor, case, Move.ASSIGNED, now, lambda s: lifecycle.assigned(s, to, team_id)
    )


@permitted(Verb.WORK_CASES)
def assign_team(
    session: Session, actor: Actor, number: int, *, team_id: int, version: int, now: datetime
) -> Done:
    """Hand the case to a team; nobody of it owns it yet."""
    case = held(session, actor, number, version)
    if session.get(Team, team_id) is None:
        raise Refused(f"There is no such team. {NOTHING}")
    return _move(
        session, actor, case, Move.ASSIGNED, now, lambda s: lifecycle.assigned(s, None, team_id)
    )


@permitted(Verb.WORK_CASES)
def note(
    session: Session, actor: Actor, number: int, *, body: str, now: datetime,
    once: str | None = None,
) -> Done:  # fmt: skip
    """Leave a note for colleagues; the customer never sees it. `once`: see `sending.before`."""
    text = text_of(body, "A note says something.")
    if (done := sending.before(session, actor, number, Move.NOTED, once)) is not None:
        return done
    case = held(session, actor, number, None)
    message = _message(session, actor, case, "note", text, now)
    drafts.drop(session, actor, case.case.id or 0, "note")
    return _move(
        session, actor, case, Move.NOTED, now, lifecycle.noted, message_id=message.id,
        **sending.told(once),
    )  # fmt: skip


@permitted(Verb.WORK_CASES)
def log_contact(
    session: Session, actor: Actor, number: int, *, way: str, body: str, at: datetime,
    now: datetime, once: str | None = None,
) -> Done:  # fmt: skip
    """Log that the customer was reached at `at` by `way` (a key of WAYS), with what was said.

    `once`: see `sending.before`.
    """
    text = text_of(body, "Say in a word what came of it.")
    if way not in WAYS:
        raise Refused(f"A contact is {', '.join(WAYS.values())}. {NOTHING}")
    if (done := sending.before(session, actor, number, Move.CONTACTED, once)) is not None:
        return done
    case = held(session, actor, number, None)
    if not case.state.opened_at - timedelta(minutes=1) <= at <= now + timedelta(minutes=1):
        raise Refused(f"The contact lies before the case was opened or in the future. {NOTHING}")
    calendar = calendars.calendar_of(session, case.state.team_id)
    message = _message(session, actor, case, "call", text, now)
    drafts.drop(session, actor, case.case.id or 0, "contact")
    return _move(
        session, actor, case, Move.CONTACTED, now,
        lambda s: lifecycle.contacted(s, min(at, now), calendar), message_id=message.id, way=way,
        reached=min(at, now).isoformat(), **sending.told(once),
    )  # fmt: skip


@permitted(Verb.WORK_CASES)
def wait(session: Session, actor: Actor, number: int, *, version: int, now: datetime) -> Done:
    """The customer has to answer: the clock stops until somebody resumes the case."""
    case = held(session, actor, number, version)
    return _move(session, actor, case, Move.WAITED, now, lambda s: lifecycle.waited(s, now))


@permitted(Verb.WORK_CASES)
def resume(session: Session, actor: Actor, number: int, *, version: int, now: datetime) -> Done:
    """It is our turn again: the clock runs on with what was left."""
    case = held(session, actor, number, version)
    calendar = calendars.calendar_of(session, case.state.team_id)
    return _move(
        session, actor, case, Move.RESUMED, now, lambda s: lifecycle.resumed(s, now, calendar)
    )


@permitted(Verb.WORK_CASES)
def snooze(
    session: Session, actor: Actor, number: int, *, until: datetime, version: int, now: datetime
) -> Done:
    """Out of the queue until then; the clock runs on."""
    if until > now + LONGEST_SNOOZE:
        raise Refused(f"A case sleeps a year at most. {NOTHING}")
    case = held(session, actor, number, version)
    return _move(
        session, actor, case, Move.SNOOZED, now, lambda s: lifecycle.snoozed(s, now, until),
        until=until.isoformat(),
    )  # fmt: skip


@permitted(Verb.WORK_CASES)
def wake(session: Session, actor: Actor, number: int, *, version: int, now: datetime) -> Done:
    """Back into the queue before its time."""
    case = held(session, actor, number, version)
    return _move(session, actor, case, Move.WOKEN, now, lifecycle.woken)


@permitted(Verb.WORK_CASES)
def resolve(
    session: Session,
    actor: Actor,
    number: int,
    *,
    outcome: str,
    root_cause_id: int,
    version: int,
    now: datetime,
) -> Done:
    """Done: with an outcome (a value of `Outcome`) and a root cause of the taxonomy."""
    ended = ending(session, outcome, root_cause_id)
    case = held(session, actor, number, version)
    calendar = calendars.calendar_of(session, case.state.team_id)

    def done(state: State) -> State:
        return lifecycle.resolved(
            state, now, calendar, outcome=ended, root_cause_id=root_cause_id
        )  # fmt: skip

    return _move(session, actor, case, Move.RESOLVED, now, done)


@permitted(Verb.WORK_CASES)
def reopen(session: Session, actor: Actor, number: int, *, version: int, now: datetime) -> Done:
    """Not done after all: a new promise to close runs from now."""
    case = held(session, actor, number, version)
    refuse_a_second(session, case.case)
    promised = promise(session, case.state.team_id)
    return _move(
        session, actor, case, Move.REOPENED, now, lambda s: lifecycle.reopened(s, now, promised)
    )


def promise(session: Session, team_id: int | None) -> Promise:
    """What the desk promises for a case of this team."""
    return Promise(
        hours=float(settings.get(session, "first_contact_hours")),
        days=int(settings.get(session, "close_days")),
        calendar=calendars.calendar_of(session, team_id),
    )


def refuse_a_second(session: Session, case: Case) -> None:
    """Refused where the same person has another unresolved case for the same reason."""
    if case.contact_id is None:
        return
    query = select(Case.number).where(
        Case.contact_id == case.contact_id,
        Case.reason_key == case.reason_key,
        Case.id != case.id,
        col(Case.status).in_(lifecycle.UNRESOLVED),
    )
    other = session.exec(query).first()
    if other is not None:
        raise Refused(f"Case {other} is open for the same person and reason: work there. {NOTHING}")


def _move(
    session: Session,
    actor: Actor,
    case: Held,
    move: Move,
    now: datetime,
    change: Callable[[State], State],
    **data: Any,
) -> Done:
    with legal():
        after = change(case.state)
    return keep(session, actor, case, after, move, now=now, **data)


def _able(session: Session, case: Case, user_id: int) -> int | None:
    """The team of a person who may own this case: active, and sees its unit."""
    user = session.get(User, user_id)
    if user is None or user.disabled_at is not None:
        raise Refused(f"That person does not work here (any more). {NOTHING}")
    if not actor_for(session, user).sees(case.unit_id):
        raise Refused(f"{user.name} does not see the cases of this unit. {NOTHING}")
    return user.team_id


def _message(
    session: Session, actor: Actor, case: Held, kind: str, body: str, now: datetime
) -> Message:
    message = Message(
        case_id=case.case.id or 0, kind=kind, author_id=actor.id, contact_id=case.case.contact_id,
        body=body, created_at=now,
    )  # fmt: skip
    session.add(message)
    session.flush()
    return message


def text_of(body: str, empty: str) -> str:
    """What was typed, ready to be kept; Refused (`empty`) where it says nothing."""
    text = body.replace("\0", "").strip()  # PostgreSQL holds no NUL
    if not text:
        raise Refused(f"{empty} {NOTHING}")
    if len(text) > LONGEST:
        raise Refused(f"The text is longer than {LONGEST:,} characters. {NOTHING}")
    return text


def ending(session: Session, outcome: str, root_cause_id: int | None) -> Outcome:
    """How a case ended, if it may be told with this root cause."""
    try:
        ended = Outcome(outcome)
    except ValueError:
        raise Refused(f"Choose how the case ended. {NOTHING}") from None
    cause = session.get(RootCause, root_cause_id) if root_cause_id else None
    if cause is None or cause.retired_at or not cause.accepted_at:
        raise Refused(f"Choose a root cause from the list. {NOTHING}")
    return ended
