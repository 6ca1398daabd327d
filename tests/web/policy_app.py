"""Streamlit under the desk's policy, without the gate: what `policy_page` draws must work."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from services.web.security import SecurityHeaders

app = st.App(
    Path(__file__).with_name("policy_page.py"),
    middleware=[Middleware(SecurityHeaders)],
)
