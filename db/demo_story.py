"""What happened at the demo company in two years: the phases that move scores and topics.

Days are counted back from the day the demo is made ("age"), so the story always ends today:
a quarter of outages, a price list that small customers resent, a redesigned crew app, and a
calendar sync that an update broke three weeks ago. The German-speaking region lags throughout.
"""

from collections.abc import Mapping
from dataclasses import dataclass

DAYS = 730


@dataclass(frozen=True)
class Phase:
    """From `first` to `last` days ago, both included."""

    first: int
    last: int

    def covers(self, age: int) -> bool:
        return self.last <= age <= self.first


OUTAGE = Phase(500, 408)
SHAKEN = Phase(407, 321)  # quiet again, but nobody praises the uptime yet
STABLE = Phase(320, 0)
PRICING = Phase(335, 215)
OLD_APP = Phase(DAYS, 241)
NEW_APP = Phase(240, 0)
SYNC_BUG = Phase(23, 0)
LAGGARD = "DACH"

_TAGS = {
    "outage": OUTAGE, "shaken": SHAKEN, "stable": STABLE, "pricing": PRICING, "oldapp": OLD_APP,
    "newapp": NEW_APP, "syncbug": SYNC_BUG,
}  # fmt: skip

# How often each topic comes to mind in an ordinary week, by who is asked.
EVERYDAY: Mapping[str, Mapping[str, float]] = {
    "buyer": {
        "reporting": 15, "price": 12, "support": 12, "relationship": 13, "scheduling": 12,
        "billing": 7, "integrations": 9, "reliability": 6, "portal": 7, "usability": 4,
        "onboarding": 4, "mobile": 4, "permissions": 3, "records": 4,
    },
    "admin": {
        "scheduling": 15, "support": 13, "usability": 11, "integrations": 11, "reporting": 10,
        "permissions": 8, "records": 8, "performance": 8, "reliability": 6, "mobile": 6,
        "docs": 6, "portal": 5, "onboarding": 4, "relationship": 4, "localisation": 3,
        "price": 4, "billing": 3,
    },
    "end_user": {
        "mobile": 26, "scheduling": 14, "usability": 15, "performance": 10, "records": 9,
        "support": 8, "reliability": 6, "docs": 5, "localisation": 3, "portal": 3,
        "onboarding": 2,
    },
}  # fmt: skip


# Who joined later does not compare with what was before.
_SINCE = {"stable": OUTAGE, "shaken": OUTAGE, "pricing": PRICING, "newapp": NEW_APP}


def tags(age: int, joined: int) -> frozenset[str]:
    """The phases that a firm speaks of on that day; it became a customer `joined` days ago."""
    names = {name for name, phase in _TAGS.items() if phase.covers(age)}
    return frozenset(name for name in names if name not in _SINCE or joined > _SINCE[name].first)


def mood(age: int, *, region: str, role: str, plan: str) -> float:
    """How much the times lift or press this person's answers, in standard deviations."""
    moved = -0.02
    if OUTAGE.covers(age):
        moved -= 0.46
    if PRICING.covers(age):
        moved -= {"buyer": 0.4, "admin": 0.2, "end_user": 0.02}[role]
        moved -= 0.18 if plan in ("Starter", "Team") else 0
    if NEW_APP.covers(age):
        ramp = min(1.0, (NEW_APP.first - age) / 40)
        moved += ramp * {"buyer": 0.04, "admin": 0.1, "end_user": 0.32}[role]
    if SYNC_BUG.covers(age):
        moved -= 0.42 if role != "buyer" else 0.2
    if region == LAGGARD:
        moved -= 0.34
    return moved


def topic_weights(
    age: int, *, band: int, role: str, region: str, language: str
) -> dict[str, float]:
    """How likely each topic is what somebody writes about on that day, given how they feel."""
    weights = dict(EVERYDAY[role])
    low, high = band < 0, band > 0
    _push(weights, "reliability", OUTAGE.covers(age), 24 if low else 3 if band == 0 else 0)
    _push(weights, "performance", OUTAGE.covers(age), 1.5 if low else 0.5)
    _push(weights, "reliability", SHAKEN.covers(age) and high, 0.0)
    _push(weights, "reliability", STABLE.covers(age) and high, 1.8)
    _push(weights, "price", PRICING.covers(age), (7 if role != "end_user" else 2) if low else 1.5)
    _push(weights, "mobile", NEW_APP.covers(age), 2.6 if high else 0.45)
    _push(weights, "mobile", OLD_APP.covers(age), 1.4 if low else 0.6)
    _push(weights, "integrations", SYNC_BUG.covers(age) and low, 9)
    _push(weights, "localisation", language == "de" and not high, 4.5)
    _push(weights, "support", region == LAGGARD and low, 1.5)
    return weights


def _push(weights: dict[str, float], topic: str, applies: bool, factor: float) -> None:
    if applies:
        weights[topic] = weights.get(topic, 3.0) * factor
