"""The weights of the queue's order: first what others would change, then whether to keep them."""

from dataclasses import asdict
from typing import Any

import streamlit as st

from pages._ask import fresh
from pages._door import actor, now
from pages._look import shown
from pages._loop_parts import END, LATER
from pages._parts import table
from pages._people_parts import SAID, act
from pages._why_here import moves
from services.access import Forbidden, Refused
from services.cases import weighing
from services.cases.ranking import Rules
from services.domain.priority import money
from services.domain.weights import MOST_OF, NAMES, USUAL, Weights
from services.insights.order_preview import TOP, Place, Preview, preview

LABELS = {
    "value": "Value: for each doubling of the ARR",
    "renewal": "Renewal: on its day, less the further off, none from 90 days on",
    "asked": "They asked to be contacted",
    "flip": "They fell from the top band",
    "depth": "Score: for the lowest of the scale",
    "repeated": "Another case in the half year before",
    "tenure": "They have answered us for three years",
}
TRIED = "weights_tried"
CODES = "Large in other currencies, one a line, as in USD 55000"


def show(choices: Any) -> None:
    """The section: nothing is changed before Save."""
    st.header("Order of the queue", anchor=False)
    st.caption(
        "Cases stand in the order they are due. Each reason moves a case by hours; 0 leaves it out."
    )
    with st.form("weights", border=False):
        kept = Weights.parse(choices["priority_weights"].value)
        for name, usual in asdict(USUAL).items():
            st.number_input(
                f"{LABELS[name]}, in hours (usual {usual:g})", 0.0, float(MOST_OF[name]),
                float(getattr(kept, name)), 1.0, format="%g", key=f"w_{name}",
            )  # fmt: skip
        large = int(choices["large_account_arr"].value)
        st.number_input(
            "An account is large from this ARR, in its own currency", 1, None, large, 1000,
            key="w_large",
        )  # fmt: skip
        elsewhere = choices["large_by_currency"].value
        lines = "\n".join(f"{code} {arr}" for code, arr in elsewhere.items())
        st.text_area(CODES, lines, key="w_codes", height=80)
        with st.container(horizontal=True, gap="small"):
            st.form_submit_button("Show what it would change", key="w_try", on_click=_try)
            st.form_submit_button("Save", key="w_save", type="primary", on_click=_save)
    if st.session_state.get(TRIED):
        _preview(st.session_state[TRIED])


def _asked() -> Rules:
    """What the boxes say; Refused where they say nothing that can be kept."""
    state, codes = st.session_state, {}
    for line in filter(None, map(str.strip, state["w_codes"].splitlines())):
        code, _, arr = line.partition(" ")
        if not arr.strip().isdecimal():
            raise Refused(f"{line!r} is no currency with an amount. Nothing was changed.")
        codes[code.upper()] = int(arr)
    rules = Rules(Weights(**{name: state[f"w_{name}"] for name in NAMES}), state["w_large"], codes)
    weighing.checked(rules)
    return rules


def _try() -> None:
    try:
        st.session_state[TRIED] = fresh(preview, _asked(), now=now())
    except (Refused, Forbidden) as error:
        st.session_state[SAID] = (False, str(error))


def _save() -> None:
    def decide(session: Any) -> Any:
        return weighing.decide(session, actor(), _asked(), now=now())

    moved = act(decide, "")
    done, words = st.session_state[SAID]
    if done:
        st.session_state.pop(TRIED, None)
        words = (
            "Saved. The open cases are ranked anew within some minutes." if moved is None
            else f"Saved. {moved:,} open cases have other reasons."
        )  # fmt: skip
        st.session_state[SAID] = (True, words)


def _preview(found: Preview) -> None:
    if not found.open:
        st.text("No case is open: nothing would move.")
        return
    st.text(
        f"{found.moved:,} of {found.open:,} open cases would stand elsewhere; {found.new} of the "
        f"first {TOP} are not among them now. Nothing is changed until you save."
    )
    for title, key, places in (
        ("As it would be", "w_after", found.after), ("As it is", "w_before", found.before),
    ):  # fmt: skip
        columns = [
            {"label": "Place", **END}, {"label": "Case", **END, "link": True},
            {"label": "Customer", "css": "name"},
            {"label": "Owner", **LATER}, {"label": "A year", **LATER},
            {"label": "Was" if key == "w_after" else "Would be", **END},
            {"label": "Moved by", **END},
        ]  # fmt: skip
        rows = [_row(place, after=key == "w_after") for place in places]
        st.text(f"{title}: the first {len(rows)}")
        table(key, f"{title}: the first {len(rows)}", columns, rows)


def _row(place: Place, *, after: bool) -> dict[str, Any]:
    here, there = (place.after, place.before) if after else (place.before, place.after)
    hours = place.hours_after if after else place.hours_before
    value = money(place.arr, place.currency) if place.arr else "\N{EM DASH}"
    cells = [
        f"{here}", f"{place.number}", shown(place.customer), shown(place.owner) or "nobody",
        shown(value), f"{there:,}", moves(hours),
    ]  # fmt: skip
    return {"cells": cells, "href": f"case?number={place.number}"}
