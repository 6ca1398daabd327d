"""New answers announce themselves and wait: nothing on the page moves until somebody asks."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st

from db import engine
from pages import _door
from pages._ask import ask, moment
from pages._presence import look
from services import insights
from services.access import Actor
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
    _watch(since, partial(news, since=since), lambda n: _said(n, filter, figure))


def announce_cases(
    since: int, *, number: int | None = None, chosen: int | None = None, listed: Sequence[int] = ()
) -> None:
    """Watch for cases (or `number` alone) that somebody else changes after `since`, and for who
    else has them open: `number` or the one that is `chosen`, and those that are `listed`."""

    def said(n: int) -> str:
        if number is not None:
            return "This case has changed."
        return f"{_many(n)} new or changed case{'s' if n > 1 else ''}."

    def open_by() -> None:
        look(number or chosen, listed)

    _watch(since, partial(case_news, since=since, number=number), said, open_by)


def announce_about(since: int, **of: int) -> None:
    """Watch for answers and cases of one contact (`contact_id`) or account (`account_id`)."""

    def count(session: Any, who: Actor) -> int:
        found = news(session, who, since=since, **of)
        return found + case_news(session, who, since=since, **of)

    _watch(since, count, lambda _n: "There is something new here.")


@st.fragment(run_every=EVERY)
def _watch(
    since: int, count: Callable[[Any, Actor], int], said: Callable[[int], str],
    also: Callable[[], None] = lambda: None,
) -> None:  # fmt: skip
    """Say what `count` finds once somebody has written after `since`, in the words of `said`."""
    who = _door.actor()
    try:
        with answering():
            also()
        with answering(), engine.reading() as session:
            n = count(session, who) if engine.version(session) != since else 0
        words = said(n) if n else ""
    except Unavailable:  # the page itself says so at its next run
        return
    if words:
        bubble(words)


def bubble(words: str) -> None:
    """What is new, in a corner, and the way to see it."""
    with st.container(horizontal=True, vertical_alignment="center", key="news", border=True):
        st.text(words, width="content")
        if st.button("Refresh", key="refresh", type="tertiary"):
            st.rerun()


def _many(n: int) -> str:
    return f"{MOST:,}+" if n > MOST else f"{n:,}"


def _said(n: int, filter: Filter, figure: bool) -> str:
    words = f"{_many(n)} new or changed {'answer' if n == 1 else 'answers'}."
    if not figure:
        return words
    head = ask(insights.headline, filter, now=moment()).main
    if head.now.value is None:
        return words
    score = f"{value(head.metric, head.now.value)} {margin(head.now)}"
    return f"{words} {head.metric.upper()} is now {score}, n {head.now.n:,}."
