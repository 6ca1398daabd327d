"""Promises: are they kept? First contact and closing in time, by team, person and period."""

import streamlit as st

from pages._ask import ask, failing_gently, minute
from pages._live import announce_cases, drawn
from pages._look import styles
from pages._loop_filters import bar, in_force, ways_out
from pages._loop_tiles import loop_styles
from pages._mount import mount
from pages._parts import PAGES, travel, watch_scheme
from pages._sla_parts import choice, footnotes, groups, periods, sheet, tiles
from pages._url import wanted
from services.insights.loop_filter import LoopFilter
from services.insights.sla import SlaReport, sla
from services.insights.sla_words import finding


def show(found: SlaReport, asked: LoopFilter) -> None:
    """The whole answer for one filter."""
    n = found.whole.opened.n
    st.caption(f"{found.span.text}: {n:,} {'case' if n == 1 else 'cases'} opened")
    tiles(found)
    promise = choice()
    groups("By team", "Team", found.teams, found, promise)
    groups("By person, who owns the case now", "Person", found.people, found, promise)
    periods(found, promise)
    sheet(asked)
    footnotes(found)


def nothing(asked: LoopFilter, found: SlaReport) -> None:
    """No cases: say for what, and offer the ways out."""
    st.text(f"Nothing in {found.span.text}. Take more days, or drop the filters.")
    with st.container(horizontal=True):
        ways_out(asked)


styles()
loop_styles()
with failing_gently("Promises"):
    since = drawn()
    asked = wanted(LoopFilter)
    found = ask(sla, asked, now=minute())
    if found.empty:
        st.title("Promises", anchor=False)
        st.header("No cases yet", anchor=False)
        st.text("A low answer opens a case by itself, and its promises run from then on.")
        st.page_link(PAGES / "verbatims.py", label="Go to the verbatims")
    else:
        bar(asked)
        in_force(asked)
        st.title(finding(found), anchor=False)
        if found.whole.opened.n:
            show(found, asked)
        else:
            nothing(asked, found)
        travel()
        watch_scheme()
    mount("links", {}, "links")
    announce_cases(since)
