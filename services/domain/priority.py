"""The order of the queue, and why a case stands where it does. Pure.

What a case is worth to take up is a product: value at risk x recoverability x urgency, and urgency
grows by a steady share with every hour that goes by. The logarithm of such a product is the due
time moved forward by a sum of hours, one term for each factor. So nothing has to be worked out
again as time goes by, nothing waits for ever, and the place of a case can be said in words:
"due in 3 h; up 24 h: 84k renews in 12 d".
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from services.domain.bands import Direction, Scale
from services.domain.periods import Days, Grain, bucket_label
from services.domain.weights import USUAL, Weights

FORMULA = 2  # rises when the hours of the same facts change: open cases are then ranked anew
OF_SCORES = frozenset({"flip", "lowest", "low"})  # these tell what somebody answered
# Ten days, however strong the reasons: so what is overdue by `MOST` - `LEAST` comes before whatever
# comes in now.
MOST = 240
LEAST = -48
MIDDLING = 4  # the account that moves nothing has the ARR of a large one by this; so has an unknown
DOUBLINGS = (-2.0, 6.0)  # from there: below and above, value says no more
SOON, NEAR = timedelta(days=30), timedelta(days=90)
REPEATED = timedelta(days=180)  # how far back another case counts
OFTEN = 2.0  # doublings of other cases that count
YEAR, LONG = 365.25, 3.0  # from one year on somebody is known, from `LONG` years on for long

Reason = dict[str, Any]
_PLAINLY = {"lowest": "lowest scores", "low": "low score"}


@dataclass(frozen=True)
class Facts:
    """What is known when a case is ranked; None where nothing is.

    `arr` is in the account's own `currency`, `large` the ARR from which an account counts as large
    in that currency: amounts are compared with their own yardstick, never with each other.
    `was` and `was_on`: the contact's last score before this answer, where it was in the top band.
    `cases` counts their cases of the last `REPEATED`, `since` is the day of their first answer.
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
    since: date | None = None


def reasons(facts: Facts, today: date, weights: Weights = USUAL) -> list[Reason]:
    """Why the case stands elsewhere than its due time says, the strongest first.

    Each has the `hours` that it moves the case forward (back where they are negative), to a tenth.
    """
    found = [
        *_asked(facts, weights), *_renewal(facts, today, weights), *_value(facts, weights),
        *_flip(facts, weights), *_depth(facts, weights), *_repeated(facts, weights),
        *_tenure(facts, today, weights),
    ]  # fmt: skip
    found = [reason | {"hours": round(reason["hours"], 1)} for reason in found]
    # A flip is told whatever it weighs: it is the alarm of the case.
    told = [reason for reason in found if reason["hours"] or reason["code"] == "flip"]
    return sorted(told, key=lambda reason: -float(reason["hours"]))


def shift(found: list[Reason]) -> float:
    """By how many hours all reasons together move the case forward, `LEAST` to `MOST`."""
    together = sum(float(reason["hours"]) for reason in found)
    return round(max(LEAST, min(MOST, together)), 1)


def hours(found: list[Reason]) -> int:
    """`shift` in whole hours, as lists and vendors are told it."""
    return round(shift(found))


def rank(due: datetime, found: list[Reason]) -> datetime:
    """The place in the queue: what is due earlier, or moved forward further, comes first."""
    return due - timedelta(hours=shift(found))


def ahead(found: Sequence[Reason]) -> list[Reason]:
    """Those that answer "why now?": what holds a case back is no answer."""
    return [reason for reason in found if reason["hours"] >= 0]


def alarming(found: Sequence[Reason]) -> bool:
    """Whether a promoter has become a detractor."""
    return any(reason["code"] == "flip" for reason in found)


