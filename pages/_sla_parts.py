"""The parts of the page of promises: the tiles, the bars, the tables, the sheet and footnotes."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import streamlit as st

from db.engine import transaction
from pages import _charts
from pages._case_url import address
from pages._door import actor, now
from pages._look import shown
from pages._loop_parts import END, LATER, Cell, numbers
from pages._loop_tiles import row, share_tile, wait_tile
from pages._parts import TRIP, scheme
from pages._sla_charts import bars_figure
from services import sla_sheet
from services.domain.roles import Verb
from services.insights.loop_figures import Share, Size, Wait
from services.insights.loop_filter import LoopFilter
from services.insights.loop_words import interval, long, middle
from services.insights.loop_words import share as percent
from services.insights.sla import Kept, SlaReport
from services.insights.sla_words import against

MOST_BARS, MOST_ROWS = 12, 50


class Promise(NamedTuple):
    """One of the two promises: what it is called, its share and its times in a group."""

    name: str
    share: Callable[[Kept], Share]
    wait: Callable[[Kept], Wait]


PROMISES = {
    one.name: one
    for one in (
        Promise("First contact", lambda kept: kept.contact, lambda kept: kept.contact_wait),
        Promise("Closing", lambda kept: kept.close, lambda kept: kept.close_wait),
    )
}


def tiles(found: SlaReport) -> None:
    """All cases: both promises, and how long it took."""
    one = found.whole
    st.html(
        row(
            share_tile("First contact in time", one.contact, "kept", "missed", main=True),
            wait_tile("First contact: half within", one.contact_wait, "contacted"),
        )
        + row(
            share_tile("Closed in time", one.close, "kept", "missed", main=True),
            wait_tile("Closing: half within", one.close_wait, "closed"),
        )
    )


def choice() -> Promise:
    """Which of the promises the rest of the page is about."""
    picked = st.segmented_control(
        "Promise", list(PROMISES), default="First contact", required=True, key="promise",
        persist_state="session", label_visibility="collapsed",
    )  # fmt: skip
    st.caption(
        "Kept on the left, missed on the right, and the 95 % interval of what is kept. Press a "
        "part to see its cases. Pale: fewer than five, too few to say."
    )
    return PROMISES[str(picked)]


def groups(
    title: str, named: str, found: Sequence[Kept], report: SlaReport, promise: Promise
) -> None:
    """Bars, each part of which leads to its cases, and everything about them in a table."""
    if all(one.key is None for one in found):
        return  # one row that says what the tiles say
    st.header(title, anchor=False)
    _bars(f"{named}_{promise.name}", [(one, promise.share(one)) for one in found])
    _table(named, title, found, report, promise)


def periods(report: SlaReport, promise: Promise) -> None:
    """The same by the time in which the cases were opened."""
    if len(report.periods) < 2:
        return
    grain = report.span.grain.value
    title = f"By {grain} in which the case was opened"
    st.header(title, anchor=False)
    _table(grain, title, [one.kept for one in report.periods], report, promise)


def _bars(name: str, bars: Sequence[tuple[Kept, Share]]) -> None:
    drawn = [(one, part) for one, part in bars if part.now.n][:MOST_BARS]
    if not drawn:
        st.text("No promise has run out yet.")
        return
    key = f"{name}_{scheme()}"
    behind = [[part.hits for _, part in drawn], [part.missed for _, part in drawn]]

    def picked() -> None:
        for point in st.session_state[key].selection.points:
            size = behind[point["curve_number"]][point["point_index"]]
            if size is not None and size.cases is not None:
                st.session_state[TRIP] = address(size.cases)

    st.plotly_chart(
        bars_figure(drawn), key=key, config=_charts.STILL, on_select=picked,
        selection_mode="points", alt="Every value stands in the table below.",
    )  # fmt: skip


def _table(
    named: str, title: str, found: Sequence[Kept], report: SlaReport, promise: Promise
) -> None:
    judged = any(promise.share(one).figure.change for one in found)
    columns = [
        {"label": named.capitalize(), "css": "name"}, {"label": "Opened", **LATER},
        {"label": "Kept", **END}, {"label": "Missed", **END}, {"label": "In time", **END},
        {"label": "95 % interval", **LATER}, {"label": "Half within", **LATER},
        {"label": "9 of 10 within", **LATER},
        *([{"label": "Against the others", "css": "wide"}] if judged else []),
    ]  # fmt: skip
    shown_rows = found[:MOST_ROWS]
    numbers(
        f"sla_{named}", f"{promise.name}, {title}, {report.span.text}", columns,
        [_row(one, promise, judged=judged) for one in shown_rows],
        ["few" if promise.share(one).now.too_few else "" for one in shown_rows],
    )  # fmt: skip
    if len(found) > MOST_ROWS:
        st.caption(
            f"The {MOST_ROWS} with the most cases; there are {len(found) - MOST_ROWS:,} more."
        )


def _row(one: Kept, promise: Promise, *, judged: bool) -> list[Cell]:
    kept, wait = promise.share(one), promise.wait(one)
    took, missed = wait.waits, kept.missed or Size(0, None)
    most = "" if took.most is None or took.too_few else long(took.most)
    cells: list[Cell] = [
        (shown(one.name), None), (f"{one.opened.n:,}", one.opened),
        (f"{kept.hits.n:,}", kept.hits), (f"{missed.n:,}", missed),
        (percent(kept.now), None), (interval(kept.now), None),
        (middle(took), Size(took.n, wait.cases)), (most, None),
    ]  # fmt: skip
    return [*cells, (against(kept), None)] if judged else cells


def sheet(asked: LoopFilter) -> None:
    """The figures as a file, for those who may take data out of the desk."""
    if not actor().may(Verb.EXPORT):
        return
    who = actor()

    def made() -> str:
        with transaction() as session:
            return sla_sheet.export(session, who, asked, now=now())

    st.download_button(
        "Export the figures as CSV", made, "promises.csv", "text/csv", on_click="ignore",
        key="sla_export",
    )  # fmt: skip
    st.caption("The cases behind a number: press it, and export the list of the queue.")


def footnotes(found: SlaReport) -> None:
    """How each figure is made."""
    one, previous = found.whole, found.span.previous_text
    with st.expander("How these figures are made"):
        for words in (
            one.opened.definition, one.contact.now.definition, one.close.now.definition,
            one.contact_wait.definition, one.close_wait.definition,
        ):  # fmt: skip
            st.caption(f"{words}.")
        before = (
            f" All cases are compared with those opened in {previous}, at the same age."
            * bool(previous)
        )
        st.caption(
            f"Cases opened in {found.span.text}, as they stand now; the owner is who owns a case "
            f"now.{before} A team or person is set against all the others; it is called different "
            "only when chance alone would bring that about in fewer than 1 of 20, with an "
            "allowance for the number of comparisons (Holm). Below five promises nothing is said."
        )
