"""Case: what happened, what did we promise, what do I say?"""

from zoneinfo import ZoneInfo

import streamlit as st

from pages._ask import ask, failing_gently, fresh, minute, own_zone
from pages._cards import cards
from pages._case_acts import acts
from pages._case_parts import earlier, head, steps, unseen
from pages._case_url import remembered
from pages._composer import composer
from pages._door import actor, now
from pages._live import announce_cases, drawn
from pages._look import element, link, styles
from pages._menu import titled
from pages._mount import mount
from pages._notice import notice
from pages._parts import PAGES
from pages._sent import push, sent
from pages._url import whole_number
from services.access import Refused
from services.domain.roles import Verb
from services.insights.case_file import CaseFile, case_file
from services.insights.case_walk import next_after


def ways(number: int) -> None:
    """Back to the list that one came from, and along the cases in the order of the queue."""
    found = [link("Case queue", remembered())]
    for label, back in (("Previous case", True), ("Next case", False)):
        other = ask(next_after, number, now=minute(), me=actor().id, back=back)
        if other is not None:
            found.append(link(label, f"case?number={other}"))
    st.html(element("nav", "ways", *found, **{"aria-label": "Other cases"}))


def show(file: CaseFile, zone: ZoneInfo) -> None:
    """The whole case."""
    row, may = file.row, actor().may(Verb.WORK_CASES)
    head(file, zone)
    if may:
        acts(row, zone, push)
    left, right = st.columns(2, gap="large")
    with left:
        st.header("What they said", anchor=False)
        label = f"Answers of case {row.number}"
        cards(file.answers, zone=zone.key, label=label, who=False, of_case=True)
        unseen(file)
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
notice(only=number)
with failing_gently():
    since, zone = drawn(), own_zone()
    try:
        found = fresh(case_file, number, now=now(), zone=zone)
    except Refused:
        st.title("No such case", anchor=False)
        st.text("It does not exist, or it belongs to a unit whose cases you do not see.")
        st.page_link(PAGES / "case_queue.py", label="Case queue")
    else:
        ways(number)
        show(found, zone)
        mount("links", {}, "links")
        announce_cases(since, number=number)
