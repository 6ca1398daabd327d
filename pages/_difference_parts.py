"""Parts of the page Differences: the comparison, its results, and what to do about each."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from pages import _door
from pages._look import element, link, words
from pages._parts import PAGES
from pages._people_parts import act, small
from services.domain.roles import Verb
from services.insights.case_words import at
from services.insights.differences import Row, Run
from services.insights.words import ago
from services.reconciling import runs as running
from services.reconciling import settling

EVERY = 3.0  # seconds between looks while a comparison is under way
LEDE = "Each night the desk asks every vendor what it has of what was sent there in the last days."


def asked(runs: list[Run]) -> None:
    """Compare now; while one is under way the page looks again by itself."""
    small(LEDE, "lede")
    going = any(run.going for run in runs)
    st.button(
        "Comparing ..." if going else "Compare now", key="compare", disabled=going, on_click=_ask
    )
    if going:
        st.fragment(_look, run_every=EVERY)(_door.now())


def _look(drawn: Any) -> None:
    if (_door.now() - drawn).total_seconds() > EVERY - 1:
        st.rerun()


def _ask() -> None:
    def begin(session: Any) -> bool:
        return bool(running.ask(session, _door.actor(), now=_door.now()))

    act(begin, "Under way: the result stands here in a moment.")


def listed(rows: list[Row], runs: list[Run], zone: ZoneInfo) -> None:
    """The differences, each with what can be done about it."""
    if not rows:
        _nothing(runs)
    for row in rows:
        with st.container(border=True, key=f"difference_{row.id}", gap="small"):
            st.html(_head(row, zone))
            st.text(f"We say: {row.ours}. {row.vendor} says: {row.theirs}.")
            with st.container(horizontal=True, gap="small", vertical_alignment="center"):
                _acts(row)


def _head(row: Row, zone: ZoneInfo) -> str:
    case = link(f"Case {row.case}", f"case?number={row.case}") if row.case else words("No case")
    found = element(
        "span", "soft", words(f"found {ago(row.found_at, _door.now())}"),
        title=at(row.found_at, zone),
    )  # fmt: skip
    what = element("strong", "name", words(f"{row.what} in {row.vendor}"))
    # The link stands by itself: within a line of text colour alone would tell it apart.
    return element("div", "difference", what, " \u00b7 ", found) + element("div", "of", case)


def _acts(row: Row) -> None:
    if row.again:
        _button(row, "again", "Send it again", settling.send_again, "It is sent again.")
    _button(row, "accept", "Accept as it is", settling.accept, "Left as it is.")
    if row.link and row.link.startswith(("https://", "http://")):
        st.link_button(f"Open in {row.vendor}", row.link, type="tertiary")


def _button(row: Row, name: str, label: str, verb: Callable[..., None], done: str) -> None:
    def do(session: Any) -> bool:
        verb(session, _door.actor(), row.id, now=_door.now())
        return True

    st.button(label, key=f"{name}_{row.id}", on_click=act, args=(do, done))


def _nothing(runs: list[Run]) -> None:
    if any(not run.failed and not run.going for run in runs):
        st.header("Nothing differs", anchor=False)
        st.text("What vendors have is what was sent there, as far as they can be asked.")
    else:
        st.header("Nothing was compared yet", anchor=False)
        st.text("A ticket that was deleted, made twice or solved over there is listed here.")
        if not runs and _door.actor().may(Verb.ADMINISTER):
            st.page_link(PAGES / "integrations.py", label="See what is connected")


def compared(runs: list[Run], zone: ZoneInfo) -> None:
    """The last comparison with each vendor."""
    if not runs:
        return
    st.header("The last comparison", anchor=False)
    for run in runs:
        with st.container(key=f"run_{run.vendor}", gap=None):
            st.text(f"{run.vendor}, {at(run.at, zone)}")
            small(run.said, f"run_{run.vendor}")
