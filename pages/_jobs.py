"""Work that outlives a run of its page: a click elsewhere or a closed tab must not cut it off.

Streamlit ends a run wherever it next shows something as soon as somebody touches the page. So the
work has a thread of its own that shows nothing, and the page looks at how far it is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread
from typing import Any

import streamlit as st

from services.refusals import Forbidden, Refused

LOOK_EVERY = 0.5  # seconds
Progress = Callable[..., None]  # how many are done, and of how many where that is known by now


@dataclass
class Job:
    """Work on its way: how many records are done, of how many, and how it ended."""

    total: int
    read: int = 0
    result: Any = None
    refused: str = ""
    failed: bool = False

    @property
    def ended(self) -> bool:
        """Whether there is anything left to wait for."""
        return self.result is not None or self.failed or bool(self.refused)


def start(key: str, total: int, work: Callable[[Progress], Any]) -> Thread:
    """Begin `work`, which tells its progress and returns a result; `running` shows it."""
    job = st.session_state[f"{key}_job"] = Job(total)

    def tell(read: int, of: int = total) -> None:
        job.read, job.total = read, of

    def run() -> None:
        try:
            job.result = work(tell)
        except (Refused, Forbidden) as refused:
            job.refused = str(refused)
        except Exception:
            job.failed = True
            raise  # the console has the traceback

    thread = Thread(target=run, name=f"loopdesk-{key}", daemon=True)
    thread.start()
    return thread


def current(key: str) -> Job | None:
    """The job that was started under `key` in this session."""
    job: Job | None = st.session_state.get(f"{key}_job")
    return job


def forget(key: str) -> None:
    """Once its end has been shown."""
    st.session_state.pop(f"{key}_job", None)


@st.fragment(run_every=LOOK_EVERY)
def running(key: str, done: str, leave: str) -> None:
    """How far the work is, in words (`done` what, and that one may `leave`); the whole page is
    drawn anew at its end."""
    job = current(key)
    if job is None or job.ended:
        st.rerun()
    share = min(job.read / job.total, 1.0) if job.total else 0.0
    st.progress(share, text=f"{job.read:,} of {job.total:,} {done}")
    st.text(leave)
