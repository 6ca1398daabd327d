"""Case: what happened, what did we promise, what do I say?"""

from zoneinfo import ZoneInfo

import streamlit as st

from pages._ask import failing_gently, own_zone
from pages._cards import cards
from pages._case_acts import acts
from pages._case_parts import earlier, head, steps, unseen
from pages._composer import composer
from pages._door import actor
from pages._keys import listen
from pages._live import announce_cases, drawn
from pages._look import styles
from pages._menu import titled
from pages._merge import followed, merge_box, several
from pages._mount import mount
from pages._notice import notice
from pages._parts import PAGES
from pages._play import play_box
from pages._sent import push, sent
from pages._tags import tags_box
from pages._two_sides import sides_box
from pages._url import whole_number
from pages._ways import ways
from pages._why_here import why_box
from services.access import Refused
from services.domain.roles import Verb
from services.insights.case_file import CaseFile


def show(file: CaseFile, zone: ZoneInfo) -> None:
    """The whole case."""
    row, may = file.row, actor().may(Verb.WORK_CASES)
    head(file, zone)
    why_box(row, zone)
    sides_box(row.number, may=may)
    if may:
        acts(row, zone, push)
        tags_box(row)
    left, right = st.columns(2, gap="large")
    with left:
        st.header("What they said", anchor=False)
        label = f"Answers of case {row.number}"
        cards(file.answers, zone=zone.key, label=label, who=several(file), of_case=True)
        unseen(file)
        play_box(row.number)
        merge_box(file, zone)
        earlier(file, zone)
    with right:
        if may:
            composer(row, zone)
        sent(row.number, zone)
        st.header("What happened", anchor=False)
        steps(file, zone)


number = whole_number("number") or 0
titled(f"Case {number}")
styles()
listen()
notice(only=number)
with failing_gently():
    since, zone = drawn(), own_zone()
    try:
        found = followed(number, zone)
        if found.row.number != number:
            number = found.row.number
            titled(f"Case {number}")
    except Refused:
        st.title("No such case", anchor=False)
        st.text("It does not exist, or it belongs to a unit whose cases you do not see.")
        st.page_link(PAGES / "case_queue.py", label="Case queue")
    else:
        ways(found.row, zone)
        show(found, zone)
        mount("links", {}, "links")
        announce_cases(since, number=number)
