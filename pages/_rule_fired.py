"""What rules did: the last firings, each with its answer, why it fired and what was done."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import streamlit as st

from pages._ask import fresh, own_zone
from pages._cards import href
from pages._look import SHAPES, shown
from pages._parts import linked, place_of
from pages._rule_waiting import waits
from pages._url import CURSOR, whole_number
from services.insights import rule_firings
from services.insights.case_words import when
from services.insights.rule_firings import MODES, PAGE, Firing
from services.rules.listing import Kept

MODE, OF = "mode", "of"
NAMES = {"live": "What was done", "shadow": "What the shadow would have done"}


def fired(rules: Sequence[Kept], rule_id: int | None = None) -> None:
    """The firings of a rule, or of all with the way to choose one."""
    waits(**({"rule_id": rule_id} if rule_id else {}))
    st.header("What fired", anchor=False)
    mode = st.query_params.get(MODE)
    mode = mode if mode in MODES else None
    of = rule_id or whole_number(OF)
    with st.container(horizontal=True, gap="small"):
        if rule_id is None and len(rules) > 1:
            _box(OF, "Rule", {str(one.id): shown(one.name) for one in rules}, str(of or "") or None)
        _box(MODE, "What", NAMES, mode)
    before = whole_number(CURSOR)
    found = fresh(rule_firings.firings, rule_id=of, mode=mode, before=before)
    if not found:
        st.text("Nothing fired yet. What a rule does stands here, with the reason.")
        return
    _listed(found, own_zone(), named=rule_id is None)
    with st.container(horizontal=True, vertical_alignment="center", key="turn"):
        st.button("Newest", key="newest", disabled=before is None, on_click=_turn, args=(None,))
        st.button(
            "Older", key="older", disabled=len(found) < PAGE, on_click=_turn, args=(found[-1].id,)
        )


def _box(name: str, label: str, names: dict[str, str], chosen: str | None) -> None:
    key = f"fired_{name}"
    st.session_state[key] = chosen if chosen in names else None

    def used() -> None:
        st.query_params.pop(CURSOR, None)
        if st.session_state[key] is None:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = st.session_state[key]

    st.selectbox(
        label, [*names], None, key=key, format_func=names.__getitem__, on_change=used, width=260,
        placeholder="All",
    )  # fmt: skip


def _turn(at: int | None) -> None:
    if at is None:
        st.query_params.pop(CURSOR, None)
    else:
        st.query_params[CURSOR] = str(at)


def _listed(found: Sequence[Firing], zone: ZoneInfo, *, named: bool) -> None:
    columns = [
        {"label": "When", "css": "tight wide"},
        *([{"label": "Rule", "css": "name"}] if named else []),
        {"label": "Answer", "css": "tight"}, {"label": "Customer", "css": "name"},
        {"label": "Case", "css": "tight wide"},
        {"label": "Because", "css": "wide" if named else ""}, {"label": "What was done"},
    ]  # fmt: skip
    rows = [_row(one, zone, named) for one in found]
    linked("rule_fired", f"Firings, the newest first, {len(found)}", columns, rows)


def _row(one: Firing, zone: ZoneInfo, named: bool) -> list[tuple[str, str | None]]:
    who, name = one.contact or (None, "Anonymous")
    case = f"case?number={one.case}" if one.case else None
    shadow = "In the shadow, so not done: " if one.mode == "shadow" else ""
    return [
        (when(one.at, zone), None),
        *([(shown(one.rule), f"rules?rule={one.rule_id}")] if named else []),
        (f"{SHAPES[one.band]} {one.score}", place_of(one.metric, one.answered_at, one.response_id)),
        (shown(name), href("contact", who)),
        (f"{one.case or ''}", case),
        (shown(f"{one.told.why} (version {one.told.n})"), None),
        (shown(f"{shadow}{'; '.join(one.told.did)}"), None),
    ]
