"""`demo`: fill an empty demo database with two years of one company."""

import typer

from db import demo, engine
from services import config, demo_cases, demo_deliveries, demo_plays, demo_rules
from services import demo as marks
from services.access import Refused
from services.commands import shell
from services.domain.scores import Direction, Metric, Scale
from services.domain.scores import band as band_of


def band(metric: str, score: int, scale: str, direction: str) -> int:
    """The band of a score, for rows that `db` makes without knowing the rules."""
    return int(band_of(Metric(metric), score, Scale.parse(scale), Direction(direction)))


def load() -> None:
    """Load the demo company unless it is there already; refuses outside demo mode."""
    if not config.load().loopdesk_demo:
        raise Refused("The demo fills its own database only: set LOOPDESK_DEMO=1.")
    shell.open_desk()
    try:
        with engine.transaction() as session:
            marks.refuse_a_real_desk(session)
            now = shell.now()
            counts = demo.load(session, now, band) | demo_cases.play(session, now)
            counts |= demo_deliveries.play(session, now)
            counts |= demo_plays.play(session, now)
            counts |= demo_rules.play(session, now)
    except demo.NotEmpty:
        with engine.reading() as session:
            marks.refuse_all_but_the_demo(session)
        return  # it was loaded before
    typer.echo("Demo company: " + ", ".join(f"{n:,} {what}" for what, n in counts.items()))
