"""The boxes of one condition, and of one action: what each takes is what its field or deed needs.

Names in them are those of people and customers: they are options of boxes, never labels.
"""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from pages._look import shown
from pages._rule_draft import Draft, Row, box, whose
from services.domain.plays import Favour
from services.domain.rules.actions import (
    ASSIGN_TO,
    MOST_HOURS,
    MOST_MINUTES,
    NEEDS_ID,
    NOTIFY_WHOM,
    Do,
)
from services.domain.rules.conditions import FIELDS, Field, Kind
from services.rules.offering import Offer

Label = Callable[[Any], str]
UNSEEN: dict[str, Any] = {"label_visibility": "collapsed"}
YES = {True: "yes", False: "no"}


def value_box(draft: Draft, row: Row, offer: Offer) -> None:
    """What a condition is held against."""
    asked = FIELDS[row["field"]]
    if asked.named:
        _one(draft, row, "name", "Property", [*offer.props], shown, new=True)
    match asked.kind:
        case Kind.NUMBER:
            _whole(draft, row, "value", asked.label, 0, asked.most)
            st.caption(asked.unit, width="content")
        case Kind.YES:
            _one(draft, row, "value", asked.label, [*YES], YES.__getitem__)
        case Kind.TIMES:
            _times(draft, row)
        case Kind.CHOICE:
            choices = asked.choices or {}
            _several(draft, row, asked.label, [*choices], choices.__getitem__)
        case Kind.IDS:
            known = offer.units if row["field"] == "unit" else [*offer.called.names[row["field"]]]
            _several(
                draft, row, asked.label, known,
                lambda one: shown(offer.called.of(row["field"], one)),
            )  # fmt: skip
        case Kind.NAMES | Kind.WORDS:
            _texts(draft, row, asked, offer)


def _times(draft: Draft, row: Row) -> None:
    for part, words in (("start", "From"), ("end", "Until")):
        st.time_input(words, None, key=box(draft, row, part), step=300, width=110, **UNSEEN)


def _texts(draft: Draft, row: Row, asked: Field, offer: Offer) -> None:
    """Names are mostly known already; words are people's own, and all of them are to be seen."""
    if asked.kind is Kind.NAMES:
        _several(draft, row, asked.label, _known(row, offer), shown, new=True)
        return
    st.text_area(
        asked.label, key=box(draft, row, "lines"), height="content", width=400,
        placeholder="One word or phrase a line", **UNSEEN,
    )  # fmt: skip


def _known(row: Row, offer: Offer) -> Sequence[str]:
    if row["field"] == "property":
        return offer.props.get(row["name"] or "", ())
    return offer.names.get(row["field"], ())


def action_boxes(draft: Draft, row: Row, offer: Offer) -> None:
    """What an action needs to be said."""
    match row["do"]:
        case Do.ASSIGN:
            _whom(draft, row, offer, ASSIGN_TO)
        case Do.NOTIFY:
            _whom(draft, row, offer, NOTIFY_WHOM)
        case Do.PRIORITY:
            _whole(draft, row, "hours", "Hours forward", 1, MOST_HOURS)
            st.caption("hours", width="content")
        case Do.TAG:
            _one(draft, row, "name", "Tag", offer.tags, shown, new=True)
        case Do.PUSH:
            _one(draft, row, "vendor", "Vendor", offer.vendors, lambda one: _vendor(one, offer))
        case Do.MESSAGE:
            _message(draft, row, offer)
        case Do.ASK:
            _one(draft, row, "favour", "Favour", [*Favour], lambda one: Favour(one).label)
            _message(draft, row, offer)


def _vendor(name: str, offer: Offer) -> str:
    there = "" if name in offer.connected else " (not connected)"
    return f"{offer.called.vendors.get(name, name)}{there}"


def _whom(draft: Draft, row: Row, offer: Offer, known: Any) -> None:
    _one(draft, row, "to", "Whom", [*known], known.__getitem__)
    if row["to"] in NEEDS_ID:
        kind = whose(row)
        _one(draft, row, kind, "Who", [*offer.called.names[kind]],
             lambda one: shown(offer.called.of(kind, one)))  # fmt: skip


def _message(draft: Draft, row: Row, offer: Offer) -> None:
    if not offer.templates:
        st.caption("No template is shared yet: write one under Templates.")
    _one(draft, row, "template", "Template", offer.templates, shown)
    _whole(draft, row, "after", "Minutes to wait", 0, MOST_MINUTES)
    st.caption("minutes later", width="content")


def _whole(draft: Draft, row: Row, part: str, label: str, least: int, most: int) -> None:
    st.number_input(
        label, least, most, None, 1, key=box(draft, row, part), width=140, placeholder="Number",
        **UNSEEN,
    )  # fmt: skip


def _one(
    draft: Draft, row: Row, part: str, label: str, known: Sequence[Any], words: Label, *,
    new: bool = False,
) -> None:  # fmt: skip
    """One of those that are known; what is chosen already stays an option."""
    chosen = row[part]
    options = [*known, *([chosen] if chosen is not None and chosen not in known else [])]
    st.selectbox(
        label, options, None, key=box(draft, row, part), format_func=words, width=260,
        accept_new_options=new, placeholder=label, **UNSEEN,
    )  # fmt: skip


def _several(
    draft: Draft, row: Row, label: str, known: Sequence[Any], words: Label, *, new: bool = False
) -> None:
    options = [*known, *(one for one in row["value"] if one not in known)]
    st.multiselect(
        label, options, key=box(draft, row, "value"), format_func=words, accept_new_options=new,
        placeholder="Type and press Enter" if new else "Choose", width=400, **UNSEEN,
    )  # fmt: skip
