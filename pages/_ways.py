"""From a case to the others: back to the list that one came from, and along the queue."""

from zoneinfo import ZoneInfo

import streamlit as st

from pages._ask import ask, minute
from pages._case_url import remembered
from pages._door import actor
from pages._keys import keys
from pages._look import element, link
from services.insights.case_rows import CaseRow
from services.insights.case_walk import next_after


def ways(row: CaseRow, zone: ZoneInfo) -> None:
    """Links for the mouse, and the same for the keyboard."""
    found, others = [link("Case queue", remembered())], dict[str, str | None]()
    for name, label in (("back", "Previous case"), ("next", "Next case")):
        back = name == "back"
        other = ask(next_after, row.number, now=minute(), me=actor().id, back=back)
        others[name] = other and f"case?number={other}"
        if other is not None:
            found.append(link(label, f"case?number={other}"))
    st.html(element("nav", "ways", *found, **{"aria-label": "Other cases"}))
    keys("case", zone, row, **others)
