"""The head of a page about a person, an account or a case: what it is, facts, earlier scores."""

from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from pages._look import SHAPES, TONES, shown
from pages._mount import mount
from services.insights.score_lines import ScoreLine, ScorePoint

FALL = "\N{BLACK DOWN-POINTING TRIANGLE}"
DRAWN = 60  # points of a line: more would stand in each other's way
Fact = tuple[str, str] | tuple[str, str, str | None]


def facts(
    key: str,
    *,
    title: str,
    subtitle: Sequence[str] = (),
    chips: Iterable[tuple[str, str]] = (),
    rows: Iterable[Fact] = (),
    spark: Iterable[ScoreLine] = (),
    zone: str = "UTC",
    level: int = 1,
    here: int | None = None,
) -> None:
    """Show the head. Every text may be a customer's own: all of it goes out as text nodes.

    `title` is a heading of that `level` (1: the page's own), `subtitle` what stands under it, side
    by side. A chip is (word, tone): tone "low", "middle" or "top" adds the shape of that band,
    "warn" and "accent" colour it, "alarm" looks as in a row of the queue, "" leaves it plain. A row
    is (label, value) or (label, value, address), where an address of None is no link; rows without
    a value are left out. `spark` are lines of scores (`services.insights.score_lines`), each drawn
    on its own scale; `zone` is that of their dates. `here` is the number of a case: who else has it
    open stands there, too.
    """
    data = {
        "title": shown(title),
        "level": level,
        "here": here,
        "subtitle": [shown(text) for text in subtitle if text],
        "chips": [_chip(*chip) for chip in chips],
        "rows": [_row(*row) for row in rows if row[1]],
        "lines": [_line(line, ZoneInfo(zone)) for line in spark],
    }
    mount("facts", data, key)


def _chip(word: str, tone: str) -> dict[str, str]:
    shapes = {TONES[band]: SHAPES[band] for band in SHAPES} | {"alarm": FALL}
    return {"text": shown(word), "tone": tone, "shape": shapes.get(tone, "")}


def _row(label: str, value: str, href: str | None = None) -> dict[str, str | None]:
    return {"label": shown(label), "value": shown(value), "href": href}


def _line(line: ScoreLine, zone: ZoneInfo) -> dict[str, Any]:
    points = line.points[-DRAWN:]
    some = len(points) < len(line.points)
    return {
        "name": line.metric.upper(),
        "size": f"the last {DRAWN} of {len(line.points):,}" if some else "",
        "best": line.best,
        "worst": line.worst,
        "first": f"{points[0].answered_at.astimezone(zone):%b %Y}",
        "last": f"{points[-1].answered_at.astimezone(zone):%b %Y}",
        "points": [_point(point, zone) for point in points],
    }


def _point(point: ScorePoint, zone: ZoneInfo) -> dict[str, Any]:
    on = point.answered_at.astimezone(zone)
    return {
        "score": str(point.score),
        "word": point.word,
        "tone": TONES[point.band],
        "height": round(point.height, 3),
        "text": f"{point.score} on {point.scale}, {point.word}, {on:%d %b %Y}",
    }
