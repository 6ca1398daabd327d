"""Why a case stands where it does: the hours that move it, which add up to its place."""

from zoneinfo import ZoneInfo

import streamlit as st

from pages._ask import fresh
from pages._door import now
from pages._look import shown
from pages._loop_parts import END
from pages._parts import table
from services.domain.priority import LEAST, MOST
from services.insights.case_rows import CaseRow
from services.insights.case_words import when
from services.insights.why_here import WhyHere, why_here


def why_box(row: CaseRow, zone: ZoneInfo) -> None:
    """The box on a case that is not done; worked out when somebody opens it."""
    if row.resolved_at is not None:
        return
    box = st.popover("Why now", key="why_here", on_change="rerun", type="tertiary")
    if box.open:
        with box:
            _told(fresh(why_here, row.number, now=now()), row.number, zone)


def _told(found: WhyHere, number: int, zone: ZoneInfo) -> None:
    what = "Closing due" if found.contacted else "First contact due"
    rows = [(what, when(found.due, zone)), *((said, moves(by)) for said, by in found.factors)]
    if found.hidden:
        rows.append(("an answer in another unit", moves(found.hidden)))
    if found.unvalued:
        rows.append(("value not known: as a middling account", moves(0)))
    if found.hours != found.together:
        bound = f"at most {MOST} h forward" if found.hours > 0 else f"at most {-LEAST} h back"
        rows.append((f"together {moves(found.together)}; {bound}", moves(found.hours)))
    rows.append(("So it stands as if due", when(found.rank_at, zone)))
    cells = [{"cells": [shown(label), value]} for label, value in rows]
    columns = [{"label": "What counts", "css": "name"}, {"label": "Moves it", **END}]
    table("why_here_table", f"Why case {number} stands here", columns, cells)
    if found.ahead is None:
        st.text("It waits or sleeps; this is its place when it comes back.")
    else:
        st.text(f"Place {found.ahead + 1:,} of {found.open:,} open cases.")


def moves(hours: float) -> str:
    """ "24 h up", "8 h down": how far it moves a case."""
    if not hours:
        return "0 h"
    size = f"{abs(hours):.1f}".removesuffix(".0")
    return f"{size} h {'up' if hours > 0 else 'down'}"
