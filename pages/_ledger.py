"""Whether the ledger of what was sent is as it was written, for those who lead."""

import streamlit as st

from pages import _door
from pages._ask import fresh
from pages._people_parts import small
from services.domain.roles import Verb
from services.insights.words import ago
from services.ledger.nightly import last_night

NOT_YET = "The ledger of these deliveries has not been checked yet: that is done every night."
WRONG = "The ledger is not as it was written"
UNKNOWN = "The ledger could not be checked"
AFTER = "Somebody has written into the database past the desk. An admin finds out where: "
AGAIN = "It is tried again every ten minutes. An admin checks it at once: "
SHELL = "python -m services.cli ledger verify"


def checked() -> None:
    """The last check in words; what is wrong stands out."""
    if not _door.actor().may(Verb.READ_AUDIT):
        return
    night = fresh(last_night)
    if night is None:
        small(NOT_YET, "ledger")
        return
    said = f"Ledger: {night.said} Checked {ago(night.at, _door.now())}."
    if night.intact:
        small(said, "ledger")
        return
    with st.container(border=True, key="ledger_wrong"):
        st.header(WRONG if night.ended else UNKNOWN, anchor=False)
        st.text(said)
        for line in night.named:
            st.text(line)
        if night.named:
            st.text(f"{AFTER}{SHELL}")
        if not night.ended:
            st.text(f"{AGAIN}{SHELL}")
