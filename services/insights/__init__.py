"""Every figure and list that a page shows: reads only, within the units that the actor may see."""

from services.insights.failing import Unavailable, answering
from services.insights.filters import Filter, State
from services.insights.options import Options, fitting, options
from services.insights.periods import Span, days_of
from services.insights.scores import (
    Distribution,
    Figure,
    Headline,
    Point,
    Reach,
    Report,
    Trend,
    distribution,
    headline,
    reach,
    report,
    score_trend,
)
from services.insights.segments import Segment, Segments, by_property
from services.insights.verbatims import (
    SIZES,
    Cursor,
    Exclusion,
    Page,
    Verbatim,
    around,
    verbatims,
    verbatims_of,
)

__all__ = [
    "Cursor", "Distribution", "Exclusion", "Figure", "Filter", "Headline", "Options", "Page",
    "Point", "Reach", "Report", "SIZES", "Segment", "Segments", "Span", "State", "Trend",
    "Unavailable", "Verbatim", "answering", "around", "by_property", "days_of", "distribution",
    "fitting", "headline", "options", "reach", "report", "score_trend", "verbatims",
    "verbatims_of",
]  # fmt: skip
