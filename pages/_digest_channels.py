"""Digests for Slack channels; for those who lead."""

from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from db.engine import reading
from pages._digest_parts import given, send_button, when
from pages._door import actor, now
from pages._notice_parts import warn
from pages._people_parts import act, zone_box
from services.digests import choosing
from services.domain.digest_times import said


def show(scopes: dict[str, str], zone: ZoneInfo) -> None:
    """The channels that are told, and the form for one more or another hour."""
    st.header("Channels", anchor=False)
    st.text(
        "A channel is told what its maker may see when it is sent, and everybody in the channel "
        "reads it. It holds figures, case numbers and companies; what customers wrote stays here."
    )
    warn("slack", zone)
    with reading() as session:
        found = choosing.channels(session, actor())
    for one in found:
        _channel(one, zone)
    if not found:
        st.text("No channel is told yet.")
    _form(scopes, zone)


def _channel(one: choosing.ChannelDigest, zone: ZoneInfo) -> None:
    row = one.row
    whose = f"{one.maker} left: nothing is sent until somebody saves it" if one.gone else one.maker
    state = "" if row.enabled else "Off. "
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.text(
            f"{row.channel}\n{state}{said(row.days)} at {time(row.hour):%H:%M}, "
            f"{row.zone or zone.key}. As seen by: {whose}",
            width="stretch",
        )
        if row.id:
            send_button(row.id, "Send one now")
        st.button("Remove", key=f"digest_remove_{row.id}", on_click=_remove, args=(row.id,))


def _form(scopes: dict[str, str], zone: ZoneInfo) -> None:
    usual = choosing.usual()
    with st.form("channel", border=True, width=640):
        st.text_input(
            "Channel ID", key="channel_channel", placeholder="C0123456789",
            help="At the end of the channel's details. The app has to be in the channel. "
            "One that is told already is changed.",
        )  # fmt: skip
        zone_box("Time zone", zone.key, "channel_zone")
        when(usual, scopes, "channel", zone)
        st.toggle("Send it", True, key="channel_enabled")
        st.form_submit_button("Save the channel", key="save_channel", on_click=_save)


def _save() -> None:
    state = st.session_state
    wanted: dict[str, Any] = given("channel") | {"zone": state["channel_zone"]}
    channel = state["channel_channel"]

    def keep(session: Any) -> int:
        return choosing.tell_channel(session, actor(), channel, wanted, now=now())

    act(keep, "Saved. You are the one whose sight it has.")


def _remove(digest_id: int) -> None:
    def remove(session: Any) -> bool:
        choosing.forget_channel(session, actor(), digest_id, now=now())
        return True

    act(remove, "Removed.")
