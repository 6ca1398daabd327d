"""Does closing the loop work? What became of the cases that were opened in a period.

A recent case has had less time than an old one. So the period before is counted as it stood at the
same age: as long after its end as now is after the end of this one. As it stands today it would win
every time.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from db.models import RootCause
from services.access import Actor, permitted
from services.domain.case_state import Outcome
from services.domain.compare import Comparison, compare_many
from services.domain.periods import Bucket
from services.domain.roles import Verb
from services.domain.scores import Metric
from services.insights import loop_figures as made
from services.insights import loop_meant as meant
from services.insights import loop_rules as rules
from services.insights.case_filter import Loop
from services.insights.loop_counts import NOTHING, OPENED, Cohort, Ended, Tally, as_of, cohort
from services.insights.loop_figures import Ending, Group, Listed, Point, Report, Size
from services.insights.loop_filter import LoopFilter
from services.insights.shares import shares

BROKEN = (Loop.ESCALATED,)
RULES = {
    "closed": rules.CLOSED, "contacted": rules.CONTACTED, "resolved": rules.RESOLVED,
    "contact_in_time": rules.CONTACT_IN_TIME, "close_in_time": rules.CLOSE_IN_TIME,
    "asked": rules.ASKED_REACHED, "asked_in_time": rules.ASKED_IN_TIME,
}  # fmt: skip


@permitted(Verb.SEE)
def loop(session: Session, actor: Actor, asked: LoopFilter, *, now: datetime) -> Report:
    """Every figure of the loop for the cases that `asked` means, as they stand at `now`."""
    first = meant.first_opened(session, actor)
    span = meant.span(session, asked, first, now)
    where = meant.where(session, actor, asked, now)
    found = cohort(session, asked, span.buckets, where, now)
    whole = found.whole
    then = None
    if span.previous is not None:
        at = now - (span.current.end - span.previous.end)
        then = as_of(session, asked, span.previous, where, at)
    return Report(
        span=span,
        empty=first is None,
        opened=Size(whole.n(OPENED), asked.cases(), rules.OPENED),
        contact=made.wait(
            whole.contact_seconds, asked.cases((Loop.CONTACTED,)), rules.CONTACT_WAIT
        ),
        close=made.wait(whole.close_seconds, asked.cases((Loop.CLOSED,)), rules.CLOSE_WAIT),
        escalated=Size(whole.n(BROKEN), asked.cases(BROKEN), rules.ESCALATED),
        points=_points(asked, span.buckets, found),
        teams=meant.of_teams(session, asked, found, _group),
        people=meant.of_people(session, asked, found, _group),
        outcomes=_outcomes(asked, found.ended),
        causes=_causes(session, asked, found.ended),
        **_shares(asked, whole, then),
    )


def _shares(asked: LoopFilter, whole: Tally, then: Tally | None) -> dict[str, made.Share]:
    """Every share by its name in the report; the comparisons allow for their number (Holm)."""
    changes: Sequence[Comparison | None] = [None] * len(RULES)
    if then is not None:
        pairs = [(made.counts(rule, then), made.counts(rule, whole)) for rule in RULES.values()]
        changes = compare_many(pairs, Metric.CSAT)
    return {
        name: made.share(rule, whole, asked.cases, before=then, change=change)
        for (name, rule), change in zip(RULES.items(), changes, strict=True)
    }


def _points(asked: LoopFilter, buckets: Sequence[Bucket], found: Cohort) -> tuple[Point, ...]:
    """One point a bucket; changes between buckets that are done, allowing for their number."""
    tallies = found.by(found.buckets)
    points = [_point(asked, one, tallies.get(k, NOTHING)) for k, one in enumerate(buckets)]
    done = [k for k in range(1, len(points)) if points[k].done and points[k - 1].done]
    pairs = [(points[k - 1].closed.counts, points[k].closed.counts) for k in done]
    changes = dict(zip(done, compare_many(pairs, Metric.CSAT), strict=True))
    return tuple(point.against(changes.get(k)) for k, point in enumerate(points))


def _point(asked: LoopFilter, bucket: Bucket, tally: Tally) -> Point:
    def listed(part: tuple[Loop, ...]) -> Any:
        return asked.cases(part, bucket.days)

    decided = tally.n((Loop.CLOSE_KEPT,)) + tally.n((Loop.CLOSE_MISSED,))
    return Point(
        bucket=bucket,
        opened=Size(tally.n(OPENED), listed(OPENED)),
        closed=made.share(rules.CLOSED, tally, listed),
        contact=made.wait(tally.contact_seconds, listed((Loop.CONTACTED,)), rules.CONTACT_WAIT),
        running=tally.n(OPENED) - decided,
    )


def _group(key: int | None, name: str, tally: Tally, listed: Listed) -> Group:
    return Group(
        key=key, name=name, opened=Size(tally.n(OPENED), listed(OPENED)),
        contacted=made.share(rules.CONTACTED, tally, listed),
        closed=made.share(rules.CLOSED, tally, listed),
        contact_in_time=made.share(rules.CONTACT_IN_TIME, tally, listed),
        contact=made.wait(tally.contact_seconds, listed((Loop.CONTACTED,)), rules.CONTACT_WAIT),
    )  # fmt: skip


def _outcomes(asked: LoopFilter, ended: dict[Ended, int]) -> tuple[Ending, ...]:
    found = _summed((Outcome(outcome), n) for (outcome, _), n in ended.items())
    lists = {one: asked.cases((Loop.RESOLVED,), outcomes=(one,)) for one in found}
    return _endings(found, {one: one.label for one in found}, lists)


def _causes(session: Session, asked: LoopFilter, ended: dict[Ended, int]) -> tuple[Ending, ...]:
    found = _summed((cause, n) for (_, cause), n in ended.items())
    names = dict(session.exec(select(RootCause.id, RootCause.name)).all())
    lists = {one: asked.cases((Loop.RESOLVED,), causes=(one,)) for one in found}
    return _endings(found, names, lists)


def _endings(found: dict[Any, int], names: dict[Any, str], lists: Any) -> tuple[Ending, ...]:
    parts = shares([*found.values()])
    return tuple(
        Ending(names[key], Size(n, lists[key]), part)
        for (key, n), part in zip(found.items(), parts, strict=True)
    )


def _summed(pairs: Iterable[tuple[Any, int]]) -> dict[Any, int]:
    """How many of each, most first."""
    total: Counter[Any] = Counter()
    for key, n in pairs:
        total[key] += n
    return dict(sorted(total.items(), key=lambda pair: (-pair[1], str(pair[0]))))
