"""Asking the services for figures: once per data version, for whoever may see the same."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import streamlit as st

from db import engine
from pages import _door
from services.insights import Unavailable, answering
from services.insights.desk_people import zone_name

Answer = TypeVar("Answer")


def moment() -> datetime:
    """Now, to the quarter of an hour: in every zone days begin on one, and answers keep so long."""
    now = _door.now()
    return now - timedelta(
        minutes=now.minute % 15, seconds=now.second, microseconds=now.microsecond
    )


def minute() -> datetime:
    """Now, to the minute: how a case stands changes that fast, and answers keep so long."""
    return _door.now().replace(second=0, microsecond=0)


def ask(question: Callable[..., Answer], *args: Any, **named: Any) -> Answer:
    """`question(session, actor, ...)` in a read of its own, from memory where nothing was written.

    What may be seen is part of the key: role, units, database and data version.
    """
    who = _door.actor()
    with answering(), engine.reading() as session:
        seen = (
            str(engine.current().url), engine.version(session), who.role.value, who.units,
            f"{question.__module__}.{question.__qualname__}",
        )  # fmt: skip
        found: Answer = _kept(seen, args, named, question, session, who)
        return found


def own_zone() -> ZoneInfo:
    """The zone in which work is told its times: the reader's own, else the reporting zone."""
    return ZoneInfo(_door.actor().time_zone or ask(zone_name))


def fresh(question: Callable[..., Answer], *args: Any, **named: Any) -> Answer:
    """`question(session, actor, ...)` in a read of its own, every time."""
    who = _door.actor()
    with answering(), engine.reading() as session:
        return question(session, who, *args, **named)


@st.cache_data(max_entries=300, show_spinner=False)
def _kept(seen: Any, args: Any, named: Any, _question: Any, _session: Any, _who: Any) -> Any:  # noqa: ARG001
    return _question(_session, _who, *args, **named)


@contextmanager
def failing_gently(title: str = "") -> Iterator[None]:
    """Where figures cannot be had, say what happened and what to do instead of an error page.

    `title` is for a page whose own one is a finding, which cannot be had either.
    """
    try:
        yield
    except Unavailable:
        if title:
            st.title(title, anchor=False)
        st.error(
            "The database did not answer in time, so there are no figures to show. Nothing was "
            "changed and your filter is kept."
        )
        st.button("Try again", key="try_again")
