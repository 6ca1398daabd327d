"""The parts of the queue: tabs with counts, the list, and its pages."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from pages import _door, _picked
from pages._case_acts import assign_to_me, taking
from pages._case_url import CASE, choose, counts, put, rewrite
from pages._look import SHAPES, TONES, shown
from pages._mount import mount
from pages._url import CURSOR, control
from services.domain.lifecycle import Status
from services.domain.roles import Verb
from services.domain.scores import Band
from services.insights.case_filter import CaseFilter, View
from services.insights.case_rows import CaseRow
from services.insights.case_words import standing
from services.insights.queue import QueuePage

NAMES = {
    View.MINE: "My open", View.UNASSIGNED: "Unassigned", View.TODAY: "Due today",
    View.OPEN: "All open", View.ESCALATED: "Escalated to me", View.WAITING: "Waiting",
    View.SNOOZED: "Snoozed", View.RESOLVED: "Resolved", View.ANY: "All cases",
}  # fmt: skip
EMPTY = {
    View.MINE: "Nothing of yours is open. Take a case from Unassigned.",
    View.UNASSIGNED: "Every open case has an owner.",
    View.TODAY: "No promise ends today.",
    View.OPEN: "No case is open. The next low answer opens one by itself.",
}
NEEDED = "in the order in which they need somebody"
ORDER = {View.RESOLVED: "the latest resolved first", View.ANY: "the latest opened first"}
NO_REASON = "in the order it is due"


def tabs(now: CaseFilter) -> None:
    """The tabs, each with how many cases it holds."""
    found = counts()

    def label(view: View) -> str:
        return f"{NAMES[view]} {found[view]:,}" if view in found else NAMES[view]

    shown_views = [
        view for view in View
        if view not in (View.ESCALATED, View.ANY) or found.get(view) or view is now.view
    ]  # fmt: skip
    control(
        st.segmented_control, "view", "Cases", now.view,
        lambda old, view: old.narrowed(view=view), options=shown_views, format_func=label,
        required=True, rewrite=rewrite,
    )  # fmt: skip


def listed(
    filter: CaseFilter, page: QueuePage, zone: ZoneInfo, marked: int | None, at: str
) -> None:
    """The rows; a click chooses one by its number, a button acts on the one it stands in.

    `at` names the page of the list: another one is read from its top.
    """
    now, actor = _door.now(), _door.actor()
    may = actor.may(Verb.WORK_CASES)
    label = f"Cases {page.first} to {page.last} of {page.total}"
    rows = [_row(row, now, zone, may, actor.id) for row in page.rows]
    data = {"label": label, "rows": rows, "chosen": marked, "page": at}
    data |= {"picks": actor.may(Verb.BULK), "heard": _picked.heard()}
    mount("queue", data, "queue", on_act_change=_acted, on_picks_change=_picks)
    turn(filter, page)


def _row(row: CaseRow, now: datetime, zone: ZoneInfo, may: bool, me: int | None) -> dict[str, Any]:
    stands = standing(row, now, zone)
    take = may and row.status is not Status.RESOLVED and row.owner_id != me
    return {
        **told(row),
        "href": f"case?number={row.number}",
        "why": [] if row.outcome else [shown(reason) for reason in row.why[:3]],
        "plain": row.outcome.label if row.outcome else NO_REASON,
        "alarm": alarm(row),
        "customer": customer(row),
        "account": shown(row.account) if row.contact else "",
        "score": "" if row.score is None else str(row.score),
        "band": "" if row.band is None or row.metric is None else row.band.label(row.metric),
        "tone": "" if row.band is None else TONES[row.band],
        "shape": "" if row.band is None else SHAPES[row.band],
        "said": shown(row.said),
        "due": stands.words,
        "exact": stands.exact,
        "standing": stands.tone,
        "owner": "you" if row.owner_id is not None and row.owner_id == me else shown(row.owner),
        "tags": [shown(tag) for tag in row.tags],
        "picked": row.number in _picked.picked(),
        "actions": [{"name": "take", "label": taking(row.owner_id)}] if take else [],
    }


def told(row: CaseRow) -> dict[str, Any]:
    """What a key has to know of a case: which one, and as it was seen."""
    asleep = row.snoozed_until is not None and row.snoozed_until > _door.now()
    return {"number": row.number, "version": row.version, "who": customer(row), "asleep": asleep,
            "status": row.status.value}  # fmt: skip


def alarm(row: CaseRow) -> str:
    """That somebody fell from the top band, as long as the case is not done."""
    if not row.flipped or row.metric is None or row.status is Status.RESOLVED:
        return ""
    return f"fell from {Band.PROMOTER.label(row.metric)}"


def customer(row: CaseRow) -> str:
    """Whom a case is about, as far as anybody knows."""
    return shown(row.contact) or shown(row.email) or shown(row.account) or "Somebody unknown"


def _picks() -> None:
    _picked.clicked(st.session_state["queue"].picks or ())


def _acted() -> None:
    sent = st.session_state["queue"].act
    if sent["action"] == "take":
        assign_to_me(int(sent["number"]), int(sent["version"]))
    if not sent["alone"]:  # where there is room for the case beside the list
        choose(int(sent["number"]))


def turn(filter: CaseFilter, page: QueuePage) -> None:
    """Further up and down the list; the place is part of the address."""
    with st.container(horizontal=True, vertical_alignment="center", key="turn"):
        for label, cursor in (("Up", page.back), ("Further", page.on)):
            st.button(
                label, key=f"turn_{label.lower()}", disabled=cursor is None, on_click=put,
                args=(filter,), kwargs={CURSOR: cursor and str(cursor), CASE: None},
            )  # fmt: skip
        st.text(place(page), width="content")


def place(page: QueuePage) -> str:
    """Which rows these are, of how many."""
    return f"{page.first:,}\N{EN DASH}{page.last:,} of {page.total:,} cases"
