"""Who else has a case open: told by the poll that looks for news, shown where the case stands."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import streamlit as st

from db.engine import reading, transaction
from pages import _door
from pages._look import shown
from pages._mount import mount
from services import presence
from services.access import Refused
from services.presence import Here

AGAIN = timedelta(seconds=14)  # between two signs of life
STAYS = timedelta(seconds=4)  # who only passes by is not told of
TYPED = timedelta(seconds=30)  # after the last key somebody is writing no more
BEEN, WRITES = "presence_been", "presence_writes"


def writes(number: int, text: str) -> None:
    """Something was typed on this case just now. A box that was emptied is no writing."""
    if text.strip():
        st.session_state[WRITES] = (number, _door.now())
    else:
        st.session_state.pop(WRITES, None)


def look(open_case: int | None, listed: Sequence[int] = ()) -> None:
    """Say that one is here, and show who else is: on the case that is open, on those of a list."""
    now = _door.now()
    _told(open_case, now)
    numbers = {*listed} | ({open_case} if open_case is not None else set())
    with reading() as session:
        found = presence.others(session, _door.actor(), sorted(numbers), now=now)
    mount(
        "presence", {"cases": {str(key): in_words(who) for key, who in found.items()}}, "presence"
    )


def in_words(who: Sequence[Here]) -> dict[str, object]:
    """All of them in words, and the first in short."""
    told = [f"{shown(one.name)} {'is writing' if one.writing else 'has it open'}" for one in who]
    first = next((one for one in who if one.writing), who[0])
    writes = " is writing" if first.writing else ""
    more = f", {len(who) - 1} more here" if len(who) > 1 else ""
    short = f"{shown(first.name).split()[0]}{writes}{more}"
    return {"words": "; ".join(told), "short": short, "writing": first.writing}


def _told(number: int | None, now: datetime) -> None:
    """A sign of life now and then, and at once when one begins or stops to write."""
    been: tuple[int | None, datetime, datetime | None, bool]
    been = st.session_state.get(BEEN, (None, now, None, False))
    if been[0] != number:
        if been[0] is not None and been[2] is not None:
            with transaction() as session:
                presence.leave(session, _door.actor(), been[0])
        been = (number, now, None, False)
    where, since, last, wrote = been
    typed = st.session_state.get(WRITES, (None, now))
    writing = typed[0] == number and now - typed[1] < TYPED
    due = last is None or now - last >= AGAIN or writing != wrote
    if where is not None and due and (writing or now - since >= STAYS):
        with suppress(Refused), transaction() as session:  # it may be gone from one's sight
            presence.arrive(session, _door.actor(), where, writing=writing, now=now)
        last, wrote = now, writing
    st.session_state[BEEN] = (where, since, last, wrote)
