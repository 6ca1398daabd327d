"""What is said about a rule as a whole: how it stands, and what a simulation found. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from math import ceil
from typing import Protocol
from zoneinfo import ZoneInfo

from services.domain.many import many


class Stands(Protocol):
    """A rule by what acts."""

    @property
    def live(self) -> int | None: ...
    @property
    def live_at(self) -> datetime | None: ...
    @property
    def shadow(self) -> int | None: ...
    @property
    def shadow_at(self) -> datetime | None: ...


class Load(Protocol):
    """What would come to a person, beside what did."""

    @property
    def name(self) -> str: ...
    @property
    def cases(self) -> int: ...
    @property
    def together(self) -> int: ...
    @property
    def contacted(self) -> int: ...


def stands(rule: Stands, zone: ZoneInfo) -> str:
    """ "version 3 acts since 12 May 2026; version 4 is in the shadow since 14 May 2026"."""
    parts = [
        f"version {n} {how} since {since.astimezone(zone):%d %b %Y}"
        for n, since, how in (
            (rule.live, rule.live_at, "acts"), (rule.shadow, rule.shadow_at, "is in the shadow"),
        )
        if n is not None and since is not None
    ]  # fmt: skip
    return "; ".join(parts) or "off"


def overrun(loads: Sequence[Load]) -> str:
    """Who would get more than they could reach in that time."""
    if not loads:
        return "No case would have been given to a person."
    over = [one for one in loads if one.cases > one.contacted]
    if not over:
        return "Nobody would have got more cases than they reached in that time."
    worst = max(over, key=lambda one: one.cases - one.contacted)
    others = f" So it is for {many(len(over) - 1, 'other')}." if len(over) > 1 else ""
    return (
        f"{worst.name} would have got {many(worst.cases, 'case')}, and reached the customers of "
        f"{worst.contacted:,} in that time. At most {many(worst.together, 'first contact')} would "
        f"have been due on one day.{others}"
    )


def busiest(days: Mapping[date, int]) -> str:
    """The title of the firings by day: the finding in them."""
    if not days:
        return "No rule fires"
    most = max(days, key=lambda day: (days[day], day))
    return f"Most on {most.day} {most:%b}: {many(days[most], 'firing')}"


def not_done(counted: Mapping[tuple[str, str], int], do: str) -> Mapping[str, int]:
    """How often an action was not done, by the reason, the commonest first."""
    found = Counter({why: n for (what, why), n in counted.items() if what == do})
    return dict(found.most_common())


def due_in(due: datetime, now: datetime) -> str:
    """When something that waits is sent: "in 8 min"."""
    minutes = ceil((due - now).total_seconds() / 60)
    if minutes <= 0:
        return "any moment"
    if minutes < 120:
        return f"in {minutes} min"
    return f"in {minutes // 60} h" if minutes < 48 * 60 else f"in {minutes // 1440} d"
