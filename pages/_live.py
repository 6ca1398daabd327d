"""New answers announce themselves and wait: nothing on the page moves until somebody asks."""

import streamlit as st

from db import engine
from pages import _door
from pages._ask import ask, moment
from services import insights
from services.insights import Filter, Unavailable, answering
from services.insights.news import MOST, case_news, news
from services.insights.words import margin, value

EVERY = 5  # seconds


def drawn() -> int:
    """The data version of a page that is about to be drawn; `announce` wants it at its end."""
    with answering(), engine.reading() as session:
        return engine.version(session)


def announce(since: int, filter: Filter, *, figure: bool = False) -> None:
    """Watch for what comes after `since`; with `figure`, say where the score stands by then.

    The last thing on a page: what appears there cannot push anything down.
    """
    _watch(since, filter, figure)


@st.fragment(run_every=EVERY)
def announce_cases(since: int, *, number: int | None = None) -> None:
    """Watch for cases (or `number` alone) that somebody else changes after `since`."""
    who = _door.actor()
    try:
        with answering(), engine.reading() as session:
            moved = engine.version(session) != since
            n = case_news(session, who, since=since, number=number) if moved else 0
    except Unavailable:  # the page itself says so at its next run
        return
    if not n:
        return
    many = f"{MOST:,}+" if n > MOST else f"{n:,}"
    _bubble(
        f"{many} new or changed case{'s' if n > 1 else ''}."
        if number is None
        else "This case has changed."
    )


@st.fragment(run_every=EVERY)
def announce_about(since: int, **of: int) -> None:
    """Watch for answers and cases of one contact (`contact_id`) or account (`account_id`)."""
    who = _door.actor()
    try:
        with answering(), engine.reading() as session:
            moved = engine.version(session) != since
            n = moved and news(session, who, since=since, **of) + case_news(
                session, who, since=since, **of
            )
    except Unavailable:
        return
    if n:
        _bubble("There is something new here.")


def _bubble(words: str) -> None:
    """What is new, in a corner, and the way to see it."""
    with st.container(horizontal=True, vertical_alignment="center", key="news", border=True):
        st.text(words, width="content")
        if st.button("Refresh", key="refresh", type="tertiary"):
            st.rerun()


@st.fragment(run_every=EVERY)
def _watch(since: int, filter: Filter, figure: bool) -> None:
    who = _door.actor()
    try:
        with answering(), engine.reading() as session:
            n = news(session, who, since=since) if engine.version(session) != since else 0
        words = _said(n, filter, figure) if n else ""
    except Unavailable:  # the page itself says so at its next run
        return
    if words:
        _bubble(words)


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
