"""What is new, due, broken and done since the last digest: reads only, by the reader's sight.

Nothing in it is a customer's word or a person's name: it goes to mailboxes and channels, where it
stays when the person is erased here. The links lead to the words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sqlmodel import Session, select

from db.models import UserUnit
from services import settings
from services.access import Actor, permitted
from services.domain.compare import compare
from services.domain.many import many
from services.domain.periods import Days, Period
from services.domain.roles import Verb
from services.domain.scores import Metric
from services.insights.case_filter import CaseFilter, Sla, View
from services.insights.case_rows import CaseRow
from services.insights.case_selects import CASE, JOINED
from services.insights.cube import Cube, count
from services.insights.digest_chart import WEEKS, drawn, title, weeks
from services.insights.filters import Filter
from services.insights.good_news import good_news
from services.insights.good_news_selects import NewsFilter
from services.insights.queue import counted, meant_by, queue, within_units
from services.insights.selects import Condition

TOP = 5  # cases that are named
RECOVERED = 50  # more are said as "50 or more"


@dataclass(frozen=True)
class Line:
    """A sentence; `query` is the page of the desk that it is about, if there is one."""

    text: str
    query: str = ""


@dataclass(frozen=True)
class Part:
    """Some lines under a title, and the list behind them."""

    title: str
    lines: tuple[Line, ...]
    query: str


@dataclass(frozen=True)
class Digest:
    """What happened in `[since, until)`. `quiet`: nothing to speak of. `chart` is for `picture`."""

    since: datetime
    until: datetime
    finding: str
    parts: tuple[Part, ...]
    quiet: bool
    chart: Mapping[str, Any]


@permitted(Verb.SEE)
def digest(
    session: Session, actor: Actor, *, scope: str, mine: bool, since: datetime, now: datetime
) -> Digest:
    """The digest for the actor. `scope`: all that they see, or "own" units, or their "team".

    `mine`: it is a person's own, and ends with their part of the queue; else with all of it.
    """
    actor = _within(session, actor, scope)
    found = _Reading(session, actor, _cases(actor, scope), since, now)
    trend = weeks(session, actor, now)
    parts = [found.answers(), found.opened(), found.promises(), found.done(), found.first(mine)]
    told = tuple(part for part in parts if part.lines)
    return Digest(since, now, title(trend), told, found.quiet, drawn(trend))


def _within(session: Session, actor: Actor, scope: str) -> Actor:
    """The actor with the sight that the scope leaves; who has no unit of their own keeps theirs."""
    if scope != "own":
        return actor
    query = select(UserUnit.unit_id).where(UserUnit.user_id == actor.id)
    own = tuple(sorted(session.exec(query)))
    return replace(actor, units=own) if own else actor


def _cases(actor: Actor, scope: str) -> CaseFilter:
    teams = (actor.team_id,) if scope == "team" and actor.team_id else ()
    return CaseFilter(View.OPEN, teams=teams)


class _Reading:
    """One digest being read: its moments, its cases, and whether anything happened."""

    def __init__(
        self, session: Session, actor: Actor, cases: CaseFilter, since: datetime, now: datetime
    ) -> None:
        self.session, self.actor, self.cases = session, actor, cases
        self.since, self.now, self.quiet = since, now, True
        self.zone = settings.reporting_zone(session)
        days = Days(since.astimezone(self.zone).date(), now.astimezone(self.zone).date())
        self.period = Period(since, now, days)

    def answers(self) -> Part:
        """How many answered, and what the NPS of these says against the weeks before."""
        start = self.since - timedelta(weeks=WEEKS)
        first = start.astimezone(self.zone).date()
        earlier = Period(start, self.since, Days(first, self.period.days.first))
        cube = count(self.session, self.actor, Filter(), [self.period, earlier])
        filter = Filter(range=str(self.period.days))
        lines = tuple(Line(text) for text in _answered(cube))
        self.quiet &= not lines
        return Part("New answers", lines, f"verbatims?{_query(filter)}")

    def opened(self) -> Part:
        """How many cases there are that were not."""
        wanted = self.cases.narrowed(view=View.ANY, opened=str(self.period.days))
        n = self._count(self.cases.narrowed(view=View.ANY), self._at("opened_at"))
        return self._part("New cases", wanted, n, "opened")

    def promises(self) -> Part:
        """What breaks today and what is broken, each with its list."""
        told = []
        for sla, one, more in _PROMISES:
            wanted = self.cases.narrowed(sla=(sla,))
            n = self._count(wanted)
            self.quiet &= not n
            if n:
                told.append(Line(many(n, one, more), f"queue?{_query(wanted)}"))
        today = self.cases.narrowed(view=View.TODAY)
        return Part("Promises", tuple(told), f"queue?{_query(today)}")

    def done(self) -> Part:
        """Closed cases, and people who scored low and score better now."""
        wanted = self.cases.narrowed(view=View.RESOLVED)
        n = self._count(wanted, self._at("resolved_at"))
        better = good_news(self.session, self.actor, NewsFilter(), size=RECOVERED, budget=2_000)
        m = sum(one.answer.answered_at >= self.since for one in better.rows)
        more = " or more" if m == RECOVERED else ""
        closed = self._part("Done", wanted, n, "resolved")
        self.quiet &= not m
        people = f"{many(m, 'person', 'people')}{more} who scored low scored better"
        lines = (Line(people, "good-news"),) if m else ()
        return replace(closed, lines=closed.lines + lines)

    def first(self, mine: bool) -> Part:
        """Whom to help next: of one's own cases, or of all."""
        wanted = self.cases.narrowed(view=View.MINE, teams=()) if mine else self.cases
        me = self.actor.id
        page = queue(self.session, self.actor, wanted, now=self.now, me=me, size=TOP)
        lines = [Line(_case(row, self.now), f"case?number={row.number}") for row in page.rows]
        if page.total > len(lines):
            lines.append(Line(f"... and {page.total - len(lines):,} more"))
        title = "First in your queue" if mine else "First in the queue"
        return Part(title, tuple(lines), f"queue?{_query(wanted)}")

    def _part(self, title: str, wanted: CaseFilter, n: int, what: str) -> Part:
        """How many cases something happened to."""
        lines = (Line(f"{many(n, 'case was', 'cases were')} {what}"),) if n else ()
        self.quiet &= not n
        return Part(title, lines, f"queue?{_query(wanted)}")

    def _at(self, name: str) -> list[Condition]:
        return [CASE.c[name] >= self.since, CASE.c[name] < self.now]

    def _count(self, wanted: CaseFilter, more: list[Condition] | None = None) -> int:
        meant = meant_by(self.session, self.actor, wanted, self.now, self.actor.id)
        among = [*meant, *within_units(self.actor)]
        return counted(self.session, JOINED, [more or []], among)[0]


