"""The case that is chosen, beside the list: what was said, what happened last, what can be done."""

from zoneinfo import ZoneInfo

import streamlit as st

from pages import _door
from pages._cards import cards
from pages._case_acts import acts
from pages._case_parts import STANDS, alarmed, steps, unseen
from pages._case_url import choose
from pages._composer import composer
from pages._facts import facts
from pages._look import link, shown
from pages._merge import followed
from pages._queue_parts import customer
from pages._tags import tags_box
from services.access import Refused
from services.domain.lifecycle import Status
from services.domain.roles import Verb
from services.insights.case_file import CaseFile
from services.insights.case_rows import CaseRow
from services.insights.case_words import standing

LATEST = 3  # steps of the journal that are shown


def panel(number: int, zone: ZoneInfo) -> CaseRow | None:
    """The chosen case, by its number; None where it is not to be seen."""
    try:
        file = followed(number, zone)
    except Refused as refused:
        st.text(str(refused))
        return None
    may = _door.actor().may(Verb.WORK_CASES)
    with st.container(key="panel", border=True):
        _head(file, zone)
        if may:
            acts(file.row, zone)
            tags_box(file.row)
        number = file.row.number
        label = f"Answers of case {number}"
        cards(file.answers, zone=zone.key, label=label, key="panel_cards", of_case=True)
        unseen(file)
        if may:
            composer(file.row, zone)
        steps(file, zone, key="panel_journal", most=LATEST)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.html(link("Everything about it", f"case?number={number}"))
            st.button("Close", key="unchoose", type="tertiary", on_click=choose, args=(None,))
    return file.row


def _head(file: CaseFile, zone: ZoneInfo) -> None:
    row = file.row
    stands = standing(row, _door.now(), zone)
    mine = row.owner_id is not None and row.owner_id == _door.actor().id
    owner = "you" if mine else shown(row.owner) or "nobody"
    why = "; ".join(row.why) if row.status is not Status.RESOLVED else ""
    facts(
        "panel_head", title=f"Case {row.number}: {customer(row)}", level=2,
        chips=[
            *alarmed(row), (row.status.value, "accent"), (stands.words, STANDS[stands.tone]),
        ],
        here=row.number,
        subtitle=[f"Owner: {owner}", f"Why now: {why}" if why else ""],
    )  # fmt: skip
