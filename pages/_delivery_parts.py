"""What stands around the list of deliveries: tabs, filters, acts on many, and empty states."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from pages import _door
from pages._ask import fresh
from pages._delivery_url import put, rewrite
from pages._live import bubble
from pages._parts import PAGES
from pages._people_parts import SAID, act
from pages._url import CURSOR, control, only
from services import deliveries
from services.domain.retrying import State
from services.domain.roles import Grant, Verb, grant
from services.insights.delivery_rows import PAGE, VENDORS, Row, View, Wanted, counts, tabs
from services.insights.failing import Unavailable

NAMES = {
    View.PERSON: "Needs a person", View.PENDING: "Pending", View.SENT: "Sent",
    View.CANCELLED: "Cancelled", View.ALL: "All",
}  # fmt: skip
NONE = {
    View.PERSON: "Nothing was given up, and nothing waits for a decision.",
    View.PENDING: "Nothing is on its way: all that was owed has left.",
    View.SENT: "Nothing has been sent yet.",
    View.CANCELLED: "Nothing was cancelled.",
}
EVERY = 10  # seconds


@dataclass(frozen=True)
class Many:
    """An act on all deliveries of one state (and of one tab); `tabs` are where it is offered."""

    name: str
    label: str
    state: State
    of: View
    tabs: tuple[View, ...]
    verb: Callable[..., tuple[int, int]]
    what: str
    done: str


ACTS = (
    Many(
        "replay", "Replay all {n:,} failed", State.FAILED, View.ALL, (View.PERSON, View.ALL),
        deliveries.replay_all,
        "sent again, the oldest first. What a customer can no longer get is left out.",
        "sent again",
    ),
    Many(
        "arrived", "All {n:,} unknown arrived", State.UNKNOWN, View.PERSON, (View.PERSON,),
        partial(deliveries.decide_all, arrived=True),
        "taken as sent: look at the vendor first, nobody is asked again.", "taken as sent",
    ),
    Many(
        "lost", "None of {n:,} unknown arrived", State.UNKNOWN, View.PERSON, (View.PERSON,),
        partial(deliveries.decide_all, arrived=False),
        "sent again: who got one already gets it twice.", "sent again",
    ),
    Many(
        "cancel", "Cancel all {n:,} pending", State.PENDING, View.ALL, (View.PENDING, View.ALL),
        deliveries.cancel_all,
        "cancelled: they do not leave. A reply becomes a draft again.", "cancelled",
    ),
)  # fmt: skip


def tab_bar(now: Wanted, found: Mapping[View, int]) -> None:
    """The tabs, each with how many deliveries it holds."""
    control(
        st.segmented_control, "view", "Deliveries", now.view,
        lambda old, view: old.narrowed(view=view, states=()), options=[*View], required=True,
        format_func=lambda view: f"{NAMES[view]} {found[view]:,}", rewrite=rewrite,
    )  # fmt: skip


def filters(now: Wanted) -> None:
    """By vendor and by case."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        control(
            st.selectbox, "vendor", "Vendor", now.vendor or "",
            lambda old, vendor: old.narrowed(vendor=vendor or None), options=["", *VENDORS],
            format_func=lambda name: VENDORS.get(name, "All"), labelled=True, width=180,
            rewrite=rewrite,
        )  # fmt: skip
        control(
            st.number_input, "case", "Case number", now.case,
            lambda old, number: old.narrowed(case=number), labelled=True, min_value=1, step=1,
            placeholder="Any", width=180, rewrite=rewrite,
        )  # fmt: skip
        many(now)
    only(_told(now), put, Wanted(view=now.view))


def _told(now: Wanted) -> list[str]:
    told = [f"to {VENDORS[now.vendor]}"] if now.vendor else []
    told += [f"of case {now.case}"] if now.case is not None else []
    return told + ([f"in state {' or '.join(now.states)}"] if now.states else [])


def many(now: Wanted) -> None:
    """What can be done with all of these at once, for those who lead."""
    if grant(_door.actor().role, Verb.BULK) is not Grant.YES:
        return
    meant = Wanted(vendor=now.vendor, case=now.case)
    offered = [one for one in ACTS if now.view in one.tabs]
    found = {of: fresh(counts, meant.narrowed(view=of)) for of in {one.of for one in offered}}
    for one in offered:
        if n := found[one.of].get(one.state, 0):
            _offer(one, meant, n)


def _offer(one: Many, meant: Wanted, n: int) -> None:
    label = one.label.format(n=n)
    with st.popover(label, key=f"all_{one.name}_{n}"):
        these = " ".join([f"{n:,} {one.state} {_noun(n)}", *_told(meant)])
        if n > deliveries.MOST:
            these = f"The oldest {deliveries.MOST:,} of {these}"
        st.text(f"{these}: {'it is' if n == 1 else 'they are'} {one.what}")
        st.button(label, key=f"do_{one.name}", type="primary", on_click=_do, args=(one, meant))


def _do(one: Many, meant: Wanted) -> None:
    found = act(lambda session: one.verb(session, _door.actor(), meant, now=_door.now()), "")
    if found is not None:
        done, refused = found
        left = f" {refused:,} could not be; each row says why when it is tried." if refused else ""
        st.session_state[SAID] = (True, f"{done:,} {_noun(done)} {one.done}.{left}")


def _noun(n: int) -> str:
    return "delivery" if n == 1 else "deliveries"


def nothing(now: Wanted, found: Mapping[View, int]) -> None:
    """No rows: say what that means, and where to go."""
    if now.narrowed_down:
        st.header(f"{NAMES[now.view]}: no deliveries match", anchor=False)
        st.button("Drop the filters", key="loosen", on_click=put, args=(Wanted(view=now.view),))
    elif found[View.ALL]:
        st.header(f"{NAMES[now.view]}: none", anchor=False)
        st.text(NONE.get(now.view, "There is none of these."))
    else:
        _first()


def _first() -> None:
    st.header("Nothing was sent yet", anchor=False)
    st.text("What leaves the desk stands here: replies, tickets, posts, and what became of them.")
    if _door.actor().may(Verb.ADMINISTER):
        st.text("Connect the tools that your colleagues work in, then push a case or reply to it.")
        st.page_link(PAGES / "integrations.py", label="Connect a vendor")
    else:
        st.text("Reply to a customer from a case, or push a case to a vendor, to see it here.")
        st.page_link(PAGES / "case_queue.py", label="Go to the case queue")


def turn(now: Wanted, rows: list[Row], at: int | None) -> None:
    """The newest rows again, and older ones; the place in the list is part of the address."""
    with st.container(horizontal=True, vertical_alignment="center", key="turn"):
        st.button("Newest", key="newest", disabled=at is None, on_click=put, args=(now,))
        more, older = len(rows) == PAGE, str(rows[-1].id)
        st.button(
            "Older", key="older", disabled=not more, on_click=put, args=(now,),
            kwargs={CURSOR: older},
        )  # fmt: skip


@st.fragment(run_every=EVERY)
def announce(now: Wanted, drawn: Mapping[View, int]) -> None:
    """Watch for deliveries that go from one tab to another after they were `drawn`."""
    try:
        found: Any = fresh(tabs, now)
    except Unavailable:  # the page itself says so at its next run
        return
    if found != drawn:
        bubble("Some deliveries have moved on.")
