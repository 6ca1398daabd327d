"""Responses as cards, and taking one out of the figures or putting it back."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from pages import _door
from pages._look import SHAPES, TONES, shown
from pages._mount import mount
from pages._people_parts import SAID, act
from services import exclusions
from services.domain.roles import Verb
from services.insights import Page, Verbatim
from services.insights.words import ago

ASKED = "excluding"  # the id of the response that a reason is being given for
REFUSED = "exclusion_refused"
FOLLOWUPS = {
    "requested": ("asked", "wants to hear from us"),
    "declined": ("", "no contact, please"),
}
REASONS = ("Our own test", "Not a customer", "Sent twice", "Spam or abuse")


def cards(page: Page) -> None:
    """The rows of a page. Every text in them is customers' own: it goes out as data only."""
    zone, now = ZoneInfo(page.span.zone), _door.now()
    may = _door.actor().may(Verb.EXCLUDE)
    data = {
        "label": f"Responses {page.first} to {page.last} of {page.total}",
        "rows": [_card(row, zone, now, may) for row in page.rows],
    }
    mount("cards", data, "cards", on_act_change=_acted)
    if (wanted := st.session_state.get(ASKED)) is not None:
        _ask_reason(wanted, next((row for row in page.rows if row.id == wanted), None))


def _card(row: Verbatim, zone: ZoneInfo, now: datetime, may: bool) -> dict[str, Any]:
    answered = row.answered_at.astimezone(zone)
    return {
        "id": row.id,
        "score": str(row.score),
        "scale": row.scale,
        "band": row.band.label(row.metric),
        "tone": TONES[row.band],
        "shape": SHAPES[row.band],
        "comment": shown(row.comment),
        "marks": row.marks,
        "name": "Anonymous" if row.anonymous else shown(row.name) or "No name",
        "known": bool(row.name),
        "others": [shown(one) for one in (row.account, row.email) if one and one != row.name],
        "when": ago(row.answered_at, now),
        "exact": f"{answered:%d %b %Y, %H:%M} ({zone.key})",
        "iso": answered.isoformat(timespec="seconds"),
        "states": _states(row),
        "note": _note(row, zone),
        "quiet": row.exclusion is not None or row.is_test,
        "facts": _facts(row),
        "props": [(shown(name), shown(value)) for name, value in row.props],
        "actions": _actions(row) if may else [],
    }


def _states(row: Verbatim) -> list[dict[str, str]]:
    found = [FOLLOWUPS[row.followup]] if row.followup in FOLLOWUPS else []
    found += [("out", "test, does not count")] if row.is_test else []
    found += [("out", "excluded, does not count")] if row.exclusion else []
    return [{"css": css, "text": text} for css, text in found]


def _note(row: Verbatim, zone: ZoneInfo) -> str:
    if row.exclusion is None:
        return ""
    on = row.exclusion.at.astimezone(zone)
    return shown(f"Excluded by {row.exclusion.by} on {on:%d %b %Y}: {row.exclusion.reason}")


def _facts(row: Verbatim) -> list[tuple[str, str]]:
    own = {
        "channel": row.channel, "touchpoint": row.touchpoint, "unit": row.unit, "survey": row.survey
    }  # fmt: skip
    return [(name, shown(value)) for name, value in own.items() if value]


def _actions(row: Verbatim) -> list[dict[str, str]]:
    if row.exclusion:
        return [{"name": "restore", "label": "Count it again"}]
    return [{"name": "exclude", "label": "Exclude"}]


def _acted() -> None:
    """What a card's button asks for; the verb itself checks who may and which row it is."""
    sent = st.session_state["cards"].act
    if sent["action"] == "restore":
        act(
            lambda session: exclusions.restore(session, _door.actor(), sent["id"], now=_door.now()),
            "The response counts again.",
        )
    else:
        st.session_state[ASKED] = sent["id"]


def _forget() -> None:
    st.session_state[ASKED] = None


@st.dialog("Exclude this response", on_dismiss=_forget)
def _ask_reason(response_id: int, row: Verbatim | None) -> None:
    if st.session_state.get(ASKED) is None:  # done: its button runs this form only, not the page
        st.rerun()
    st.text("It leaves every figure and stays readable, with your name and reason.")
    if row is not None:
        said = shown(row.comment)[:80] or "no comment"
        st.text(f"{row.score}, {shown(row.name) or 'no name'}: {said}")
    with st.form("why", border=False):
        st.selectbox(
            "Reason", REASONS, index=None, accept_new_options=True, key="reason",
            placeholder="Choose or type a reason",
        )  # fmt: skip
        if refused := st.session_state.pop(REFUSED, ""):
            st.error(refused)
        st.form_submit_button(
            "Exclude", key="exclude", type="primary", on_click=_exclude, args=(response_id,)
        )


def _exclude(response_id: int) -> None:
    """Refused: the form stays open with what was typed and says why. Done: the page says so."""
    reason = st.session_state.get("reason") or ""
    act(
        lambda session: exclusions.exclude(
            session, _door.actor(), response_id, reason, now=_door.now()
        ),
        "Excluded. It no longer counts.",
    )
    done, words = st.session_state[SAID]
    if done:
        _forget()
    else:
        st.session_state[REFUSED] = words
        del st.session_state[SAID]
