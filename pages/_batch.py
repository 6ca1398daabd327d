"""Acts on many cases, a lot at a time: each in a transaction of its own, so that others get their
turn between them. What comes of it is told in one sentence."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st

from db.engine import transaction
from pages import _door
from pages._ask import fresh
from pages._people_parts import SAID
from services.access import Forbidden, Refused
from services.cases import bulk
from services.cases.bulk import Touched

NAMED = 3  # cases that a sentence names
Thing = TypeVar("Thing")


def in_lots(
    things: Sequence[Thing], verb: Callable[[Any, Sequence[Thing], list[Touched]], list[Touched]]
) -> list[Touched]:
    """`verb(session, some of them, what came of those before)` until all are done."""
    found: list[Touched] = []
    for at in range(0, len(things), bulk.LOT):
        with transaction() as session:
            found += verb(session, things[at : at + bulk.LOT], found)
    return found


def take_back(batch_id: str) -> None:
    """Take back all that was done under this id."""
    who, now = _door.actor(), _door.now()
    try:
        found = in_lots(
            fresh(bulk.steps_of, batch_id),
            lambda session, some, _: bulk.take_back(session, who, some, now=now),
        )
    except (Refused, Forbidden) as error:
        st.session_state[SAID] = (False, str(error))
        return
    fine = any(not one.why_not for one in found) or not found
    st.session_state[SAID] = (fine, summary(_a_case(found), _taken_back(found)))


def _taken_back(found: Sequence[Touched]) -> str:
    """What was taken back, each kind of it once."""
    return ", ".join(dict.fromkeys(one.told for one in found if one.told)) or "taken back"


def _a_case(found: Sequence[Touched]) -> list[Touched]:
    """One for each case of several steps: what was refused, where something was."""
    order = sorted(found, key=lambda one: bool(one.why_not))
    return [*{one.number: one for one in order}.values()]


def summary(found: Sequence[Touched], words: str) -> str:
    """How many are `words`, and which are not and why."""
    left = [one for one in found if one.why_not]
    told = f"{cases(len(found) - len(left))}: {words}."
    if left:
        named = "; ".join(f"case {one.number} ({one.why_not})" for one in left[:NAMED])
        more = f"; and {len(left) - NAMED:,} more" if len(left) > NAMED else ""
        told += f" Left as they are: {named}{more}."
    return told


def cases(n: int) -> str:
    """So many cases."""
    return "1 case" if n == 1 else f"{n:,} cases"
