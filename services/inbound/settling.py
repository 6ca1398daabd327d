"""What both sides changed, or was solved over there: a person says which holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from db.models import CaseEvent, Integration, User
from services.access import Actor, Refused, permitted
from services.cases import two_sides
from services.cases.journal import NOTHING, Done, Held, held, journal, keep, legal, seen
from services.cases.names import VENDORS
from services.cases.words import sentences, zone_of
from services.domain import syncing
from services.domain.lifecycle import Move, Status
from services.domain.roles import Verb
from services.domain.syncing import Stand, stand
from services.inbound import sides
from services.outbox.owing import lane, owe, thread_of


@dataclass(frozen=True)
class Question:
    """What waits for a person on a case: `said` is our own sentence, with names of people here.

    `both`: each side has a value of its own; else it was solved there, and not yet here.
    """

    event_id: int
    vendor: str
    said: str
    both: bool


@permitted(Verb.SEE)
def questions(session: Session, actor: Actor, number: int) -> list[Question]:
    """What waits for somebody to say which side holds."""
    case = seen(session, actor, number)
    events = two_sides.waiting(journal(session, case.id or 0), Status(case.status))
    said = sentences(session, events, zone_of(session, actor))
    return [
        Question(
            event.id or 0, VENDORS[event.data["there"]], told, event.kind == Move.CONFLICTED
        )
        for event, told in zip(events, said, strict=True)
    ]  # fmt: skip


@permitted(Verb.WORK_CASES)
def take_theirs(
    session: Session, actor: Actor, number: int, event_id: int, *, now: datetime
) -> Done:
    """What stands at the vendor holds here, too."""
    case, event = _open(session, actor, number, event_id)
    doing = sides.Doing(
        session=session, vendor=event.data["there"], actor=actor,
        settings=_settings(session, event), now=now,
    )  # fmt: skip
    if event.kind != Move.CONFLICTED:
        raise Refused(f"Resolve the case with an outcome and a root cause. {NOTHING}")
    if event.data["field"] == "owner":
        _refuse_gone(session, event.data["to"])
        sides.own(doing, case, event.data["to"])
    else:
        sides.move(doing, case, event.data["theirs"])
    return Done(number, case.case.version, doing.last)


@permitted(Verb.WORK_CASES)
def keep_ours(session: Session, actor: Actor, number: int, event_id: int, *, now: datetime) -> Done:
    """What stands here holds, and the vendor is told so."""
    case, event = _open(session, actor, number, event_id)
    with legal():
        after = syncing.settled(case.state)
    field, there = event.data.get("field", "status"), event.data["there"]
    done = keep(
        session, actor, case, after, Move.SETTLED, now=now, there=there, field=field, kept=True
    )
    _tell(session, case, there, field, done, now)
    return done


def _open(session: Session, actor: Actor, number: int, event_id: int) -> tuple[Held, CaseEvent]:
    case = held(session, actor, number, None)
    events = two_sides.waiting(journal(session, case.case.id or 0), case.state.status)
    found = next((event for event in events if event.id == event_id), None)
    if found is None:
        raise Refused(f"That was decided already. {NOTHING}")
    return case, found


def _settings(session: Session, event: CaseEvent) -> Mapping[str, Any]:
    row = session.get(Integration, event.data["there"])
    return row.config if row else {}


def _refuse_gone(session: Session, user_id: int | None) -> None:
    user = session.get(User, user_id) if user_id else None
    if user_id and (user is None or user.disabled_at):
        raise Refused(f"That person does not work here (any more). {NOTHING}")


def _tell(session: Session, case: Held, vendor: str, field: str, done: Done, now: datetime) -> None:
    """The vendor hears how it stands here, in the order of what else goes there."""
    row = case.case
    if session.get(Integration, vendor) is None or not thread_of(session, vendor, row.id):
        return
    if field == "owner" and vendor == "intercom":
        return  # there teammates have ids that are not known here: it is said on the page
    if field == "owner":
        user = session.get(User, row.assignee_id) if row.assignee_id else None
        action, body = "owner", {"email": user.email if user else None}
    elif vendor == "zendesk":
        said = {Stand.OPEN: "open", Stand.WAITING: "pending", Stand.SOLVED: "solved"}
        action, body = "status", {"status": said[stand(case.state.status)]}
    else:
        solved = stand(case.state.status) is Stand.SOLVED
        action, body = "close" if solved else "open", {}
    owe(
        session, key=f"{vendor}:{action}:{row.id}:v{row.version}", vendor=vendor, action=action,
        body=body, now=now, why={"event_id": done.event_id}, case_id=row.id,
        lane=lane(vendor, row.id or 0),
    )  # fmt: skip
