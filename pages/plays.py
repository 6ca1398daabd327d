"""Plays: what came of what we do about an answer, and who helps us when we ask?"""

import streamlit as st

from pages._ask import ask, failing_gently, minute
from pages._live import announce_cases, drawn
from pages._look import styles
from pages._loop_filters import bar, in_force, ways_out
from pages._mount import mount
from pages._parts import PAGES
from pages._plays_parts import favours, footnotes, grouped, plays, results
from pages._url import wanted
from services.insights.loop_filter import LoopFilter
from services.insights.play_words import finding
from services.insights.plays import PlayReport, play_report


def show(found: PlayReport) -> None:
    """Each play with its results, the favours, and all of them by team and over time."""
    st.caption(f"Cases opened in {found.text}: {found.whole.started.n:,} with a play")
    plays(found)
    results(found)
    favours(found)
    grouped("By team", "Team", found.teams, found)
    grouped("Over time", "Cases opened", found.points, found)
    footnotes(found)


def nothing(asked: LoopFilter, found: PlayReport) -> None:
    """No plays: say for what, and how one begins."""
    st.header("No plays", anchor=False)
    st.text(f"No case opened in {found.text} has a play. Start one on a case, or from good news.")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(PAGES / "good_news.py", label="Go to the good news")
        ways_out(asked)


styles()
with failing_gently("Plays"):
    since = drawn()
    asked = wanted(LoopFilter)
    found = ask(play_report, asked, now=minute())
    bar(asked)
    in_force(asked)
    some = found.whole.started.n
    st.title(finding(found) if some else "Plays", anchor=False)
    if some:
        show(found)
    else:
        nothing(asked, found)
    mount("links", {}, "links")
    announce_cases(since)
