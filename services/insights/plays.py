"""What came of the plays: how often each was started, how it ended, and who helped when asked.

The cases are those of the Loop: opened in a period, of teams, owners, units and metrics. Every
number is as many cases as the list behind it holds, by the conditions of that very list.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import dropwhile
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.models import Ask, Team
from services import settings
from services.access import Actor, permitted
from services.domain import periods
from services.domain.periods import EARLIEST, Bucket, Days, Grain
from services.domain.plays import SHEETS, Favour, Play, Reply
from services.domain.roles import Verb
from services.domain.scores import Counts, Estimate, csat_top2
from services.insights.case_filter import CaseFilter
from services.insights.case_selects import CASE, JOINED
from services.insights.loop_figures import Size
from services.insights.loop_filter import LoopFilter
from services.insights.loop_rules import INTERVAL
from services.insights.play_selects import FINISHED, GOOD, OPEN, RUNNING
from services.insights.queue import meant_by
from services.insights.selects import Condition

ENDED = "share of the plays that ended"
WELL = "Ended well = won back, found something better, we know why, or helps us, as a share of the \
plays that ended"
GIVEN = "Said yes = share of the people who were asked and answered"


@dataclass(frozen=True)
class Part:
    """A number of cases as a share of others (%), with its interval and the list behind it."""

    name: str
    size: Size
    now: Estimate


@dataclass(frozen=True)
class PlayFigures:
    """One play: how often it was started, what still runs, and how the rest ended: its results,
    the good one first."""

    play: Play
    started: Size
    running: Size
    finished: Size
    results: tuple[Part, ...]

    @property
    def good(self) -> Part:
        return self.results[0]


@dataclass(frozen=True)
class FavourFigures:
    """One favour: how many were asked, who has not answered yet, and what the others said."""

    favour: Favour
    asked: Size
    open: Size
    yes: Part
    no: Size
    silent: Size


@dataclass(frozen=True)
class Row:
    """All plays of one team or of one stretch of time together."""

    name: str
    started: Size
    finished: Size
    good: Part


@dataclass(frozen=True)
class PlayReport:
    """What the page Plays shows; `text` says which days."""

    text: str
    plays: tuple[PlayFigures, ...]
    favours: tuple[FavourFigures, ...]
    teams: tuple[Row, ...]
    points: tuple[Row, ...]
    whole: Row


class _Cell(NamedTuple):
    """How many cases have one play, one end (None: it runs), one team and one bucket."""

    play: Play
    end: str | None
    team: int | None
    bucket: int
    n: int


@permitted(Verb.SEE)
def play_report(session: Session, actor: Actor, asked: LoopFilter, *, now: datetime) -> PlayReport:
    """The plays and the askings of the cases that `asked` means, as they stand at `now`."""
    meant = meant_by(session, actor, asked.cases(), now, None)
    source = JOINED if asked.metrics else CASE
    zone = settings.reporting_zone(session)
    today = now.astimezone(zone).date()
    since = _first(session, source, meant, now).astimezone(zone).date()
    days = periods.named(asked.range, today, Days(min(max(since, EARLIEST), today), today))
    # Plays are few: in narrower ones there would be too few to say anything.
    pieces = periods.buckets(days, periods.fit(days, Grain.MONTH), zone)
    cells = _cells(session, source, meant, pieces)
    names = {None: "no team", **dict(session.exec(select(Team.id, Team.name)).all())}
    return PlayReport(
        text=f"{periods.days_label(days)} ({zone.key})",
        plays=tuple(_play(asked, play, cells) for play in Play if _n(cells, play=play)),
        favours=tuple(_favours(session, source, meant, asked)),
        teams=_teams(asked, cells, names),
        points=_points(asked, pieces, cells),
        whole=_row("All", cells, asked.cases()),
    )


def _first(session: Session, source: Any, meant: list[Condition], now: datetime) -> datetime:
    """When the first of these cases with a play was opened; `now` where there is none."""
    query = sa.select(sa.func.min(CASE.c.opened_at)).select_from(source)
    found = session.connection().execute(query.where(*meant, CASE.c.play.is_not(None))).scalar()
    return found or now


def _cells(
    session: Session, source: Any, meant: list[Condition], pieces: Sequence[Bucket]
) -> list[_Cell]:
    """Read along the index of plays: those with one are few among all cases."""
    ends = [(CASE.c.opened_at < one.end, k) for k, one in enumerate(pieces[:-1])]
    bucket = sa.case(*ends, else_=len(pieces) - 1) if ends else sa.literal(0)
    by = (CASE.c.play, CASE.c.play_result, CASE.c.team_id, bucket)
    query = sa.select(*by, sa.func.count()).select_from(source)
    rows = session.connection().execute(query.where(*meant, CASE.c.play.is_not(None)).group_by(*by))
    return [_Cell(Play(play), *rest) for play, *rest in rows]


def _n(cells: Iterable[_Cell], **wanted: Any) -> int:
    return sum(
        cell.n for cell in cells if all(getattr(cell, key) == v for key, v in wanted.items())
    )


def _play(asked: LoopFilter, play: Play, cells: Sequence[_Cell]) -> PlayFigures:
    own = [cell for cell in cells if cell.play is play]
    ended = sum(cell.n for cell in own if cell.end)

    def listed(*ends: str) -> CaseFilter:
        return asked.cases(plays=(play,), ends=ends)

    return PlayFigures(
        play,
        Size(_n(own), listed()),
        Size(_n(own, end=None), listed(RUNNING)),
        Size(ended, listed(FINISHED)),
        tuple(
            _part(words, _n(own, end=key), ended, listed(key), f"{words} = {ENDED}")
            for key, words in SHEETS[play].results.items()
        ),
    )


def _row(name: str, cells: Sequence[_Cell], cases: CaseFilter | None) -> Row:
    def size(n: int, *ends: str) -> Size:
        if cases is None:
            return Size(n, None)
        return Size(n, cases.narrowed(plays=tuple(Play), ends=ends))

    ended = sum(cell.n for cell in cells if cell.end)
    good = sum(cell.n for cell in cells if cell.end in GOOD)
    part = _part("Ended well", good, ended, size(good, *GOOD).cases, WELL)
    return Row(name, size(_n(cells)), size(ended, FINISHED), part)


def _teams(
    asked: LoopFilter, cells: Sequence[_Cell], names: dict[int | None, str]
) -> tuple[Row, ...]:
    """Each team, most plays first; no list can be asked for of the cases without one."""
    keys = Counter[int | None]()
    for cell in cells:
        keys[cell.team] += cell.n
    order = sorted(keys, key=lambda key: (key is None, -keys[key], names[key]))
    return tuple(
        _row(
            names[key],
            [cell for cell in cells if cell.team == key],
            None if key is None else asked.cases(teams=(key,)),
        )  # fmt: skip
        for key in order
    )


def _points(asked: LoopFilter, pieces: Sequence[Bucket], cells: Sequence[_Cell]) -> tuple[Row, ...]:
    """Each stretch of time from that of the first play on: before it there was none to count."""
    rows = (_bucket(asked, k, one, cells) for k, one in enumerate(pieces))
    return tuple(dropwhile(lambda row: not row.started.n, rows))


def _bucket(asked: LoopFilter, k: int, one: Bucket, cells: Sequence[_Cell]) -> Row:
    name = one.label if one.whole else f"{one.label} (part)"
    return _row(name, [cell for cell in cells if cell.bucket == k], asked.cases(days=one.days))


def _favours(
    session: Session, source: Any, meant: list[Condition], asked: LoopFilter
) -> Iterable[FavourFigures]:
    by = (col(Ask.kind), col(Ask.result))
    query = (
        sa.select(*by, sa.func.count(CASE.c.id.distinct()))
        .select_from(source.join(Ask.__table__, col(Ask.case_id) == CASE.c.id))  # type: ignore[attr-defined]
        .where(*meant, col(Ask.undone_at).is_(None))
        .group_by(*by)
    )
    found = {(kind, reply): n for kind, reply, n in session.connection().execute(query)}
    for favour in Favour:
        replies = {reply: found.get((favour.value, reply), 0) for reply in (None, *Reply)}
        if any(replies.values()):
            yield _favour(asked, favour, replies)


def _favour(asked: LoopFilter, favour: Favour, n: dict[Reply | None, int]) -> FavourFigures:
    def size(count: int, reply: str = "") -> Size:
        key = f"{favour}.{reply}" if reply else favour.value
        return Size(count, asked.cases(asks=(key,)))

    yes, no = n[Reply.GIVEN], n[Reply.DECLINED]
    answered = yes + no
    return FavourFigures(
        favour, size(sum(n.values())), size(n[None], OPEN),
        _part(Reply.GIVEN.label, yes, answered, size(yes, Reply.GIVEN).cases, GIVEN),
        size(no, Reply.DECLINED), size(n[Reply.NO_ANSWER], Reply.NO_ANSWER),
    )  # fmt: skip


def _part(name: str, n: int, of: int, cases: CaseFilter | None, definition: str) -> Part:
    told: dict[str, Any] = {"metric": "share", "definition": f"{definition}; {INTERVAL}"}
    return Part(name, Size(n, cases), replace(csat_top2(Counts(n, 0, of - n)), **told))
