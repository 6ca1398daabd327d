"""Loop: does closing the loop work? Who heard from us, how soon, and what became of it."""

import streamlit as st

from pages._ask import ask, failing_gently, minute
from pages._live import announce_cases, drawn
from pages._look import styles
from pages._loop_filters import bar, in_force, ways_out
from pages._loop_parts import endings, footnotes, groups, opened_line, trend
from pages._loop_tiles import loop_styles, tiles
from pages._mount import mount
from pages._parts import PAGES, travel, watch_scheme
from pages._url import wanted
from services.insights.loop import loop
from services.insights.loop_figures import Report
from services.insights.loop_filter import LoopFilter
from services.insights.loop_words import finding


def show(found: Report) -> None:
    """The whole answer for one filter: the loop, its trend, whose it is, how it ended."""
    opened_line(found)
    tiles(found)
    trend(found)
    groups("By team", "Team", found.teams, found)
    groups("By person, who owns the case now", "Person", found.people, found)
    left, right = st.columns(2, gap="large")
    with left:
        endings("How cases ended", "Outcome", found.outcomes, found)
    with right:
        endings("Why cases arose", "Root cause", found.causes, found)
    footnotes(found)


def nothing(asked: LoopFilter, found: Report) -> None:
    """No cases: say for what, and offer the ways out."""
    narrowed = asked != LoopFilter(asked.range)
    way = "Drop the filters or take more days." if narrowed else "Take more days."
    st.text(f"Nothing in {found.span.text}. {way}")
    with st.container(horizontal=True):
        ways_out(asked)


styles()
loop_styles()
with failing_gently("Loop"):
    since = drawn()
    asked = wanted(LoopFilter)
    found = ask(loop, asked, now=minute())
    if found.empty:
        st.title("Loop", anchor=False)
        st.header("No cases yet", anchor=False)
        st.text("A low answer opens a case by itself; you can also open one about any answer.")
        st.page_link(PAGES / "verbatims.py", label="Go to the verbatims")
    else:
        bar(asked)
        in_force(asked)
        st.title(finding(found), anchor=False)
        if found.opened.n:
            show(found)
        else:
            nothing(asked, found)
        travel()
        watch_scheme()
    mount("links", {}, "links")
    announce_cases(since)
