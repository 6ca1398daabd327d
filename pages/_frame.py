"""The entry script of every run: who is here, which pages they have, and the menu."""

from pathlib import Path

import streamlit as st

from pages import _door
from pages._menu import MENU, titled
from services import config

HERE = Path(__file__).parent

st.set_page_config(
    page_title="Loopdesk", page_icon=str(HERE.parent / "static" / "icon.png"), layout="wide"
)
st.html(HERE / "_frame.css")

actor = _door.arrive()
opened = {
    entry.file: st.Page(
        HERE / entry.file,
        title=entry.title,
        url_path=entry.url_path or None,
        default=not entry.url_path,
        visibility="visible" if entry.listed else "hidden",
    )
    for entry in MENU
    if actor.may(entry.verb)
}
page = st.navigation(list(opened.values()), expanded=True)
with st.sidebar.container(key="who", gap="xxsmall"):
    st.text(actor.name)
    st.caption(_door.part(actor))
    if config.load().loopdesk_demo:
        st.caption("A demo: nothing is sent to anybody.")
    st.page_link(opened["you.py"])
    st.button("Sign out", key="sign_out", on_click=_door.sign_out, type="tertiary")
titled(page.title)
page.run()
