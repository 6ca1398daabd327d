"""What the demo company is made of: colleagues, regions, trades and names (demo_company.toml)."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

LEGAL = re.compile(r" (GmbH|AG|Ltd|S\.L\.|Group)\b.*| & Co\. KG| & Söhne|Grupo ")
SPELT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ø": "o", "Ø": "O",
     "ł": "l", "Ł": "L", "ı": "i"}
)  # fmt: skip


@dataclass(frozen=True)
class Colleague:
    """Somebody who works at the desk. `units` are those whose accounts they own."""

    name: str
    email: str
    role: str
    team: str
    zone: str
    units: tuple[str, ...] = ()
    leads: bool = False


UNITS = ("EMEA", "Americas", "APAC")
TEAMS = ("Customer Success", "Support")
COLLEAGUES = (
    Colleague("Ingrid Solberg", "ingrid@example.com", "admin", TEAMS[1], "Europe/Berlin",
              leads=True),
    Colleague("Marcus Adeyemi", "marcus@example.com", "manager", TEAMS[0], "Europe/London",
              UNITS, leads=True),
    Colleague("Hannah Vogt", "hannah@example.com", "csm", TEAMS[0], "Europe/Berlin", ("EMEA",)),
    Colleague("Diego Fuentes", "diego@example.com", "csm", TEAMS[0], "America/New_York",
              ("Americas", "APAC")),
    Colleague("Keiko Tanaka", "keiko@example.com", "support", TEAMS[1], "Asia/Singapore"),
)  # fmt: skip


@dataclass(frozen=True)
class Region:
    """A sales region and what is spoken, paid and called how there."""

    name: str
    unit: str
    weight: int
    language: str
    currency: str
    sign: str
    zone: str
    cities: Sequence[str]
    cultures: Sequence[str]
    companies: str


@dataclass(frozen=True)
class Industry:
    """A trade: what its people and its jobs are called (`jobs` by language)."""

    name: str
    weight: int
    crew: str
    job: str
    jobs: Mapping[str, str]
    names: Sequence[Sequence[str]]


@cache
def data() -> dict[str, Any]:
    file = Path(__file__).with_name("demo_company.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


def listed(text: str, mark: str = ",") -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(mark))


@cache
def regions() -> tuple[Region, ...]:
    """Every sales region; `cities` end with their country ("Cork IE")."""
    many = ("cities", "cultures")
    rows = data()["region"]
    return tuple(Region(**row | {name: listed(row[name]) for name in many}) for row in rows)


@cache
def industries() -> tuple[Industry, ...]:
    """Every trade."""

    def one(row: dict[str, Any]) -> Industry:
        job, plural = row["en"].split("|")
        jobs = {"en": plural, "de": row["de"], "es": row["es"]}
        names = [listed(words) for words in row["names"].split("|")]
        return Industry(row["name"], row["weight"], row["crew"], job, jobs, names)

    return tuple(map(one, data()["industry"]))


def weighted(rng: Random, choices: Sequence[Any]) -> Any:
    return rng.choices(choices, [choice.weight for choice in choices])[0]


def firm_names(rng: Random) -> Iterator[tuple[str, str, Region, Industry]]:
    """Names that no two firms share, short for the domain, and region and trade they tell of."""
    used: set[str] = set()
    while True:
        region, industry = weighted(rng, regions()), weighted(rng, industries())
        style = data()["companies"][region.companies]
        stem, other = rng.sample(listed(style["stems"]), 2)
        word = rng.choice(industry.names[style["list"]])
        pattern = rng.choice(listed(style["patterns"], "|"))
        name = pattern.format(stem=stem, stem2=other, word=word)
        slug = ascii_slug(LEGAL.sub("", name))
        if not {slug, f"{stem} {word}"} & used:
            used |= {slug, f"{stem} {word}"}
            yield name, slug, region, industry


def ascii_slug(text: str) -> str:
    """Lower-case letters, digits and hyphens for addresses."""
    plain = (
        unicodedata.normalize("NFKD", text.translate(SPELT))
        .encode("ascii", "ignore")
        .decode()
        .lower()
    )
    return "-".join("".join(c if c.isalnum() else " " for c in plain).split())
