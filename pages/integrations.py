"""Integrations: which vendors the desk is connected to, how they are doing, and what they get."""

import streamlit as st

from db.engine import reading
from pages import _integration_form
from pages._ask import own_zone
from pages._door import actor
from pages._integration_parts import card
from pages._look import ASSETS, styles
from pages._mount import mount
from pages._notice import notice
from pages._people_parts import secret_shown
from services import config, integrations

styles()
st.html(ASSETS / "vendors.css")
notice(undoes=False)
st.title("Integrations", anchor=False)
secret_shown()
if config.load().loopdesk_demo:
    with st.container(border=True):
        st.text(_integration_form.DEMO)
with reading() as session:
    found = integrations.connections(session, actor())
zone = own_zone()
with st.container(width=800, gap="medium"):
    for one in found:
        card(one, zone)
    st.caption(
        "Secrets are kept encrypted and never shown. Addresses within your own network have to be "
        "allowed under Settings."
    )
mount("links", {}, "links")
