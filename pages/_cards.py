"""Responses as cards: opening a case about one, taking it out of the figures or putting it back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from pages import _door
from pages._look import SHAPES, TONES, shown
from pages._mount import mount
from pages._people_parts import SAID, act
from pages._start_play import start_play
from services import exclusions
from services.cases.opening import open_by_hand
from services.domain.bands import Band
from services.domain.roles import Verb
from services.insights import Verbatim
from services.insights.words import ago

ASKED = "excluding"  # the id of the response that a reason is being given for
REFUSED = "exclusion_refused"
FOLLOWUPS = {
    "requested": ("asked", "wants to hear from us"),
    "declined": ("", "no contact, please"),
}
REASONS = ("Our own test", "Not a customer", "Sent twice", "Spam or abuse")


def cards(
    rows: Sequence[Verbatim],
    *,
    zone: str,
    label: str = "Responses",
    key: str = "cards",
    who: bool = True,
    of_case: bool = False,
    page: str | None = None,
    asides: Mapping[int, dict[str, Any]] = MappingProxyType({}),
) -> None:
    """Responses, each with its case or the way to open one. Dates are told in `zone`.

    Every text in them is customers' own: it goes out as data only. `label` names the list to
    readers who do not see it. With `who` off, the page is about one person and says who. The page
    calls `say` for what came of an action. A page may hold several lists, each with its own `key`.
    With `of_case` on, they are those of one case, and do not name it. `page` names which page of
    a long list this is: another one is read from its top. `asides` replace parts of some
    cards, by id: `note` is a line under what was said, `before` an earlier case (text, href).
    """
    now, actor = _door.now(), _door.actor()
    shown_in = _Shown(
        ZoneInfo(zone), now, who, of_case, actor.may(Verb.EXCLUDE), actor.may(Verb.WORK_CASES)
    )
    made = [_card(row, shown_in) | asides.get(row.id, {}) for row in rows]
    data = {"label": label, "page": page, "rows": made}
    mount("cards", data, key, on_act_change=lambda: _acted(key))
    wanted = next((row for row in rows if row.id == st.session_state.get(ASKED)), None)
    if wanted is not None:
        _ask_reason(wanted)


@dataclass(frozen=True)
class _Shown:
    """How a list is shown, and to whom."""

    zone: ZoneInfo
    now: datetime
    who: bool
    of_case: bool
    may_exclude: bool
    may_open: bool


def _card(row: Verbatim, to: _Shown) -> dict[str, Any]:
    answered = row.answered_at.astimezone(to.zone)
    return {
        "id": row.id,
        "score": str(row.score),
        "scale": row.scale,
        "band": row.band.label(row.metric),
        "tone": TONES[row.band],
        "shape": SHAPES[row.band],
        "comment": shown(row.comment),
        "marks": row.marks,
        **(_who(row) if to.who else _what(row)),
        "when": ago(row.answered_at, to.now),
        "exact": f"{answered:%d %b %Y, %H:%M} ({to.zone.key})",
        "iso": answered.isoformat(timespec="seconds"),
        "states": _states(row),
        "note": _note(row, to.zone),
        "quiet": row.exclusion is not None or row.is_test,
        "facts": _facts(row),
        "props": [(shown(name), shown(value)) for name, value in row.props],
        "case": None if to.of_case else _case(row),
        "actions": _actions(row, to),
    }


def _who(row: Verbatim) -> dict[str, Any]:
    """Who answered, and where everything about them and their account stands."""
    return {
        "name": name_of(row),
        "known": bool(row.name),
        "contact": href("contact", row.contact_id),
        "account": shown(row.account) if row.account != row.name else "",
        "company": href("account", row.account_id),
        "others": [shown(row.email)] if row.email and row.email != row.name else [],
    }


def _what(row: Verbatim) -> dict[str, Any]:
    """What was asked, on a page that says already who answered."""
    asked = f"{row.metric.upper()}, {row.scale}"
    return {"name": asked, "known": True, "contact": None, "account": "", "others": []}


def name_of(row: Verbatim) -> str:
    """Who answered, as far as anybody may know."""
    if row.anonymous or row.erased:
        return "Anonymous" if row.anonymous else "Erased"
    return shown(row.name) or "No name"


def href(page: str, key: int | None) -> str | None:
    """The address of the page about a contact or an account; None where there is none."""
    return None if key is None else f"{page}?id={key}"


def _case(row: Verbatim) -> dict[str, str | None] | None:
    if row.case_elsewhere:
        return {"text": "Worked in another unit", "href": None}
    if row.case_number is None or row.case_status is None:
        return None
    tags = f", tagged {', '.join(row.case_tags)}" if row.case_tags else ""
    words = shown(f"Case {row.case_number}, {row.case_status.value}{tags}")
    return {"text": words, "href": f"case?number={row.case_number}"}


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


def _actions(row: Verbatim, to: _Shown) -> list[dict[str, str]]:
    found = []
    has_one = row.case_number is not None or row.case_elsewhere
    if to.may_open and not has_one and not row.is_test:
        found.append({"name": "open", "label": "Open a case"})
        if row.band is not Band.DETRACTOR and row.contact_id and not row.erased:
            found.append({"name": "play", "label": "Start the play"})
    if to.may_exclude and row.exclusion:
        found.append({"name": "restore", "label": "Count it again"})
    elif to.may_exclude:
        found.append({"name": "exclude", "label": "Exclude"})
    return found


def _acted(key: str) -> None:
    """What a card's button asks for; the verb itself checks who may and which row it is."""
    sent = st.session_state[key].act
    who, now = _door.actor(), _door.now()
    if sent["action"] == "open":
        open_case(sent["id"])
    elif sent["action"] == "play":
        start_play(sent["id"])
    elif sent["action"] == "restore":
        act(
            lambda session: exclusions.restore(session, who, sent["id"], now=now),
            "The response counts again.",
        )
    else:
        st.session_state[ASKED] = sent["id"]


def open_case(response_id: int) -> None:
    """For callbacks: open a case about an answer, or say why not."""
    who, now = _door.actor(), _door.now()
    number = act(lambda session: open_by_hand(session, who, response_id, now=now), "")
    if number is not None:
        st.session_state[SAID] = (True, f"Case {number} is open.")


def _forget() -> None:
    st.session_state[ASKED] = None


@st.dialog("Exclude this response", on_dismiss=_forget)
def _ask_reason(row: Verbatim) -> None:
    if st.session_state.get(ASKED) is None:  # done: its button runs this form only, not the page
        st.rerun()
    st.text("It leaves every figure and stays readable, with your name and reason.")
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
            "Exclude", key="exclude", type="primary", on_click=_exclude, args=(row.id,)
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