def words(reason: Mapping[str, Any], today: date) -> str:
    """A reason as people read it."""
    match reason["code"]:
        case "asked":
            return "asked to be contacted"
        case "renewal_soon" | "renewal_near":
            return _renews(date.fromisoformat(reason["on"]), today)
        case "large" | "sizeable":
            return f"{money(Decimal(reason['arr']), reason['currency'])} a year"
        case "small":
            return f"only {money(Decimal(reason['arr']), reason['currency'])} a year"
        case "flip":
            on = date.fromisoformat(reason["on"])
            return f"was {reason['was']} in {bucket_label(Days(on, on), Grain.MONTH)}"
        case "repeated":
            n = int(reason["cases"])
            return f"{n} case{'s' if n > 1 else ''} in the half year before"
        case "known":
            return f"known since {date.fromisoformat(reason['since']).year}"
    return _PLAINLY.get(reason["code"]) or f"rule “{reason['name']}”"


def money(amount: Decimal, currency: str | None) -> str:
    """ "84k EUR", "1.2M USD", "900 EUR": an account's value at a glance."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if amount >= size:
            part = amount / size
            shown = f"{part:.1f}".removesuffix(".0") if part < 10 else f"{part:.0f}"
            return f"{shown}{letter} {currency or ''}".strip()
    return f"{amount:.0f} {currency or ''}".strip()


def _asked(facts: Facts, weights: Weights) -> list[Reason]:
    return [{"code": "asked", "hours": weights.asked}] if facts.asked else []


def _renewal(facts: Facts, today: date, weights: Weights) -> list[Reason]:
    """Linear in the days ahead: two cases keep their order while the day comes nearer."""
    ahead = None if facts.renewal_on is None else facts.renewal_on - today
    if ahead is None or facts.renewal_on is None or not timedelta(0) <= ahead <= NEAR:
        return []
    code = "renewal_soon" if ahead <= SOON else "renewal_near"
    share = 1 - ahead / NEAR
    return [{"code": code, "on": facts.renewal_on.isoformat(), "hours": weights.renewal * share}]


def _value(facts: Facts, weights: Weights) -> list[Reason]:
    """The same hours for each doubling. Nothing known, or nothing paid yet, moves nothing."""
    if not facts.arr or facts.arr < 0:
        return []
    low, high = DOUBLINGS
    doublings = max(low, min(high, math.log2(float(facts.arr) * MIDDLING / facts.large)))
    code = "small" if doublings < 0 else "large" if facts.arr >= facts.large else "sizeable"
    told = {"arr": str(facts.arr), "currency": facts.currency}
    return [{"code": code, **told, "hours": weights.value * doublings}]


def _flip(facts: Facts, weights: Weights) -> list[Reason]:
    if facts.was is None or facts.was_on is None:
        return []
    on = facts.was_on.isoformat()
    return [{"code": "flip", "was": facts.was, "on": on, "hours": weights.flip}]


def _depth(facts: Facts, weights: Weights) -> list[Reason]:
    """How far down on the scale; from three fifths up it is no reason."""
    scale = facts.scale
    up = facts.score - scale.low
    if facts.direction is Direction.HIGH_IS_BAD:
        up = scale.high - facts.score
    share = up / (scale.high - scale.low)
    code = "lowest" if share <= 0.2 else "low"
    return [{"code": code, "hours": weights.depth * max(0.0, 1 - share / 0.6)}]


def _repeated(facts: Facts, weights: Weights) -> list[Reason]:
    if not facts.cases:
        return []
    often = min(OFTEN, math.log2(1 + facts.cases))
    return [{"code": "repeated", "cases": facts.cases, "hours": weights.repeated * often}]


def _tenure(facts: Facts, today: date, weights: Weights) -> list[Reason]:
    if facts.since is None:
        return []
    years = (today - facts.since).days / YEAR
    share = max(0.0, min(1.0, (years - 1) / (LONG - 1)))
    return [{"code": "known", "since": facts.since.isoformat(), "hours": weights.tenure * share}]


def _renews(on: date, today: date) -> str:
    days = (on - today).days
    if days < 0:
        return f"renewal was {-days} d ago"
    return "renews today" if days == 0 else f"renews in {days} d"
