"""Tell people here what they want to hear of: at once or once a day, by mail or by Slack."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from db import engine
from db.models import Case, Integration, Notice, Team, User
from services import calendars, notice_texts, notices, settings
from services.access import actor_for
from services.cases.breaches import OPEN
from services.domain.sla import add_hours
from services.mail import compose
from services.outbox.owing import owe, public_key

MOST = 500  # promises that are warned of in one go
Clock = Callable[[], datetime]


def warn(state: Mapping[str, Any], clock: Clock) -> Mapping[str, Any]:
    """Note for the owners that a promise is due within so many business hours, once each."""
    now = clock()
    with engine.reading() as session:
        soon = _soon(session, now)
    if soon:
        with engine.transaction() as session:
            for case_id, owner_id, due in soon:
                notices.tell(
                    session, owner_id, "due", now=now, case_id=case_id,
                    about=_about(case_id, due),
                )  # fmt: skip
    return state


def _soon(session: Session, now: datetime) -> list[tuple[int, int, datetime]]:
    """Case, owner and time of the promises that are due soon and were not warned of."""
    hours = int(settings.get(session, "warn_hours"))
    until = {
        team_id: add_hours(now, hours, calendars.calendar_of(session, team_id))
        for team_id in (None, *session.exec(select(Team.id)))
    }
    people = {user.id for user in session.exec(select(User)) if notices.wants(user, "due")}
    due = col(Case.due_at)
    within = (OPEN, due > now, due <= max(until.values()))
    told = set(session.exec(select(Notice.about).where(
        Notice.kind == "due", col(Notice.case_id).in_(select(Case.id).where(*within))
    )))  # fmt: skip
    query = select(Case.id, Case.assignee_id, Case.team_id, Case.due_at).where(*within)
    return [
        (case or 0, owner or 0, at)
        for case, owner, team_id, at in session.exec(query.order_by(due))
        if at and at <= until[team_id] and owner in people and _about(case, at) not in told
    ][:MOST]  # fmt: skip


def _about(case_id: int | None, due: datetime) -> str:
    """What a warning is about: a promise, once."""
    return f"due {case_id} {due.isoformat()}"


def send(state: Mapping[str, Any], clock: Clock) -> Mapping[str, Any]:
    """Owe one message to each person for whom something waits, if it is their time."""
    now = clock()
    with engine.reading() as session:
        waiting = select(Notice.user_id).where(col(Notice.sent_at).is_(None)).distinct()
        people = list(session.exec(waiting))
    for user_id in people:
        with engine.transaction() as session:
            _send(session, user_id, now)
    return state


def _send(session: Session, user_id: int, now: datetime) -> None:
    user = session.get(User, user_id)
    query = (
        select(Notice).where(Notice.user_id == user_id, col(Notice.sent_at).is_(None))
        .order_by(col(Notice.id)).with_for_update()
    )  # fmt: skip
    found = session.exec(query).all()
    if user is None or not found:
        return
    wanted = notices.wishes(user)
    if wanted["way"] == "off" or user.disabled_at:
        _done(session, found, now)
        return
    usual = settings.reporting_zone(session).key
    if wanted["when"] == "now" or _time_has_come(user, wanted, found[0].at, now, usual):
        if session.get(Integration, wanted["way"]) is None:
            return  # they wait until it is connected
        if seen := _seen(session, user, found):
            _owe(session, user, wanted["way"], seen, now)
        _done(session, found, now)


def _seen(session: Session, user: User, found: Sequence[Notice]) -> list[Notice]:
    """Those about cases that the person may (still) see, and those about none."""
    ids, actor = {notice.case_id for notice in found} - {None}, actor_for(session, user)
    query = select(Case.id, Case.unit_id).where(col(Case.id).in_(ids))
    units = dict(session.exec(query).all())
    return [n for n in found if n.case_id is None or actor.sees(units.get(n.case_id))]


def _time_has_come(
    user: User, wanted: Mapping[str, Any], since: datetime, now: datetime, usual: str
) -> bool:
    """Whether the person's hour of the day has passed since the first of these was noted.

    `usual` is the zone of those who chose none.
    """
    zone = ZoneInfo(user.time_zone or usual)
    local = since.astimezone(zone)
    hour = local.replace(hour=int(wanted["hour"]), minute=0, second=0, microsecond=0)
    if hour <= local:
        hour += timedelta(days=1)  # the same hour of the next day, whatever the clocks do
    return now >= hour


def _owe(session: Session, user: User, way: str, found: Sequence[Notice], now: datetime) -> None:
    told = notice_texts.told(session, found)
    key = f"notice:{user.id}:{found[0].id}:{found[-1].id}"
    if way == "slack":
        body: dict[str, Any] = {"to": user.email, "text": told.text, "link": told.link}
    else:
        domain = compose.domain(user.email)
        body = {
            "to": {"name": user.name, "address": user.email}, "subject": told.subject,
            "text": f"{told.text}\n\n{told.link}", "message_id": f"<{public_key(key)}@{domain}>",
        }  # fmt: skip
    owe(
        session, key=key, vendor=way, action="direct" if way == "slack" else "notice", body=body,
        now=now, user_id=user.id,
    )  # fmt: skip


def _done(session: Session, found: Sequence[Notice], now: datetime) -> None:
    for notice in found:
        notice.sent_at = now
        session.add(notice)
    session.flush()
