"""What decisions depend on besides the answer: who is here, and what was said to whom. Pure.

It changes as decisions are made, so that the next one knows of them.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.domain import merge
from services.domain.escalating import in_turn
from services.domain.opening import DETRACTOR
from services.domain.plays import Favour


@dataclass(frozen=True)
class Person:
    """A colleague who works here: `capacity` open cases at most (None: any number), sees `units`
    (None: all of them)."""

    id: int
    team_id: int | None = None
    capacity: int | None = None
    units: frozenset[int | None] | None = None
    here: bool = True

    def sees(self, unit_id: int | None) -> bool:
        """Whether cases of this unit are theirs to see."""
        return self.units is None or unit_id in self.units


@dataclass(frozen=True)
class Limits:
    """What may be said to one person at most: any automatic message once in `gap`, any favour once
    in `any`, the same one once in `same`. An answer older than `late` is answered by hand."""

    gap: timedelta = timedelta(days=7)
    any: timedelta = timedelta(days=90)
    same: timedelta = timedelta(days=365)
    late: timedelta = timedelta(days=7)


@dataclass(frozen=True)
class Wording:
    """A template in one language, and the fields that it cannot be sent without."""

    language: str
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Span:
    """A case and when it was open (`ended` None: it still is)."""

    key: str
    opened: datetime
    ended: datetime | None = None

    def open_at(self, at: datetime) -> bool:
        """Whether it was open then."""
        return self.opened <= at and (self.ended is None or self.ended > at)


@dataclass
class World:
    """`cases` are by contact and reason, `turns` whom a team's last turn was, `shares` the teams
    that give all their cases in turn, `load` counts the open cases of people, `spoken` are the
    answers to which something was sent by itself."""

    people: Mapping[int, Person] = field(default_factory=dict)
    leads: Mapping[int, int | None] = field(default_factory=dict)
    vendors: frozenset[str] = frozenset()
    templates: Mapping[str, Sequence[Wording]] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    age: timedelta = timedelta(days=30)  # an answer that is older opens no case
    turns: dict[int, int | None] = field(default_factory=dict)
    shares: frozenset[int] = frozenset()
    load: Counter[int] = field(default_factory=Counter)
    cases: dict[tuple[int, str], list[Span]] = field(default_factory=dict)
    pushed: set[tuple[str, str]] = field(default_factory=set)
    tags: dict[str, set[str]] = field(default_factory=dict)  # folded, by case
    spoken: set[int] = field(default_factory=set)
    written: dict[int, datetime] = field(default_factory=dict)
    asked: dict[int, list[tuple[Favour, datetime]]] = field(default_factory=dict)

    def open_case(self, contact_id: int, reason: str, at: datetime) -> str | None:
        """The key of the person's open case for this reason."""
        found = (one for one in self.cases.get((contact_id, reason), ()) if one.open_at(at))
        return next((one.key for one in found), None)

    def unhappy(self, contact_id: int, at: datetime) -> bool:
        """Whether a case about a low answer of this person is open."""
        return self.open_case(contact_id, DETRACTOR, at) is not None

    def opened(self, contact_id: int, reason: str, key: str, at: datetime) -> None:
        """A case was opened."""
        self.cases.setdefault((contact_id, reason), []).append(Span(key, at))

    def turn(self, team_id: int, unit_id: int | None) -> int | None:
        """Whose turn it is in this team; the case counts as theirs. None: nobody has room."""
        members = {one.id: one for one in self.people.values() if one.team_id == team_id}
        for id_ in in_turn([*members], self.turns.get(team_id)):
            if self._fits(members[id_], unit_id):
                self.turns[team_id] = id_
                self.load[id_] += 1
                return id_
        return None

    def share(self, team_id: int | None, unit_id: int | None) -> None:
        """A case begins in this team of which no rule says whose it is: it may share it out."""
        if team_id is not None and team_id in self.shares:
            self.turn(team_id, unit_id)

    def _fits(self, person: Person, unit_id: int | None) -> bool:
        room = person.capacity is None or self.load[person.id] < person.capacity
        return person.here and room and person.sees(unit_id)

    def able(self, user_id: int | None, unit_id: int | None) -> bool:
        """Whether this person works here and sees the unit."""
        person = self.people.get(user_id or 0)
        return person is not None and person.sees(unit_id)

    def fills(self, template: str, language: str | None, known: frozenset[str]) -> bool:
        """Whether enough is known for each field of the template in this language."""
        found = merge.of_language(self.templates.get(template, ()), language)
        return found is not None and found.needs <= known

    def too_soon(self, contact_id: int, at: datetime) -> bool:
        """Whether something was sent to them by itself a short while ago."""
        last = self.written.get(contact_id)
        return last is not None and at - last < self.limits.gap

    def capped(self, contact_id: int, favour: Favour, at: datetime) -> bool:
        """Whether they were asked for a favour too lately: before `at`, not after it."""
        return any(
            timedelta(0) <= at - when < (max(self.limits.any, self.limits.same) if what == favour
                         else self.limits.any)
            for what, when in self.asked.get(contact_id, ())
        )  # fmt: skip

    def said(self, contact_id: int, at: datetime, favour: Favour | None) -> None:
        """Something was sent to them by itself."""
        self.written[contact_id] = at
        if favour is not None:
            self.asked.setdefault(contact_id, []).append((favour, at))

    def only(self, ids: Collection[int | None], unit_id: int | None) -> list[int]:
        """Those of these people who work here and see the unit, each once."""
        return [one for one in dict.fromkeys(ids) if one and self.able(one, unit_id)]
