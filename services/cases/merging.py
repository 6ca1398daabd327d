"""Merging two cases into one, and splitting answers off into a case of their own.

Answers belong to one case at a time, so they move. Notes and messages stay where they were written:
the case that the old number leads to shows them. Each of the two cases has an event that says what
happened; taking back the one on the case that stays turns round both (`unmerging`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.models import Case, CaseEvent, CaseResponse, Contact, Delivery
from services import calendars
from services.access import Actor, Refused, permitted
from services.cases import carrying, reach
from services.cases.journal import NOTHING, Done, Held, held, keep, legal, put, told
from services.cases.ranking import Told
from services.cases.verbs import promise
from services.domain import merging
from services.domain.lifecycle import UNRESOLVED, Move, State, changes
from services.domain.roles import Verb
from services.domain.scores import Band
from services.outbox.owing import still_open


@dataclass(frozen=True)
class Parted(Done):
    """What splitting did to the case that stays, and the number of the new one."""

    new: int = field(kw_only=True)


@permitted(Verb.BULK)
def merge(
    session: Session, actor: Actor, number: int, *, into: int, version: int, into_version: int,
    now: datetime,
) -> Done:  # fmt: skip
    """Put the case `number` into the case `into`, which is the one to work on from then on.

    Both are unresolved, of one person or one company; no reply may be on its way from the one that
    goes. The event returned is that of the case that stays.
    """
    if number == into:
        raise Refused(f"A case is not merged with itself. {NOTHING}")
    goes, stays = held(session, actor, number, version), held(session, actor, into, into_version)
    _refuse_apart(actor, goes.case, stays.case)
    _refuse_moving(session, goes.case)
    same = goes.case.contact_id is not None and goes.case.contact_id == stays.case.contact_id
    after = _absorbed(session, goes, stays, now, same=same)
    moving = carrying.responses_of(session, goes.case)
    tags = sorted(carrying.tags_of(session, goes.case) - carrying.tags_of(session, stays.case))
    data: dict[str, Any] = {"other": goes.case.id, "case": goes.case.number}
    if same and goes.state.contacted_at:
        data["reached"] = goes.state.contacted_at.isoformat()
    carrying.put_away(session, actor, goes, stays.case, now)
    carrying.carry(session, goes.case, stays.case, moving)
    carrying.tag(session, stays.case, tags, on=True)
    carrying.rank_anew(session, stays.case, after, now)
    return keep(
        session, actor, stays, after, Move.ABSORBED, now=now, responses=moving, tags=tags, **data
    )  # fmt: skip


@permitted(Verb.BULK)
def split(
    session: Session, actor: Actor, number: int, *, responses: Sequence[int], version: int,
    now: datetime,
) -> Parted:  # fmt: skip
    """Give these answers of one person a case of their own, whose clock runs from their receipt.

    Refused where none of whom the case is about would stay, or where that person has an open case
    for every reason that fits.
    """
    case = held(session, actor, number, version)
    _refuse_far(actor, case.case)
    every, chosen = carrying.answers_of(session, case.case), set(responses)
    leave = [one for one in every if one.id in chosen and actor.sees(one.unit_id)]
    stay = [answer for answer in every if answer.id not in chosen]
    _refuse_uneven(session, case.case, leave, stay, len(chosen))
    reason = _reason(session, leave)
    about = carrying.about(case.case, stay)
    with legal():
        after = merging.left(
            case.state, response_id=about, asked=any(answer.asked for answer in stay)
        )
    new, moving = _opened(session, actor, case, leave, reason, now), sorted(chosen)
    carrying.carry(session, case.case, new, moving)
    carrying.rank_anew(session, case.case, after, now)
    done = keep(
        session, actor, case, after, Move.SPLIT, now=now, other=new.id, case=new.number,
        responses=moving, tags=[],
    )  # fmt: skip
    return Parted(done.number, done.version, done.event_id, new=new.number)


def _absorbed(session: Session, goes: Held, stays: Held, now: datetime, *, same: bool) -> State:
    """What the case that stays is with the other one in it."""
    found = carrying.answers_of(session, goes.case, stays.case)
    about = carrying.about(stays.case, found) if same else stays.state.response_id
    calendar = calendars.calendar_of(session, stays.state.team_id)
    with legal():
        return merging.absorbed(
            stays.state, goes.state, now, calendar, same=same, response_id=about
        )


def _refuse_apart(actor: Actor, goes: Case, stays: Case) -> None:
    person = goes.contact_id is not None and goes.contact_id == stays.contact_id
    company = goes.account_id is not None and goes.account_id == stays.account_id
    if not person and not company:
        raise Refused(f"Only cases of one person or one company are merged. {NOTHING}")
    if goes.unit_id != stays.unit_id:
        raise Refused(f"They belong to different units. {NOTHING}")
    for case in (goes, stays):
        _refuse_far(actor, case)


def _refuse_far(actor: Actor, case: Case) -> None:
    if not reach.within(actor, case):
        raise Refused(
            f"Case {case.number} is neither yours nor your team's: ask a manager. {NOTHING}"
        )


def _refuse_moving(session: Session, goes: Case) -> None:
    """What is on its way, or goes on, would come to rest on a case that nobody works on."""
    if goes.play and not goes.play_result:
        raise Refused(
            f"Case {goes.number} is on a play that has not ended: end it first, or merge the other "
            f"way round. {NOTHING}"
        )
    query = select(Delivery.id).where(
        Delivery.case_id == goes.id, Delivery.action == "reply", still_open(Delivery.state)
    )
    if session.exec(query).first() is not None:
        raise Refused(
            f"A reply is on its way from case {goes.number}: wait until it has left, or take it "
            f"back. {NOTHING}"
        )


def _refuse_uneven(
    session: Session, case: Case, leave: list[Told], stay: list[Told], n: int
) -> None:
    if not leave or len(leave) != n:
        raise Refused(f"Choose answers of this case. {NOTHING}")
    if len({answer.contact_id for answer in leave}) > 1:
        raise Refused(f"A case is about one person: choose answers of one. {NOTHING}")
    if not any(answer.contact_id == case.contact_id for answer in stay):
        who = session.get(Contact, case.contact_id) if case.contact_id else None
        of = f" of {who.name}" if who and who.name else ""
        raise Refused(f"At least one answer{of} must stay on this case. {NOTHING}")


def _reason(session: Session, leave: list[Told]) -> str:
    """A reason for which the person of these answers has no open case."""
    contact_id, low = leave[0].contact_id, any(one.band == Band.DETRACTOR for one in leave)
    query = select(Case.reason_key).where(
        Case.contact_id == contact_id, col(Case.status).in_(UNRESOLVED)
    )
    taken = set(session.exec(query)) if contact_id else set[str]()
    reason = merging.reason_apart(low, taken)
    if reason is None:
        raise Refused(f"This person has another open case for it already. {NOTHING}")
    return reason


def _opened(
    session: Session, actor: Actor, case: Held, leave: list[Told], reason: str, now: datetime
) -> Case:
    """The new case, with the event that begins its journal."""
    last, ids = max(leave, key=lambda one: (one.answered_at, one.id)), [one.id for one in leave]
    joined = select(sa.func.min(CaseResponse.joined_at)).where(
        CaseResponse.case_id == case.case.id, col(CaseResponse.response_id).in_(ids)
    )
    since = session.exec(joined).one()
    with legal():
        state = merging.split_off(
            case.state, since, promise(session, case.state.team_id), response_id=last.id,
            asked=any(one.asked for one in leave),
        )  # fmt: skip
    number = int(session.exec(select(sa.func.max(Case.number))).one()) + 1
    new = Case(
        number=number, contact_id=last.contact_id, account_id=last.account_id,
        unit_id=case.case.unit_id, reason_key=reason, opened_at=since, idle_since=now,
    )  # fmt: skip
    put(new, state, case.seq)
    session.add(new)
    session.flush()
    carrying.rank_anew(session, new, state, now)
    data = told(
        1, changes(None, state), actor, other=case.case.id, case=case.case.number,
        responses=sorted(ids),
    )  # fmt: skip
    event = CaseEvent(
        case_id=new.id or 0, actor_id=actor.id, at=now, kind=Move.SPLIT_OFF.value, data=data,
        batch_id=actor.batch_id,
    )  # fmt: skip
    session.add(event)
    session.flush()
    return new
