"""New answers announce themselves and wait: nothing on the page moves until somebody asks."""

import streamlit as st

from db import engine
from pages import _door
from pages._ask import ask, moment
from services import insights
from services.insights import Filter, Unavailable, answering
from services.insights.news import MOST, news
from services.insights.words import margin, value

EVERY = 5  # seconds


def announce(filter: Filter, *, figure: bool = False) -> None:
    """Watch the data version from now on; with `figure`, say where the score stands by then."""
    with answering(), engine.reading() as session:
        drawn = engine.version(session)
    _watch(drawn, filter, figure)


@st.fragment(run_every=EVERY)
def _watch(drawn: int, filter: Filter, figure: bool) -> None:
    who = _door.actor()
    try:
        with answering(), engine.reading() as session:
            n = news(session, who, since=drawn) if engine.version(session) != drawn else 0
        words = _said(n, filter, figure) if n else ""
    except Unavailable:  # the page itself says so at its next run
        return
    if words:
        with st.container(horizontal=True, vertical_alignment="center", key="news", border=True):
            st.text(words, width="content")
            if st.button("Refresh", key="refresh", type="tertiary"):
                st.rerun()


def _said(n: int, filter: Filter, figure: bool) -> str:
    many = f"{MOST:,}+" if n > MOST else f"{n:,}"
    words = f"{many} new or changed {'answer' if n == 1 else 'answers'}."
    if not figure:
        return words
    head = ask(insights.headline, filter, now=moment()).main
    if head.now.value is None:
        return words
    score = f"{value(head.metric, head.now.value)} {margin(head.now)}"
    return f"{words} {head.metric.upper()} is now {score}, n {head.now.n:,}."
