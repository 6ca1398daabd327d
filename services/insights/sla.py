"""Are promises kept? First contact and closing in time, per team, person and period.

Counted as the loop counts them: the cases opened in a period, as they stand now, each promise kept,
missed or not yet decided. So every number is exactly as many cases as its list holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from services.access import Actor, permitted
from services.domain.compare import Comparison, compare_many
from services.domain.periods import Bucket
from services.domain.roles import Verb
from services.domain.scores import Counts, Metric
from services.insights import loop_figures as made
from services.insights import loop_meant as meant
from services.insights import loop_rules as rules
from services.insights.case_filter import Loop
from services.insights.loop_counts import NOTHING, OPENED, Cohort, Tally, as_of, cohort
from services.insights.loop_figures import Listed, Share, Size, Wait
from services.insights.loop_filter import LoopFilter
from services.insights.periods import Span

PROMISES = (rules.CONTACT_IN_TIME, rules.CLOSE_IN_TIME)
Changes = tuple[Comparison | None, Comparison | None]


@dataclass(frozen=True)
class Kept:
    """What became of the promises for some cases; `key` is None for those of no team or person.

    The change of a share is against the period before for all cases, and against all the others
    for a group of them; None where nothing is compared.
    """

    key: int | None
    name: str
    opened: Size
    contact: Share
    close: Share
    contact_wait: Wait
    close_wait: Wait


@dataclass(frozen=True)
class Period:
    """The promises for the cases opened in one bucket."""

    bucket: Bucket
    kept: Kept


@dataclass(frozen=True)
class SlaReport:
    """What the page shows. `empty` when the actor can see no case at all."""

    span: Span
    empty: bool
    whole: Kept
    periods: tuple[Period, ...]
    teams: tuple[Kept, ...]
    people: tuple[Kept, ...]


@permitted(Verb.SEE)
def sla(session: Session, actor: Actor, asked: LoopFilter, *, now: datetime) -> SlaReport:
    """Every promise for the cases that `asked` means, as they stand at `now`."""
    first = meant.first_opened(session, actor)
    span = meant.span(session, asked, first, now)
    where = meant.where(session, actor, asked, now)
    found, then = cohort(session, asked, span.buckets, where, now), None
    if span.previous is not None:
        at = now - (span.current.end - span.previous.end)
        then = as_of(session, asked, span.previous, where, at)
    return SlaReport(
        span=span, empty=first is None, whole=_whole(asked, found.whole, then),
        periods=_periods(asked, span.buckets, found),
        teams=_against_others(meant.of_teams(session, asked, found, _kept), found.whole),
        people=_against_others(meant.of_people(session, asked, found, _kept), found.whole),
    )  # fmt: skip


def _kept(key: int | None, name: str, tally: Tally, listed: Listed) -> Kept:
    contact, close = (made.share(rule, tally, listed) for rule in PROMISES)
    return Kept(
        key=key, name=name, opened=Size(tally.n(OPENED), listed(OPENED), rules.OPENED),
        contact=contact, close=close,
        contact_wait=made.wait(
            tally.contact_seconds, listed((Loop.CONTACTED,)), rules.CONTACT_WAIT
        ),
        close_wait=made.wait(tally.close_seconds, listed((Loop.CLOSED,)), rules.CLOSE_WAIT),
    )  # fmt: skip


def _whole(asked: LoopFilter, tally: Tally, then: Tally | None) -> Kept:
    """All cases, against the period before (of the same age) where there is one."""
    kept = _kept(None, "all", tally, asked.cases)
    if then is None:
        return kept
    pairs = [(made.counts(rule, then), made.counts(rule, tally)) for rule in PROMISES]
    contact, close = (
        made.share(rule, tally, asked.cases, before=then, change=change)
        for rule, change in zip(PROMISES, compare_many(pairs, Metric.CSAT), strict=True)
    )
    return replace(kept, contact=contact, close=close)


def _periods(asked: LoopFilter, buckets: Sequence[Bucket], found: Cohort) -> tuple[Period, ...]:
    tallies = found.by(found.buckets)

    def listed(bucket: Bucket) -> Listed:
        return lambda part: asked.cases(part, bucket.days)

    return tuple(
        Period(one, _kept(k, one.label, tallies.get(k, NOTHING), listed(one)))
        for k, one in enumerate(buckets)
    )


def _against_others(groups: tuple[Kept, ...], whole: Tally) -> tuple[Kept, ...]:
    """Each group with what sets it apart from all other cases, allowing for the number of looks.

    Cases of nobody are no group to be judged: nobody could have kept their promises.
    """
    judged = [one for one in groups if one.key is not None]
    if len(groups) < 2:
        return groups
    everything = [made.counts(rule, whole) for rule in PROMISES]
    pairs = [
        (_rest(all_, share.counts), share.counts)
        for one in judged
        for all_, share in zip(everything, (one.contact, one.close), strict=True)
    ]
    changes = iter(compare_many(pairs, Metric.CSAT))
    told = {one.key: _changed(one, (next(changes), next(changes))) for one in judged}
    return tuple(told.get(one.key, one) for one in groups)


def _rest(all_: Counts, own: Counts) -> Counts:
    return Counts(all_.promoters - own.promoters, 0, all_.detractors - own.detractors)


def _changed(one: Kept, changes: Changes) -> Kept:
    contact, close = (
        replace(share, figure=replace(share.figure, change=change))
        for share, change in zip((one.contact, one.close), changes, strict=True)
    )
    return replace(one, contact=contact, close=close)
