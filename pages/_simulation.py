"""A simulation on its way: whoever leaves meanwhile finds it done, and nobody else waits for it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import streamlit as st

from db import engine
from pages import _door, _jobs
from pages._ask import minute
from services.insights import answering
from services.rules import trying
from services.rules.trying import Tried

PATIENCE = 1.0  # seconds; most are done by then, and nothing has to be said of how far they are


def begin(key: str, given: Mapping[str, Any], rule_id: int, days: int) -> None:
    """Begin to look what this rule would have done in the last days."""
    who, end = _door.actor(), minute() + timedelta(minutes=1)  # what came in a moment ago, too

    def work(tell: _jobs.Progress) -> Tried:
        with answering(), engine.reading() as session:
            return trying.try_out(
                session, who, body=given, rule_id=rule_id, days=days, now=end, progress=tell
            )

    _jobs.start(key, 0, work).join(PATIENCE)


def runs(key: str) -> bool:
    """Whether one is on its way."""
    job = _jobs.current(key)
    return job is not None and not job.ended


def ended(key: str) -> Tried | None:
    """What it came to; None where there is nothing (yet), and then it is said why."""
    job = _jobs.current(key)
    if job is None:
        return None
    if not job.ended:
        _jobs.running(key, "answers are looked at", "You can go on: nothing is sent meanwhile.")
    elif job.refused:
        st.text(job.refused)
    elif job.failed:
        st.text("It could not be finished. Simulate once more.")
    found: Tried | None = job.result
    return found
