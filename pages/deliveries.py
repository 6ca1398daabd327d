"""Deliveries: what left for vendors and customers, what did not, what a person must decide."""

import streamlit as st

from pages._ask import failing_gently, fresh, own_zone
from pages._delivery_list import listed
from pages._delivery_parts import announce, filters, nothing, tab_bar, turn
from pages._delivery_url import asked, place
from pages._ledger import checked
from pages._look import styles
from pages._mount import mount
from pages._notice import notice
from services.insights import delivery_rows

styles()
notice(undoes=False)
st.title("Deliveries", anchor=False)
with failing_gently():
    wanted, before = asked(), place()
    found = fresh(delivery_rows.tabs, wanted)
    if any(found.values()) or wanted.narrowed_down:
        tab_bar(wanted, found)
        filters(wanted)
    rows = fresh(delivery_rows.listed, wanted, before=before)
    if rows:
        listed(rows, own_zone())
        turn(wanted, rows, before)
    else:
        nothing(wanted, found)
    checked()
    mount("links", {}, "links")
    announce(wanted, found)
