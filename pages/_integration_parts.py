"""One vendor on the page of integrations: how it is doing, and what an admin can do about it.

What a vendor said is foreign text and is shown as plain text only.
"""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from pages import _arrivals, _integration_form, _mapping_form
from pages._delivery_url import address
from pages._door import actor, now
from pages._look import element, link, shown, words
from pages._people_parts import act, small
from services import integrations
from services.cases import pushing
from services.domain.retrying import State
from services.insights.delivery_rows import Wanted
from services.insights.vendor_words import Condition, condition
from services.insights.words import ago
from services.integrations import Connection

ABOUT = {
    "email": "Replies to customers, their answers, and what colleagues want to hear of.",
    "zendesk": "A case becomes a ticket; replies, notes and its end follow it, and come back.",
    "intercom": "A case becomes a conversation; replies and notes follow it, and come back.",
    "salesforce": "A case becomes a Case; notes and its end follow it. Scores reach contacts.",
    "slack": "A case becomes a post that shows how it stands, with buttons to work on it there.",
    "webhook": "A program of your own hears of each case that is pushed to it.",
}
SHAPES = {
    "off": "\u25cb", "new": "\u25cb", "fine": "\u2713", "rest": "\u25c6", "paused": "\u2016",
    "broken": "\u25b2",
}  # fmt: skip


def card(one: Connection, zone: ZoneInfo) -> None:
    """The whole vendor: its state, its acts, its fields and what fills the fields over there."""
    how = condition(one.row, now(), zone)
    with st.container(border=True, key=f"vendor_{one.name}", gap="small"):
        st.header(one.title, anchor=False)
        st.text(ABOUT[one.name])
        st.html(_state(how) + _owed(one))
        if one.row and one.row.last_error:
            when = f", {ago(one.row.last_error_at, now())}" if one.row.last_error_at else ""
            small(shown(f"Last error{when}: {one.row.last_error}"), f"error_{one.name}")
        if one.row:
            _acts(one, how)
        _integration_form.show(one)
        if one.row:
            _arrivals.show(one)
        if one.row and one.name in pushing.ACTIONS:
            _mapping_form.show(one)


def _state(how: Condition) -> str:
    shape = element("span", "shape", SHAPES[how.tone], **{"aria-hidden": "true"})
    said = how.words[0].upper() + how.words[1:]
    return element("p", f"vendor ld-is-{how.tone}", shape, " ", words(said), title=how.exact)


def _owed(one: Connection) -> str:
    """How many deliveries stand where, each a link to them."""
    told = [
        link(f"{one.counts[state]:,} {state}", address(Wanted((state,), one.name)))
        for state in State
        if one.counts.get(state)
    ]
    label = {"aria-label": f"Deliveries to {one.title}"}
    return element("nav", "ways", *told, **label) if told else ""


def _acts(one: Connection, how: Condition) -> None:
    with st.container(horizontal=True, gap="small"):
        if how.tone == "broken":
            st.button(
                "Reconnect", key=f"reconnect_{one.name}", type="primary",
                on_click=_integration_form.unfold, args=(one,),
            )  # fmt: skip
        paused = bool(one.row and one.row.paused_at)
        label, said = ("Resume", "What waits leaves now.") if paused else ("Pause", "Paused.")
        _button(label, said, integrations.pause, one, on=not paused)
        with st.popover("Disconnect", key=f"leave_{one.name}_{one.row and one.row.revision}"):
            st.text(_leaving(one))
            name = f"Disconnect {one.title}"
            _button(name, f"{one.title} is disconnected.", integrations.disconnect, one)


def _leaving(one: Connection) -> str:
    n = one.counts.get(State.PENDING, 0)
    owed = {0: "Nothing waits to be sent.", 1: "1 delivery that waits is cancelled."}
    waits = owed.get(n, f"{n:,} deliveries that wait are cancelled.")
    return (
        f"{one.title}, its secrets and its fields are forgotten here. {waits} What was sent stays, "
        "there and here."
    )


def _button(label: str, said: str, verb: Callable[..., Any], one: Connection, **given: Any) -> None:
    def do() -> None:
        # 0 of something was done all the same: only a refusal is none.
        act(lambda session: verb(session, actor(), one.name, now=now(), **given), said)

    st.button(label, key=f"{verb.__name__}_{one.name}", on_click=do)
