"""In a vendor's card: where it sends what changes there, and what came in so far."""

import streamlit as st

from pages._ask import fresh
from pages._door import actor, now
from pages._look import element, link, shown, words
from pages._people_parts import act, small
from services import config
from services.inbound.again import again
from services.insights.arrivals import Arrival, arrived
from services.insights.words import ago
from services.integrations import Connection

# Where over there the address is entered. None of it is needed: see the guide of each.
HOOKS = {
    "zendesk": "In Zendesk's Admin Center, Webhooks: a webhook (POST, JSON) to this address:",
    "intercom": "In Intercom's Developer Hub, Webhooks: the topics of conversations, to:",
    "slack": "In Slack's app, Interactivity, where no app token is entered: the Request URL is",
}
BODY = '{"ticket_id": "{{ticket.id}}"}'


def show(one: Connection) -> None:
    """Closed until somebody wants to know."""
    if one.name not in HOOKS:
        return
    box = st.expander("What comes in", key=f"came_{one.name}", on_change="rerun", type="compact")
    if not box.open:
        return
    with box:
        st.text(HOOKS[one.name])
        address = f"{config.load().base_url}/webhooks/{one.name}"
        st.code(address, language=None, wrap_lines=True)
        if one.name == "zendesk":
            st.text(
                "And a trigger on updated tickets with your tag, which calls it with this body:"
            )
            st.code(BODY, language=None)
        _came(one)


def _came(one: Connection) -> None:
    found = fresh(arrived, one.name)
    if not found.rows:
        st.text("Nothing has come in yet.")
        return
    counts = ", ".join(f"{n:,} {state}" for state, n in found.counts.items())
    small(f"So far: {counts}. The newest:", f"came_{one.name}")
    rows = "".join(_row(row) for row in found.rows)
    st.html(element("ul", "came", rows, **{"aria-label": f"What came in from {one.title}"}))
    if failed := found.counts.get("failed"):
        st.button(
            f"Try {failed:,} failed again", key=f"again_{one.name}", on_click=_again, args=(one,)
        )


def _row(row: Arrival) -> str:
    case = [" ", link(f"case {row.number}", f"case?number={row.number}")] if row.number else []
    why = f": {shown(row.why)}" if row.why else ""
    when = element("time", "when", words(ago(row.at, now())), datetime=row.at.isoformat())
    said = element("span", f"came-{row.state}", words(f"{row.state}{why}"))
    return element("li", "came-row", when, " ", words(row.what), *case, " ", said)


def _again(one: Connection) -> None:
    act(lambda session: again(session, actor(), one.name, now=now()), "It is tried again.")
