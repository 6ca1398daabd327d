"""The order of the queue, and why a case stands where it does. Pure.

Cases stand in the order in which they are due; each reason moves a case forward by some hours. So
nothing has to be worked out again as time goes by, nothing waits for ever, and the place of a case
can be said in words: "due in 3 h; up 24 h: 84k renews in 12 d".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from services.domain.bands import Direction, Scale
from services.domain.periods import Days, Grain, bucket_label

# Reason -> hours that it moves a case forward. A large account that renews soon is a day and a
# half ahead; nothing moves a case further than `MOST`, so what is long overdue stays on top.
HOURS = {
    "asked": 24, "renewal_soon": 24, "renewal_near": 12, "large": 24, "sizeable": 12,
    "flip": 16, "lowest": 16, "low": 8, "repeated": 12,
}  # fmt: skip
OF_SCORES = frozenset({"flip", "lowest", "low"})  # these tell what somebody answered
MOST = 72
SOON, NEAR = timedelta(days=30), timedelta(days=90)
REPEATED = timedelta(days=180)  # how far back another case counts

Reason = dict[str, Any]


@dataclass(frozen=True)
class Facts:
    """What is known when a case is ranked; None where nothing is.

    `arr` is in the account's own `currency`; `large` is the ARR from which an account counts as
    large. `was` and `was_on`: the contact's last score in the top band before this answer.
    `cases` counts their cases of the last `REPEATED`.
    """

    score: int
    scale: Scale
    direction: Direction
    asked: bool
    arr: Decimal | None
    currency: str | None
    renewal_on: date | None
    large: int
    was: int | None
    was_on: date | None
    cases: int


def reasons(facts: Facts, today: date) -> list[Reason]:
    """Why the case stands further ahead than its due time, the strongest first."""
    found: list[Reason] = []
    if facts.asked:
        found.append({"code": "asked"})
    found += _value(facts, today)
    if facts.was is not None and facts.was_on is not None:
        found.append({"code": "flip", "was": facts.was, "on": facts.was_on.isoformat()})
    found += _depth(facts)
    if facts.cases:
        found.append({"code": "repeated", "cases": facts.cases})
    found = [reason | {"hours": HOURS[reason["code"]]} for reason in found]
    return sorted(found, key=lambda reason: -int(reason["hours"]))


def hours(found: list[Reason]) -> int:
    """How far all reasons together move the case forward, at most `MOST`."""
    return min(MOST, sum(int(reason["hours"]) for reason in found))


def rank(due: datetime, found: list[Reason]) -> datetime:
    """The place in the queue: what is due earlier, or moved forward further, comes first."""
    return due - timedelta(hours=hours(found))


def words(reason: Mapping[str, Any], today: date) -> str:
    """A reason as people read it."""
    match reason["code"]:
        case "asked":
            return "asked to be contacted"
        case "renewal_soon" | "renewal_near":
            return _renewal(date.fromisoformat(reason["on"]), today)
        case "large" | "sizeable":
            return f"{money(Decimal(reason['arr']), reason['currency'])} a year"
        case "flip":
            on = date.fromisoformat(reason["on"])
            return f"was {reason['was']} in {bucket_label(Days(on, on), Grain.MONTH)}"
        case "repeated":
            n = int(reason["cases"])
            return f"{n} case{'s' if n > 1 else ''} in the half year before"
    return "lowest scores" if reason["code"] == "lowest" else "low score"


def money(amount: Decimal, currency: str | None) -> str:
    """ "84k EUR", "1.2M USD", "900 EUR": an account's value at a glance."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if amount >= size:
            part = amount / size
            shown = f"{part:.1f}".removesuffix(".0") if part < 10 else f"{part:.0f}"
            return f"{shown}{letter} {currency or ''}".strip()
    return f"{amount:.0f} {currency or ''}".strip()


def _value(facts: Facts, today: date) -> list[Reason]:
    found: list[Reason] = []
    ahead = None if facts.renewal_on is None else facts.renewal_on - today
    if ahead is not None and timedelta(0) <= ahead <= NEAR and facts.renewal_on:
        code = "renewal_soon" if ahead <= SOON else "renewal_near"
        found.append({"code": code, "on": facts.renewal_on.isoformat()})
    if facts.arr is not None and facts.arr >= facts.large / 4:
        code = "large" if facts.arr >= facts.large else "sizeable"
        found.append({"code": code, "arr": str(facts.arr), "currency": facts.currency})
    return found


def _depth(facts: Facts) -> list[Reason]:
    """How far down on the scale: its lowest fifth, and the fifth above that."""
    scale = facts.scale
    down = facts.score - scale.low
    if facts.direction is Direction.HIGH_IS_BAD:
        down = scale.high - facts.score
    share = down / (scale.high - scale.low)
    if share <= 0.2:
        return [{"code": "lowest"}]
    return [{"code": "low"}] if share <= 0.4 else []


def _renewal(on: date, today: date) -> str:
    days = (on - today).days
    if days < 0:
        return f"renewal was {-days} d ago"
    return "renews today" if days == 0 else f"renews in {days} d"
