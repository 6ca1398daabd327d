"""Whose business hours count: a team's own calendar, else the desk's; and how people write one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from db.engine import bump, turn
from db.models import Team
from services import audit, settings
from services.access import Actor, Refused, permitted
from services.domain.hours import Hours, written
from services.domain.roles import Verb
from services.domain.sla import Calendar, add_days, add_hours, standard


def calendar_of(session: Session, team_id: int | None) -> Calendar:
    """The calendar of a team's promises: its own, else the desk's (also for no or no such team)."""
    team = None if team_id is None else session.get(Team, team_id)
    kept = (team and team.calendar) or settings.get(session, "business_hours")
    if kept:
        return Calendar.parse(kept)
    return standard(settings.get(session, "reporting_zone"))


@permitted(Verb.ADMINISTER)
def set_team_calendar(
    session: Session, actor: Actor, team_id: int, calendar: Mapping[str, Any] | None, *,
    now: datetime,
) -> Team:  # fmt: skip
    """Give a team its own calendar, as `Calendar.to_json` writes one; None: the desk's again.

    Cases keep the times that they were promised. Refused says what is wrong with a calendar.
    """
    turn(session)
    team = session.get(Team, team_id, with_for_update=True, populate_existing=True)
    if team is None:
        raise Refused(f"There is no team {team_id}; nothing was changed.")
    try:
        wanted = {} if calendar is None else Calendar.parse(calendar).to_json()
    except ValueError as error:
        raise Refused(f"{error}; nothing was changed.") from None
    if team.calendar != wanted:
        team.calendar = wanted
        session.flush()
        facts = {"own": bool(wanted)}
        audit.record(
            session, actor.id, "team.calendar", now=now, entity="team", entity_id=team_id, **facts
        )
        bump(session)
    return team


def promise(session: Session, calendar: Calendar, *, now: datetime) -> str:
    """What the desk's promises mean for an answer that comes in now, as a sentence."""
    first = add_hours(now, settings.get(session, "first_contact_hours"), calendar)
    close = add_days(now, settings.get(session, "close_days"), calendar)
    return (
        f"An answer that came in now would be due for first contact on {_local(first, calendar)}, "
        f"and for closing on {_local(close, calendar)} ({calendar.zone})."
    )


def to_text(spans: Hours) -> str:
    """The hours of a day as people type them: "09:00-12:30, 13:30-17:00"; closed is empty."""
    return ", ".join("-".join(written(span)) for span in spans)


def from_text(zone: str, week: Mapping[str, str], holidays: str) -> Calendar:
    """The calendar that people typed: hours by weekday ("mon": see `to_text`; "9-17" will do), and
    days such as 2026-12-25 between spaces, commas or line ends. ValueError says what is wrong.
    """
    hours = {day: _spans(text) for day, text in week.items()}
    dates = holidays.replace(",", " ").split()
    return Calendar.parse({"zone": zone, "hours": hours, "holidays": dates})


def _spans(text: str) -> list[list[str]]:
    spans = text.replace("\N{EN DASH}", "-").split(",") if text.strip() else []
    return [[_time(edge.strip()) for edge in span.split("-")] for span in spans]


def _time(text: str) -> str:
    return text if ":" in text else f"{text}:00"


def _local(at: datetime, calendar: Calendar) -> str:
    local = at.astimezone(ZoneInfo(calendar.zone))
    return f"{local:%a} {local.day} {local:%b}, {local:%H:%M}"
