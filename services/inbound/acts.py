"""What colleagues press and enter in Slack: kept first, then done as on the page, as themselves."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session, select

from db.engine import turn
from db.models import Case, Contact, Inbound, Message, User
from services import settings
from services.access import Actor, Forbidden, Refused, actor_for
from services.cases import causes, replying, verbs
from services.cases.card import link
from services.cases.journal import NOTHING, seen
from services.domain.lifecycle import Outcome
from services.inbound import rows, threads
from services.vendors.slack_in import Act, written

STRANGER = f"Nobody at the desk has your address from Slack. {NOTHING}"
SLEEP = timedelta(hours=24)  # is proposed
View = dict[str, Any]


def keep(session: Session, act: Act, now: datetime) -> None:
    """It is on disk before Slack hears that it was taken."""
    case_id = session.exec(select(Case.id).where(Case.number == act.number)).first()
    row = {"event_id": act.event_id, "kind": "act", "thread": act.channel, "case_id": case_id,
           "says": {act.what: True}, "payload": written(act)}  # fmt: skip
    rows.keep(session, "slack", [row], now)


def form(session: Session, act: Act, email: str | None, now: datetime) -> View:
    """The form that a button opens, for the person with this address. Refused says why not."""
    from services.vendors import slack_forms  # its SDK is large
    from services.vendors.slack_forms import About

    actor = _actor(session, email)
    case = seen(session, actor, act.number)
    about = About(act.number, case.version, act.channel)
    if act.what == "snooze":
        return slack_forms.snooze(about, now + SLEEP)
    if act.what == "resolve":
        known = dict(causes.in_use(session, actor))
        return slack_forms.resolve(about, {one.value: one.label for one in Outcome}, known)
    way, to = _usual(session, actor, case)
    return slack_forms.reply(About(act.number, case.version, act.channel, way), to)


def take(session: Session, row_id: int, email: str | None, now: datetime) -> str | None:
    """Do it, once, as the person with this address; what they are to be told, if anything."""
    turn(session)
    row = rows.in_hand(session, row_id)
    if row is None:
        return None
    if not row.payload:
        rows.end(row, "ignored", now, "the person was erased")
        return None
    try:
        with session.begin_nested():
            said = _do(session, row, email, now)
        rows.end(row, "done", now)
    except (Refused, Forbidden) as refused:
        said = str(refused)
        rows.end(row, "ignored", now, said)
    session.add(row)
    session.flush()
    return said


def _do(session: Session, row: Inbound, email: str | None, now: datetime) -> str | None:
    told = row.payload
    actor = _actor(session, email)
    return _ACTS[told["what"]](session, actor, int(told["number"]), told["values"], row, now)


def _actor(session: Session, email: str | None) -> Actor:
    user = threads.colleague(session, email)
    if user is None:
        raise Refused(STRANGER)
    return actor_for(session, user)


def _claim(
    session: Session, actor: Actor, number: int, _values: Mapping[str, Any], _row: Inbound,
    now: datetime,
) -> str | None:  # fmt: skip
    case = seen(session, actor, number)
    owner = session.get(User, case.assignee_id) if case.assignee_id else None
    if owner is not None:
        mine = owner.id == actor.id
        raise Refused(f"{'You own' if mine else f'{owner.name} owns'} case {number} already.")
    verbs.assign(session, actor, number, to=actor.id, version=case.version, now=now)
    return None


def _snooze(
    session: Session, actor: Actor, number: int, values: Mapping[str, Any], _row: Inbound,
    now: datetime,
) -> str | None:  # fmt: skip
    until = values.get("until")
    if not isinstance(until, int):
        raise Refused(f"Say until when. {NOTHING}")
    at = datetime.fromtimestamp(until, UTC)
    verbs.snooze(session, actor, number, until=at, version=values["version"], now=now)
    return None


def _resolve(
    session: Session, actor: Actor, number: int, values: Mapping[str, Any], _row: Inbound,
    now: datetime,
) -> str | None:  # fmt: skip
    cause = str(values.get("cause") or "")
    verbs.resolve(
        session, actor, number, outcome=str(values.get("outcome") or ""),
        root_cause_id=int(cause) if cause.isdigit() else 0, version=values["version"], now=now,
    )  # fmt: skip
    return None


def _reply(
    session: Session, actor: Actor, number: int, values: Mapping[str, Any], row: Inbound,
    now: datetime,
) -> str | None:  # fmt: skip
    replying.reply(
        session, actor, number, way=values["way"], body=str(values.get("text") or ""), now=now,
        once=row.event_id,
    )  # fmt: skip
    seconds = int(settings.get(session, "undo_seconds"))
    return f"Your reply leaves in {seconds} seconds; until then take it back here: {link(number)}"


def _usual(session: Session, actor: Actor, case: Case) -> tuple[str, str]:
    """The way on which the customer is written to: the last one, else the first that is open."""
    ways = {way.name: way for way in replying.ways(session, actor, case.number)}
    query = select(Message.way).where(Message.case_id == case.id, Message.kind == "reply")
    last = session.exec(query.order_by(Message.id.desc())).first()  # type: ignore[union-attr]
    order = [*([ways[last]] if last in ways else []), *ways.values()]
    found = next((way for way in order if way.why_not is None), None)
    if found is None:
        raise Refused(f"{order[0].why_not} Nothing was sent.")
    contact = session.get(Contact, case.contact_id) if case.contact_id else None
    name = (contact and contact.name) or "the customer"
    return found.name, f"To {name}, by {found.title}"


_ACTS: Mapping[str, Callable[..., str | None]] = {
    "claim": _claim, "snooze": _snooze, "resolve": _resolve, "reply": _reply,
}  # fmt: skip
