"""Cases that are one matter become one, and answers that are another one get a case of their own.

Names and words of customers are plain text, never labels.
"""

from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from pages import _door
from pages._ask import ask, fresh, minute
from pages._case_acts import do
from pages._look import link, shown
from pages._notice import UNDO
from pages._people_parts import SAID
from pages._queue_parts import customer
from services.access import Refused, Stale
from services.cases import merging
from services.domain.lifecycle import UNRESOLVED
from services.domain.roles import Verb
from services.insights.case_file import CaseFile, case_file
from services.insights.case_merges import alike
from services.insights.case_rows import CaseRow
from services.insights.verbatims import Verbatim

MOST = 60  # characters of an answer in the offer
NAMELESS = "somebody without a name"


def followed(number: int, zone: ZoneInfo) -> CaseFile:
    """The case of this number, or the one that it was merged into, and words that say so."""
    file = fresh(case_file, number, now=_door.now(), zone=zone)
    if file.merged_into is None:
        return file
    st.text(f"Case {number} was merged into case {file.merged_into}, which is shown here.")
    return fresh(case_file, file.merged_into, now=_door.now(), zone=zone)


def several(file: CaseFile) -> bool:
    """Whether the answers of the case are of more than one person."""
    return len({answer.contact_id for answer in file.answers}) > 1


def merge_box(file: CaseFile, zone: ZoneInfo) -> None:
    """What could be merged with the case, and what could be split off it; for those who may."""
    row = file.row
    if not _door.actor().may(Verb.BULK) or row.status not in UNRESOLVED:
        return
    found = ask(alike, row.number, now=minute())
    with st.container(key="merge"):
        if found:
            st.header("Open, of the same person or company", anchor=False)
        for other in found:
            _offer(row, other)
        if len(file.answers) > 1:
            _split(file, zone)


def _offer(row: CaseRow, other: CaseRow) -> None:
    same = other.contact_id is not None and other.contact_id == row.contact_id
    who = "the same person" if same else customer(other)
    score = "" if other.score is None else f", score {other.score}"
    said = f": {_brief(other.said)}" if other.said else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(link(f"Case {other.number}", f"case?number={other.number}"), width="content")
        st.text(f"{who}{score}{said}", width="stretch")
        with st.popover("Merge", type="tertiary", key=f"merge_{other.number}_{row.version}"):
            st.text("Answers and tags move; the earlier promise holds. It can be taken back.")
            for goes, stays in ((other, row), (row, other)):
                st.button(
                    f"Case {goes.number} into case {stays.number}", on_click=_merge,
                    key=f"into_{goes.number}_{stays.number}", args=(goes, stays),
                )  # fmt: skip


def _merge(goes: CaseRow, stays: CaseRow) -> None:
    """The page goes on with the case that stays: there it can be taken back."""

    def verb(session: Any, actor: Any, number: int, **given: Any) -> Any:
        return merging.merge(session, actor, goes.number, into=number, **given)

    words = f"Case {goes.number} was merged into it."
    if do(verb, stays.number, words, version=goes.version, into_version=stays.version):
        st.query_params["number"] = str(stays.number)


def _brief(text: str) -> str:
    """The beginning of what somebody wrote, in one line, cut between words."""
    line = " ".join(shown(text).split())
    if len(line) <= MOST:
        return line
    head = line[: MOST - 1]
    whole = head if line[MOST - 1] == " " else head.rpartition(" ")[0]
    return f"{(whole or head).rstrip()}\N{HORIZONTAL ELLIPSIS}"


def _split(file: CaseFile, zone: ZoneInfo) -> None:
    row = file.row
    key = f"split_{row.number}_{row.version}"
    with st.popover("Split off answers", type="tertiary", key=f"{key}_box"):
        st.text("Another matter: these answers get a case of their own, with its own clock.")
        for answer in file.answers:
            _choice(answer, zone, f"{key}_{answer.id}", named=several(file))
        if why := st.session_state.pop(f"{key}_why", ""):
            with st.container(border=True, key="split_why"):
                st.text(shown(why))
        ids = [answer.id for answer in file.answers]
        st.button("Split off", key=f"{key}_do", on_click=_parted, args=(row, key, ids))


def _choice(answer: Verbatim, zone: ZoneInfo, key: str, *, named: bool) -> None:
    """An answer to be ticked, and below it whose it is and what it says."""
    on = f"{answer.answered_at.astimezone(zone):%d %b %Y}"
    who = [_brief(answer.name) or NAMELESS] if named else []
    said = [_brief(answer.comment)] if answer.comment else []
    with st.container(gap="xxsmall"):
        st.checkbox(f"{on}, score {answer.score}", key=key)
        if who or said:
            st.text(": ".join(who + said))


def _parted(row: CaseRow, key: str, ids: list[int]) -> None:
    """Refused: the box says why, what was ticked stays. One who was slower sees another box, so
    the corner says it."""
    made: list[int] = []
    why: list[str] = []

    def verb(*args: Any, **given: Any) -> Any:
        try:
            done = merging.split(*args, **given)
        except Refused as refused:
            why.extend([] if isinstance(refused, Stale) else [str(refused)])
            raise
        made.append(done.new)
        return done

    chosen = [one for one in ids if st.session_state.get(f"{key}_{one}")]
    if do(verb, row.number, "", responses=chosen, version=row.version):
        number, event_id, _, until = st.session_state[UNDO]
        words = f"Split off as case {made[0]}."
        st.session_state[UNDO] = (number, event_id, words, until)
    elif why:
        del st.session_state[SAID]
        st.session_state[f"{key}_why"] = why[0]
