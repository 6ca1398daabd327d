"""The rows of deliveries and what their buttons do.

What a vendor said is foreign text: the component puts it on the page as text.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from db.engine import reading
from pages import _door
from pages._ask import fresh
from pages._delivery_url import opened, toggle
from pages._look import shown
from pages._mount import mount
from pages._people_parts import act
from services import deliveries, integrations
from services.domain.retrying import State
from services.domain.roles import Verb
from services.insights.case_words import at
from services.insights.delivery_rows import Row
from services.insights.delivery_steps import stepped, steps
from services.insights.delivery_words import coming, standing, tries, what
from services.insights.vendor_words import Condition, condition
from services.insights.words import ago

Act = dict[str, str]
REPLAY: Act = {"name": "replay", "label": "Replay"}
CANCEL: Act = {"name": "cancel", "label": "Cancel"}
DECIDE: list[Act] = [
    {"name": "arrived", "label": "It arrived"},
    {"name": "again", "label": "It did not: send again"},
]
DONE = {
    "replay": "It is sent again.", "cancel": "Cancelled: it does not leave.",
    "arrived": "Kept as sent.", "again": "It is sent again.",
}  # fmt: skip


def listed(rows: list[Row], zone: ZoneInfo, *, of_case: bool = False) -> None:
    """The rows; an act names its delivery by id. `of_case`: the page is about their case."""
    now = _door.now()
    with reading() as session:
        known = integrations.connected(session)
    how = {name: condition(known.get(name), now, zone) for name in {row.vendor for row in rows}}
    label = f"{len(rows):,} deliveries, the newest first"
    data = {"label": label, "of_case": of_case, "rows": [_row(row, how, now, zone) for row in rows]}
    mount("deliveries", data, "deliveries", on_act_change=_acted)


def _row(
    row: Row, how: Mapping[str, Condition], now: datetime, zone: ZoneInfo
) -> dict[str, Any]:  # fmt: skip
    stands, is_open = standing(row, zone), row.id == opened()
    return {
        "id": row.id, "when": ago(row.created_at, now), "exact": at(row.created_at, zone),
        "case": "" if row.case is None else f"Case {row.case}", "href": f"case?number={row.case}",
        "what": what(row.action), "vendor": row.title, "link": _web(row.link),
        "tone": stands.tone, "state": stands.words, "since": stands.exact,
        "tries": tries(row.attempts), "next": coming(row, how[row.vendor], now),
        "error": shown(row.error), "actions": _acts(row), "open": is_open,
        "steps": _steps(row.id, zone) if is_open else [],
    }  # fmt: skip


def _web(link: str | None) -> str:
    """The address there, if it is one that a browser may be sent to."""
    return link if link and link.startswith(("https://", "http://")) else ""


def _steps(delivery_id: int, zone: ZoneInfo) -> list[dict[str, str]]:
    return [
        {
            "when": at(one.at, zone), "what": stepped(one), "said": shown(one.said),
            "print": one.hmac,
        }
        for one in fresh(steps, delivery_id)
    ]  # fmt: skip


def _acts(row: Row) -> list[Act]:
    if not _door.actor().may(Verb.WORK_CASES):
        return []
    if row.asks:
        return DECIDE
    if row.state is State.PENDING:
        return [CANCEL]
    return [REPLAY] if row.state in (State.FAILED, State.CANCELLED) else []


def _acted() -> None:
    sent = st.session_state["deliveries"].act
    do(str(sent["action"]), int(sent["id"]))


def do(action: str, delivery_id: int) -> None:
    """Do what the button of a row says."""
    if action == "open":
        toggle(delivery_id)
        return
    who, now = _door.actor(), _door.now()

    def verb(session: Any) -> bool:
        if action in ("replay", "cancel"):
            getattr(deliveries, action)(session, who, delivery_id, now=now)
        else:
            deliveries.decide(session, who, delivery_id, arrived=action == "arrived", now=now)
        return True

    act(verb, DONE[action])
