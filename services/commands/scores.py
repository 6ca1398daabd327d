"""`score` and `compare`: a figure with its interval, and whether two figures differ."""

from datetime import date, datetime
from typing import Annotated, Any

import typer
from sqlmodel import Session

from services import insights, questions
from services.access import SHELL, Refused
from services.commands import shell
from services.commands.shell import AsJson
from services.domain.compare import Comparison
from services.domain.compare import compare as compared
from services.domain.periods import Days
from services.domain.scores import Counts, Estimate, Metric, estimate, show

Pairs = list[tuple[str, str]]
Day = typer.Option(formats=["%Y-%m-%d"], metavar="DATE")


def read_counts(text: str) -> Counts:
    """Read "P,Pa,D": promoters, passives, detractors."""
    try:
        promoters, passives, detractors = (int(part) for part in text.split(","))
        return Counts(promoters, passives, detractors)
    except ValueError:
        raise typer.BadParameter("three whole numbers: promoters,passives,detractors") from None


def read_pair(text: str) -> tuple[str, str]:
    """Read "name=value"."""
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise typer.BadParameter("name=value, such as channel=email or plan=Pro")
    return name, value


def read_days(text: str) -> Days:
    """Read "START..END", both days included."""
    try:
        return Days.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


Where = Annotated[
    list[Any] | None,
    typer.Option(parser=read_pair, metavar="NAME=VALUE", help="Only such answers; repeat it."),
]
Three = typer.Option(parser=read_counts, metavar="P,PA,D", help="Counted elsewhere.")
Range = typer.Option(parser=read_days, metavar="START..END", help="Both days included.")


def score(
    metric: Annotated[Metric, typer.Option()] = Metric.NPS,
    start: Annotated[datetime | None, Day] = None,
    end: Annotated[datetime | None, Day] = None,
    where: Where = None,
    counts: Annotated[Any, Three] = None,
    as_json: AsJson = False,
) -> None:
    """Print a score with its n, interval, definition and range of days (both included)."""
    if counts is not None:
        if start or end or where:
            raise typer.BadParameter("--counts stands alone")
        _answer(as_json, metric, estimate(metric, counts), None)
        return
    with shell.looking() as session:
        first, last = start and start.date(), end and end.date()
        headline = _headline(session, metric, first, last, where or [])
    for name, warning in headline.warnings:
        typer.echo(shell.printable(f"{name}: {warning}"), err=True)
    _answer(as_json, metric, headline.main.now, headline.span)


def compare(
    metric: Annotated[Metric, typer.Option()] = Metric.NPS,
    counts: Annotated[list[Any] | None, Three] = None,
    a: Annotated[Any, Range] = None,
    b: Annotated[Any, Range] = None,
    where: Where = None,
    as_json: AsJson = False,
) -> None:
    """Say whether the second differs from the first: two --counts, or --a and --b."""
    if len(counts or []) == 2 and not (a or b or where):
        first, second = counts or []
    elif a and b and not counts:
        first, second = _counted(metric, a, b, where or [])
    else:
        raise typer.BadParameter("give --counts twice, or --a and --b")
    _verdict(as_json, compared(first, second, metric))


def _headline(
    session: Session, metric: Metric, first: date | None, last: date | None, where: Pairs
) -> insights.Headline:
    now = shell.now()
    asked = questions.asked(
        session, SHELL, where=where, start=first, end=last, metric=metric, now=now
    )
    return insights.headline(session, SHELL, asked, now=now)


def _counted(metric: Metric, a: Days, b: Days, where: Pairs) -> list[Counts | None]:
    if a.first <= b.last and b.first <= a.last:
        raise Refused("The two ranges share days: an answer cannot be on both sides.")
    with shell.looking() as session:
        found = [_headline(session, metric, days.first, days.last, where) for days in (a, b)]
    return [headline.main.now.counts for headline in found]


def _answer(as_json: bool, metric: Metric, found: Estimate, span: insights.Span | None) -> None:
    counts = found.counts or Counts(0, 0, 0)
    days = span and span.current.days
    facts = {
        "metric": metric,
        "n": found.n,
        "promoters": counts.promoters,
        "passives": counts.passives,
        "detractors": counts.detractors,
        "score": found.value,
        "low": found.low,
        "high": found.high,
        "definition": found.definition,
        "range": days
        and {"start": str(days.first), "end": str(days.last), "zone": span and span.zone},
    }
    where = f", {span.text}" if span else ""
    shell.answer(as_json, facts, f"{_figure(metric, found)}{where}\n{found.definition}")


def _figure(metric: Metric, found: Estimate) -> str:
    name = metric.value.upper()
    if found.value is None or found.low is None or found.high is None:
        return f"{name}: no answers"
    few = "; too few to say" if found.too_few else ""
    interval = f"{show(found.low, 1)} to {show(found.high, 1)}"
    return f"{name} {show(found.value, 1)} ({interval}), n {found.n:,}{few}"


def _verdict(as_json: bool, found: Comparison) -> None:
    names = ("delta", "low", "high", "z", "p", "verdict", "needed_n")
    text = found.verdict
    if found.needed_n is not None and not found.changed:
        text += f"\nTo call this difference real, each side needs {found.needed_n:,} answers."
    shell.answer(as_json, {name: getattr(found, name) for name in names}, text)