_PROMISES = (
    (Sla.TODAY, "promise runs out today", "promises run out today"),
    (Sla.OVERDUE, "promise is broken", "promises are broken"),
)


def _answered(cube: Cube) -> list[str]:
    """How many by metric; the NPS of them, and whether it is another one than it was."""
    sizes = {metric: cube.counts(metric, [0]).n for metric in Metric}
    total = sum(sizes.values())
    if not total:
        return []
    split = ", ".join(f"{metric.upper()} {n:,}" for metric, n in sizes.items() if n)
    told = [f"{many(total, 'answer')} ({split})"]
    new, before = cube.counts(Metric.NPS, [0]), cube.counts(Metric.NPS, [1])
    if new.n:
        verdict = compare(before, new).verdict
        told.append(f"NPS of the {WEEKS} weeks before against theirs: {_lower(verdict)}")
    return told


def _case(row: CaseRow, now: datetime) -> str:
    """The number, the company, and why now."""
    of = f" ({row.account})" if row.account else ""
    why = "; ".join(row.why[:2])
    due = "" if row.due_at is None else "promise broken" if row.due_at <= now else _in(row, now)
    told = "; ".join(text for text in (due, why) if text)
    return f"Case {row.number}{of}{': ' if told else ''}{told}"


def _in(row: CaseRow, now: datetime) -> str:
    assert row.due_at is not None
    hours = int((row.due_at - now).total_seconds() // 3600)
    return f"due in {hours} h" if hours < 48 else f"due in {hours // 24} d"


def _query(filter: Filter | CaseFilter) -> str:
    return urlencode(filter.to_query(), doseq=True)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
