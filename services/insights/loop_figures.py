"""The figures of the loop: each with its n, its interval, its definition and the list behind it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from services.domain.compare import Comparison
from services.domain.periods import Bucket
from services.domain.scores import Counts, Estimate, Metric, csat_top2
from services.domain.waits import Waits, waits
from services.insights.case_filter import CaseFilter
from services.insights.loop_counts import Numbers, Tally
from services.insights.loop_filter import Part
from services.insights.loop_rules import INTERVAL, Rule
from services.insights.periods import Span
from services.insights.scores import Figure

Listed = Callable[[Part], CaseFilter | None]  # the list of those that became something


@dataclass(frozen=True)
class Size:
    """A number of cases; `cases` is None where no list can be asked for."""

    n: int
    cases: CaseFilter | None
    definition: str = ""


@dataclass(frozen=True)
class Share:
    """A share in %: its figure now and before, and its parts with the lists behind them.

    `missed` is None where there is no such list; `undecided` cases are left out of the share.
    """

    figure: Figure
    hits: Size
    of: Size
    missed: Size | None
    undecided: int

    @property
    def now(self) -> Estimate:
        return self.figure.now

    @property
    def counts(self) -> Counts:
        """Hits as the top band, misses as the bottom one."""
        return Counts(self.hits.n, 0, self.of.n - self.hits.n)


@dataclass(frozen=True)
class Wait:
    """Waiting times in business seconds, and the cases that they are of."""

    waits: Waits
    cases: CaseFilter | None
    definition: str


@dataclass(frozen=True)
class Point:
    """The cases opened in one bucket.

    `running` of them are not resolved and may still be so in time: their bucket is not done yet.
    `change` is of the closed share against the bucket before, where both are done.
    """

    bucket: Bucket
    opened: Size
    closed: Share
    contact: Wait
    running: int
    change: Comparison | None = None

    @property
    def done(self) -> bool:
        """Whether at most one case of twenty is still running."""
        return self.running * 20 <= self.opened.n

    def against(self, change: Comparison | None) -> "Point":
        """This point with its change against the one before."""
        return replace(self, change=change)


@dataclass(frozen=True)
class Group:
    """The cases of one team or of one person; `key` is None for those without one."""

    key: int | None
    name: str
    opened: Size
    contacted: Share
    closed: Share
    contact_in_time: Share
    contact: Wait


@dataclass(frozen=True)
class Ending:
    """Resolved cases with one outcome or one root cause, as a share of all resolved ones (%)."""

    name: str
    size: Size
    share: float


@dataclass(frozen=True)
class Report:
    """What the Loop page shows. `empty` when the actor can see no case at all."""

    span: Span
    empty: bool
    opened: Size
    closed: Share
    contacted: Share
    resolved: Share
    contact: Wait
    close: Wait
    contact_in_time: Share
    close_in_time: Share
    asked: Share
    asked_in_time: Share
    escalated: Size
    points: tuple[Point, ...]
    teams: tuple[Group, ...]
    people: tuple[Group, ...]
    outcomes: tuple[Ending, ...]
    causes: tuple[Ending, ...]

    @property
    def shares(self) -> tuple[Share, ...]:
        """Every share that is compared with the period before."""
        return (
            self.closed, self.contacted, self.resolved, self.contact_in_time, self.close_in_time,
            self.asked, self.asked_in_time,
        )  # fmt: skip


def counts(rule: Rule, tally: Tally) -> Counts:
    """Hits as the top band, everything else that the share is of as the bottom one."""
    return Counts(tally.n(rule.hits), 0, _of(rule, tally) - tally.n(rule.hits))


def share(
    rule: Rule, tally: Tally, listed: Listed, *, before: Tally | None = None,
    change: Comparison | None = None,
) -> Share:  # fmt: skip
    """The share of a tally, with what `before` and `change` say of the period before."""
    hits, of = tally.n(rule.hits), _of(rule, tally)
    then = None if before is None else _estimate(rule, before)
    return Share(
        figure=Figure(Metric.CSAT, _estimate(rule, tally), then, change, None),
        hits=Size(hits, listed(rule.hits)),
        of=Size(of, None if rule.decided else listed(rule.among)),
        missed=None if rule.misses is None else Size(of - hits, listed(rule.misses)),
        undecided=tally.n(rule.among) - of,
    )


def wait(seconds: Numbers, cases: CaseFilter | None, definition: str) -> Wait:
    """The waiting times of the cases of a list."""
    return Wait(waits(seconds), cases, definition)


def _of(rule: Rule, tally: Tally) -> int:
    if not rule.decided:
        return tally.n(rule.among)
    return tally.n(rule.hits) + tally.n(rule.misses or ())


def _estimate(rule: Rule, tally: Tally) -> Estimate:
    figure = csat_top2(counts(rule, tally))
    return replace(figure, metric="share", definition=f"{rule.definition}; {INTERVAL}")
