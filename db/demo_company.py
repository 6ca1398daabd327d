"""The demo desk's accounts and contacts: the customers of one invented company, from a seed.

Ostervale sells Ostervale Dispatch, a planner for firms that send people out to repair things.
Nothing here knows the database; the same seed and `now` give the same company.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from db.demo_catalog import COLLEAGUES, Industry, Region, ascii_slug, data, firm_names, listed
from db.demo_story import DAYS, LAGGARD
from db.demo_text import STYLES

ACCOUNTS, CONTACTS = 400, 6_000
ROLES = {"buyer": 12, "admin": 24, "end_user": 64}
PLANS = ((11_000, "Starter"), (38_000, "Team"), (110_000, "Business"))
SEAT = {"Starter": 29, "Team": 34, "Business": 31, "Enterprise": 26}  # a month
RENEWING, ONBOARDING = 75, 90  # days before the renewal, days after the start


@dataclass(frozen=True)
class Firm:
    """A customer of Ostervale. `health` is how they feel about it, `drift` where that is going."""

    key: str
    name: str
    domain: str
    region: Region
    industry: Industry
    country: str
    city: str
    arr: Decimal
    plan: str
    seats: int
    since: date
    renewal_on: date
    stage: str
    churned_on: date | None
    owner: str
    health: float
    drift: float


@dataclass(frozen=True)
class Person:
    """Somebody at a customer; `temper` is how kind their scores are, `style` how they type."""

    key: str
    firm: Firm
    name: str
    email: str
    role: str
    language: str
    joined: date
    temper: float
    keenness: float
    style: str
    formal: bool
    do_not_contact: bool


@dataclass(frozen=True)
class Company:
    """The demo desk's customers."""

    firms: tuple[Firm, ...]
    people: tuple[Person, ...]


def company(now: datetime, seed: int = 7) -> Company:
    """All accounts and contacts as of `now` (aware)."""
    rng = Random(f"{seed}:company")
    today = now.date()
    names = firm_names(rng)
    firms = tuple(_firm(rng, n, next(names), today) for n in range(1, ACCOUNTS + 1))
    return Company(firms, tuple(_people(rng, firms, today)))


def _drawn(rng: Random, weights: dict[str, int]) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


def _firm(rng: Random, n: int, named: tuple[str, str, Region, Industry], today: date) -> Firm:
    name, slug, region, industry = named
    city, country = rng.choice(region.cities).rsplit(" ", 1)
    since = _start(rng, today)
    renewal = renewal_after(since, today)
    health, drift = rng.gauss(0, 0.42), rng.gauss(0, 0.35)
    arr = min(480_000.0, max(2_400.0, rng.lognormvariate(math.log(23_000), 1.0)))
    plan = next((plan for limit, plan in PLANS if arr < limit), "Enterprise")
    churned = _leaving(rng, health + drift, region, plan, since, today)
    return Firm(
        key=f"A-{n:04d}",
        name=name,
        domain=f"{slug}.example",
        region=region,
        industry=industry,
        country=country,
        city=city,
        arr=Decimal(round(arr / 60) * 60),
        plan=plan,
        seats=max(3, round(arr / 12 / SEAT[plan])),
        since=since,
        renewal_on=churned or renewal,
        stage=stage(since, renewal, today) if churned is None else "churned",
        churned_on=churned,
        owner=next(
            who.email for who in COLLEAGUES if who.role == "csm" and region.unit in who.units
        ),
        health=health,
        drift=drift,
    )


def stage(since: date, renewal: date, day: date) -> str:
    """Where a customer who has not left stands on `day`."""
    if (day - since).days < ONBOARDING:
        return "onboarding"
    return "renewing" if 0 <= (renewal - day).days <= RENEWING else "adopted"


def renewal_after(since: date, day: date) -> date:
    """The first anniversary of `since` after `day`."""
    first = since.replace(day=min(since.day, 28))
    this_year = first.replace(year=max(day.year, since.year + 1))
    return this_year if this_year > day else this_year.replace(year=this_year.year + 1)


def _start(rng: Random, today: date) -> date:
    """Three in five were customers before the two years began; ever more joined later."""
    if rng.random() < 0.6:
        return today - timedelta(days=DAYS + rng.randrange(30, 1500))
    return today - timedelta(days=int(DAYS * (1 - math.sqrt(rng.random()))) + 8)


def _leaving(
    rng: Random, health: float, region: Region, plan: str, since: date, today: date
) -> date | None:
    """The day a firm left, mostly the unhappy ones, and most of them after the price list."""
    risk = 0.1 * math.exp(-1.1 * health) * (1.5 if region.name == LAGGARD else 1)
    risk *= 1.4 if plan == "Starter" else 1
    age = int(rng.triangular(12, 620, 250))
    if rng.random() > risk or (today - since).days - age < 200:
        return None
    return today - timedelta(days=age)


def _people(rng: Random, firms: Sequence[Firm], today: date) -> Iterator[Person]:
    used: set[str] = set()
    sizes = _sizes(rng, firms)
    n = 0
    for firm, size in zip(firms, sizes, strict=True):
        for place in range(size):
            n += 1
            # Somebody has bought it and somebody runs it, whatever the dice say.
            role = ("buyer", "admin")[place] if place < 2 else _drawn(rng, ROLES)
            yield _person(rng, n, firm, role, used, today)


def _sizes(rng: Random, firms: Sequence[Firm]) -> list[int]:
    """How many contacts each firm has: more with more seats, CONTACTS in all."""
    weights = [math.sqrt(firm.seats) * rng.uniform(0.7, 1.4) for firm in firms]
    sizes = [4] * len(firms)
    for at in rng.choices(range(len(firms)), weights, k=CONTACTS - sum(sizes)):
        sizes[at] += 1
    return sizes


def _person(rng: Random, n: int, firm: Firm, role: str, used: set[str], today: date) -> Person:
    culture = data()["names"][rng.choice(firm.region.cultures)]
    first, last = rng.choice(listed(culture["first"])), rng.choice(listed(culture["last"]))
    until = firm.churned_on or today
    known = (until - firm.since).days
    joined = firm.since if rng.random() < 0.55 else firm.since + timedelta(rng.randrange(known))
    return Person(
        key=f"C-{n:05d}",
        firm=firm,
        name=f"{first} {last}",
        email=_email(first, last, firm.domain, used),
        role=role,
        language="en" if rng.random() < 0.06 else firm.region.language,
        joined=joined,
        temper=rng.gauss(0.1 if role == "buyer" else 0, 0.6),
        keenness=rng.gammavariate(1.1, 1.0) + 0.05,
        style=_drawn(rng, STYLES),
        formal=rng.random() < 0.35,
        do_not_contact=rng.random() < 0.01,
    )


def _email(first: str, last: str, domain: str, used: set[str]) -> str:
    stem = f"{ascii_slug(first).replace('-', '')}.{ascii_slug(last).replace('-', '')}"
    for number in range(1, 100):
        made = f"{stem}{number if number > 1 else ''}@{domain}.com"
        if made not in used:
            used.add(made)
            return made
    raise ValueError(f"too many people are called {first} {last} at {domain}")
