"""Digests: what is new, due, broken and done, told at one's hour or to a channel."""

import streamlit as st

from db.engine import reading
from pages import _digest_channels, _digest_parts
from pages._ask import own_zone
from pages._door import actor
from pages._people_parts import say
from services.digests import choosing

st.title("Digests", anchor=False)
say()
st.text(
    "What is new, due, broken and done on the desk, at an hour of your choice. News of single "
    "cases of yours is chosen under Your account, and comes as well."
)
with reading() as session:
    own = choosing.own(session, actor())
    scopes = choosing.scopes(session, actor())
    zone = choosing.zone_of(session, own)
left, right = st.columns([2, 3], gap="large")
with left:
    _digest_parts.form(own, scopes, zone)
with right:
    _digest_parts.preview(own.scope)
if choosing.leads(actor()):
    _digest_channels.show(scopes, own_zone())
