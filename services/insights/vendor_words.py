"""How a vendor is doing, in words: works, rests, is paused, needs somebody."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from db.models import Integration
from services.insights.case_words import at, span
from services.insights.words import ago


@dataclass(frozen=True)
class Condition:
    """`tone` is one of off, fine, new, rest, paused and broken; `held`: nothing leaves."""

    tone: str
    words: str
    exact: str = ""

    @property
    def held(self) -> bool:
        return self.tone in ("off", "rest", "paused", "broken")


def condition(row: Integration | None, now: datetime, zone: ZoneInfo) -> Condition:
    """How the vendor of `row` (None: not connected) is doing at `now`."""
    if row is None:
        return Condition("off", "not connected")
    if row.broken_at:
        words = f"reconnect needed: it has refused our credentials for {span(now - row.broken_at)}"
        return Condition("broken", words, at(row.broken_at, zone))
    if row.paused_at:
        words = f"paused since {row.paused_at.astimezone(zone):%a %d %b, %H:%M}"
        return Condition("paused", words, at(row.paused_at, zone))
    if row.closed_until and row.closed_until > now:
        words = f"resting: tried again in {span(row.closed_until - now)}"
        return Condition("rest", words, at(row.closed_until, zone))
    if row.last_ok_at is None:
        words = f"connected {ago(row.connected_at, now)}; nothing has been sent yet"
        return Condition("new", words, at(row.connected_at, zone))
    words = f"works: the last message left {ago(row.last_ok_at, now)}"
    return Condition("fine", words, at(row.last_ok_at, zone))
