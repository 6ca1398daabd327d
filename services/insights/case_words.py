"""How a case stands, in words: the promise that runs, the sleep, the waiting, the end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.domain.case_state import Status
from services.insights.case_rows import CaseRow
from services.insights.words import ago

NB = "\N{NO-BREAK SPACE}"  # a number and its unit stay on one line
SOON = timedelta(hours=8)  # from here on a promise is pressing


@dataclass(frozen=True)
class Standing:
    """How a case stands. `tone` is one of overdue, soon, later, paused and done."""

    tone: str
    words: str
    exact: str


def standing(row: CaseRow, now: datetime, zone: ZoneInfo) -> Standing:
    """How the case of `row` stands at `now`; times are told in `zone`."""
    if row.status is Status.RESOLVED and row.resolved_at:
        return Standing("done", f"resolved {ago(row.resolved_at, now)}", at(row.resolved_at, zone))
    if row.snoozed_until and row.snoozed_until > now:
        until = row.snoozed_until.astimezone(zone)
        return Standing("paused", f"asleep until {until:%a %d %b, %H:%M}", at(until, zone))
    if row.status is Status.WAITING and row.paused_at:
        words = f"waiting since {_since(row.paused_at, now)}"
        return Standing("paused", words, at(row.paused_at, zone))
    if row.due_at is None:
        return Standing("later", "no promise runs", "")
    what = "close" if row.contacted_at else "contact"
    exact = f"{'Closing' if row.contacted_at else 'First contact'} due {at(row.due_at, zone)}"
    if row.due_at <= now:
        return Standing("overdue", f"{what} overdue {span(now - row.due_at)}", exact)
    tone = "soon" if row.due_at <= now + SOON else "later"
    return Standing(tone, f"{what} in {span(row.due_at - now)}", exact)


def _since(moment: datetime, now: datetime) -> str:
    age = now - moment
    return span(age) if age >= timedelta(minutes=1) else "just now"


def span(length: timedelta) -> str:
    """ "12 min", "3 h", "2 d": the largest unit that fits twice, else the next one down."""
    minutes = max(0, int(length.total_seconds() // 60))
    if minutes < 120:
        return f"{minutes}{NB}min"
    return f"{minutes // 60}{NB}h" if minutes < 48 * 60 else f"{minutes // 1440}{NB}d"


def when(moment: datetime, zone: ZoneInfo) -> str:
    """The time as a page tells it that names its zone once."""
    return f"{moment.astimezone(zone):%a %d %b %Y, %H:%M}"


def at(moment: datetime, zone: ZoneInfo) -> str:
    """The exact time, with the zone it is told in."""
    return f"{when(moment, zone)} ({zone.key})"
