"""Case: what happened, what did we promise, what do I say?"""

from zoneinfo import ZoneInfo

import streamlit as st

from pages._ask import ask, failing_gently, fresh, minute, own_zone
from pages._cards import cards
from pages._case_acts import acts, undo_bar
from pages._case_parts import earlier, head, steps
from pages._composer import composer
from pages._door import actor, now
from pages._live import announce_cases, drawn
from pages._look import styles
from pages._parts import PAGES, go_to, travel
from pages._people_parts import say
from pages._url import whole_number
from services.access import Refused
from services.domain.roles import Verb
from services.insights.case_file import CaseFile, case_file
from services.insights.queue import next_case


def ways(number: int) -> None:
    """Back to the queue, and on to the case to do next."""
    following = ask(next_case, after=number, now=minute(), me=actor().id)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="ways"):
        st.page_link(PAGES / "case_queue.py", label="Case queue")
        if following is not None:
            st.button(
                "Next case", key="next_case", type="tertiary", on_click=go_to,
                args=(f"case?number={following}",),
            )  # fmt: skip


def show(file: CaseFile, zone: ZoneInfo) -> None:
    """The whole case."""
    row, may = file.row, actor().may(Verb.WORK_CASES)
    head(file, zone)
    if may:
        acts(row, zone)
    undo_bar(row.number)
    left, right = st.columns(2, gap="large")
    with left:
        st.header("What they said", anchor=False)
        label = f"Answers of case {row.number}"
        cards(file.answers, zone=zone.key, label=label, who=False, of_case=True)
        earlier(file, zone)
    with right:
        if may:
            composer(row.number, zone)
        st.header("What happened", anchor=False)
        steps(file, zone)


styles()
say()
with failing_gently():
    since, asked = drawn(), whole_number("number")
    try:
        found = fresh(case_file, asked or 0, now=now())
    except Refused:
        st.title("No such case", anchor=False)
        st.text("It does not exist, or it belongs to a unit whose cases you do not see.")
        st.page_link(PAGES / "case_queue.py", label="Case queue")
    else:
        ways(found.row.number)
        show(found, own_zone())
        travel()
        announce_cases(since, number=found.row.number)
