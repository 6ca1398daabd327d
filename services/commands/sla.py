"""`sla-due`: when a promise made at a moment falls due in business hours."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from sqlmodel import Session, select

from db.models import Team
from services.access import Refused
from services.calendars import calendar_of
from services.commands import shell
from services.commands.shell import AsJson
from services.domain.sla import MOST_DAYS, MOST_HOURS, Calendar, add_days, add_hours, moment


def due(
    start: Annotated[
        str, typer.Argument(help="ISO 8601; without an offset it is local time of the calendar.")
    ],
    hours: Annotated[
        float | None, typer.Option(min=0, max=MOST_HOURS, help="Business hours from START.")
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=0, max=MOST_DAYS, help="Business days, in place of --hours.")
    ] = None,
    team: Annotated[str | None, typer.Option(help="This team's hours, not the desk's.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the moment that lies so many business hours or days after START."""
    if (hours is None) == (days is None):
        raise typer.BadParameter("give --hours or --days")
    given = _read(start)
    with shell.looking() as session:
        calendar = calendar_of(session, None if team is None else _team(session, team))
    zone = ZoneInfo(calendar.zone)
    try:
        begins = moment(given, calendar) if given.tzinfo is None else given
        found = _due(begins, hours, days, calendar).astimezone(zone)
        local = begins.astimezone(zone)
    except (ValueError, OverflowError) as error:
        raise Refused(f"There is no such moment: {error}.") from None
    facts = {"start": local, "due": found, "zone": calendar.zone}
    facts |= {"hours": hours} if days is None else {"days": days}
    shell.answer(as_json, facts, f"{found:%a %Y-%m-%d %H:%M} {calendar.zone}")


def _due(start: datetime, hours: float | None, days: int | None, calendar: Calendar) -> datetime:
    if days is None:
        return add_hours(start, hours or 0, calendar)
    return add_days(start, days, calendar)


def _read(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("START is written as 2026-05-08T16:30 or with +02:00") from None


def _team(session: Session, name: str) -> int | None:
    found = session.exec(select(Team.id).where(Team.name == name)).first()
    if found is None:
        raise Refused(f"There is no team {name!r}.")
    return found
