"""Differences: what vendors have otherwise than the ledger says was sent there."""

import streamlit as st

from pages._ask import failing_gently, fresh, own_zone
from pages._difference_parts import asked, compared, listed
from pages._look import styles
from pages._mount import mount
from pages._notice import notice
from services.insights import differences

styles()
notice(undoes=False)
st.title("Differences", anchor=False)
with failing_gently():
    rows, runs = fresh(differences.listed), fresh(differences.runs)
    asked(runs)
    listed(rows, runs, own_zone())
    compared(runs, own_zone())
    mount("links", {}, "links")
