"""When whom was asked what, and who answered: the 20,000 occasions of the demo desk."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from db.demo_company import Company, Person, renewal_after
from db.demo_story import DAYS, OUTAGE

ANSWERS = {"nps": 14_600, "csat": 3_400, "ces": 2_000}
TICKETS = {"buyer": 0.35, "admin": 2.2, "end_user": 0.8}  # support tickets a year
CHANNELS = {
    "buyer": {"email": 72, "in_app": 14, "web": 12, "sms": 2},
    "admin": {"email": 44, "in_app": 46, "web": 8, "sms": 2},
    "end_user": {"email": 26, "in_app": 50, "web": 7, "sms": 17},
}
HOURS = {  # local hours in which people answer, with weights
    "email": (range(7, 22), (3, 8, 11, 11, 9, 6, 7, 9, 9, 8, 6, 3, 2, 2, 2)),
    "web": (range(8, 19), (6, 10, 11, 9, 5, 7, 9, 9, 8, 5, 2)),
    "in_app": (range(6, 19), (4, 8, 10, 10, 9, 8, 5, 7, 9, 9, 8, 5, 2)),
    "sms": (range(9, 21), (3, 4, 4, 6, 5, 4, 5, 7, 9, 9, 6, 3)),
}
WEEKEND = 0.12  # share of those asked at a weekend who answer then


@dataclass(frozen=True)
class Occasion:
    """One question that was answered: `at` is aware and in UTC."""

    person: Person
    metric: str
    touchpoint: str
    channel: str
    at: datetime


def occasions(company: Company, now: datetime, seed: int) -> list[Occasion]:
    """Those that were answered, in order of time."""
    rng = Random(f"{seed}:occasions")
    drawn: dict[str, list[tuple[float, int, Occasion]]] = {metric: [] for metric in ANSWERS}
    earliest = now - timedelta(days=DAYS)
    for person in company.people:
        for metric, touchpoint, day in _asked(rng, person, now.date()):
            at = _answered(rng, person, metric, touchpoint, day)
            if earliest <= at.at <= now - timedelta(minutes=3):
                key = rng.random() ** (1 / _keenness(at, now.date()))
                drawn[metric].append((key, len(drawn[metric]), at))
    chosen = (sorted(drawn[metric], reverse=True)[:n] for metric, n in ANSWERS.items())
    return sorted((row[2] for rows in chosen for row in rows), key=_order)


def _order(occasion: Occasion) -> tuple[datetime, str, str]:
    return occasion.at, occasion.person.key, occasion.metric


def _keenness(occasion: Occasion, today: date) -> float:
    """How likely this one answers: by person, more with the years, more when angry."""
    age = (today - occasion.at.date()).days
    growth = 0.8 + 0.5 * (1 - age / DAYS)
    return max(0.01, occasion.person.keenness * growth * (1.2 if OUTAGE.covers(age) else 1))


def _asked(rng: Random, person: Person, today: date) -> Iterator[tuple[str, str, date]]:
    """(metric, touchpoint, day) of each question to this person."""
    last = person.firm.churned_on or today
    first = max(person.joined, today - timedelta(days=DAYS))
    yield from _pulses(rng, person, first, last)
    yield from _tickets(rng, person, first, last)
    settled = person.joined + timedelta(days=rng.randrange(18, 60))
    if first <= settled <= last:
        yield "ces", "onboarding", settled


def _pulses(
    rng: Random, person: Person, first: date, last: date
) -> Iterator[tuple[str, str, date]]:
    """The recurring NPS question, never twice within 80 days."""
    day = first + timedelta(days=rng.randrange(110))
    if day < person.joined + timedelta(days=40):
        day += timedelta(days=40)
    while day <= last:
        due = renewal_after(person.firm.since, day)
        near = 0 < (due - day).days < 80 and person.role != "end_user"
        yield "nps", "renewal" if near and rng.random() < 0.4 else "relationship", day
        day += timedelta(days=rng.randrange(84, 135))


def _tickets(
    rng: Random, person: Person, first: date, last: date
) -> Iterator[tuple[str, str, date]]:
    """A question after some support tickets: mostly CSAT, now and then CES."""
    day = first
    while True:
        day += timedelta(days=1 + int(rng.expovariate(TICKETS[person.role] / 365)))
        if day > last:
            return
        yield "ces" if rng.random() < 0.25 else "csat", "support", day


def _answered(rng: Random, person: Person, metric: str, touchpoint: str, day: date) -> Occasion:
    odds = CHANNELS[person.role] if metric == "nps" else {"email": 66, "web": 18, "in_app": 16}
    (channel,) = rng.choices(list(odds), list(odds.values()))
    if day.weekday() > 4 and rng.random() > WEEKEND:
        day += timedelta(days=7 - day.weekday() + rng.randrange(5))
    hours, weights = HOURS[channel]
    (hour,) = rng.choices(hours, weights)
    clock = time(
        hour, rng.randrange(60), rng.randrange(60), tzinfo=ZoneInfo(person.firm.region.zone)
    )
    at = datetime.combine(day, clock).astimezone(UTC)
    if metric == "nps" and channel == "in_app":
        touchpoint = "in_product"
    return Occasion(person, metric, touchpoint, channel, at)
