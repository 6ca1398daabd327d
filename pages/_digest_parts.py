"""The form of a digest, what it would say now, and sending one at once."""

from base64 import b64encode
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from pages._ask import failing_gently, fresh
from pages._door import actor, now
from pages._look import element, shown
from pages._notice_parts import warn
from pages._people_parts import act
from services.digests import choosing, picture, sending, texts
from services.domain.digest_times import WEEKDAYS, said, upcoming
from services.insights.digest import Digest

SHOWN = "digest_shown"
SENT = "It is on its way; Deliveries says what became of it."


def form(own: Any, scopes: dict[str, str], zone: ZoneInfo) -> None:
    """One's own digest; hours are told in `zone`."""
    st.header("Yours", anchor=False)
    with st.form("digest", border=False):
        st.toggle("Send me a digest", own.enabled, key="digest_enabled")
        st.segmented_control(
            "How", list(choosing.VENDORS), default=own.vendor, required=True,
            key="digest_vendor", format_func=choosing.VENDORS.__getitem__,
        )  # fmt: skip
        when(own, scopes, "digest", zone)
        st.form_submit_button("Save", key="save_digest", type="primary", on_click=_save)
    if own.enabled:
        st.caption(_next(own, zone))
        warn(own.vendor, zone)
    if own.id:
        send_button(own.id, "Send me one now")


def when(row: Any, scopes: dict[str, str], key: str, zone: ZoneInfo) -> None:
    """Hour, days, what about, and whether on quiet days too."""
    st.selectbox(
        "At", range(24), row.hour, lambda n: f"{time(n):%H:%M}", key=f"{key}_hour",
        help=f"In {zone.key}.", width=160,
    )  # fmt: skip
    st.pills(
        "On", range(7), selection_mode="multi", default=row.days, key=f"{key}_days",
        format_func=lambda day: WEEKDAYS[day][:3],
    )  # fmt: skip
    names = list(scopes)
    at = names.index(row.scope) if row.scope in names else 0
    st.selectbox("About", names, at, scopes.__getitem__, key=f"{key}_scope")
    st.checkbox("Also when nothing happened", row.quiet, key=f"{key}_quiet")


def given(key: str) -> dict[str, Any]:
    """What `when` holds now."""
    names = ("hour", "days", "scope", "quiet", "enabled")
    return {name: st.session_state[f"{key}_{name}"] for name in names}


def send_button(digest_id: int, label: str) -> None:
    """One at once, for a look at it."""

    def send() -> None:
        act(lambda session: sending.send_now(session, actor(), digest_id, now=now()), SENT)

    st.button(label, key=f"digest_now_{digest_id}", on_click=send)


def preview(scope: str) -> None:
    """What it would say now, once it is asked for: it takes a moment to put together."""
    st.header("What it says", anchor=False)
    if not st.session_state.get(SHOWN):
        st.text("The NPS of twelve weeks as a picture, then what happened since the one before.")
        st.button("Show today's", key="show_digest", on_click=_show)
        return
    with failing_gently():
        _tell(fresh(sending.preview, scope=scope, now=now()))


def _show() -> None:
    st.session_state[SHOWN] = True


def _tell(found: Digest) -> None:
    if any(week["n"] for week in found.chart["points"]):
        st.html(_picture(found))
    else:
        st.text(f"{found.chart['title']}.")
    st.text(f"{texts.since(found)}{': nothing new, nothing due.' if found.quiet else ':'}")
    for part in found.parts:
        st.markdown(f"**{part.title}**")
        st.text("\n".join(f"- {shown(line.text)}" for line in part.lines))


def _picture(found: Digest) -> str:
    data = b64encode(picture.png(found.chart)).decode()
    return element(
        "img", "chart", src=f"data:image/png;base64,{data}", alt=picture.alt(found.chart),
        width="600", style="max-width: 100%; height: auto; border-radius: 8px",
    )  # fmt: skip


def _next(own: Any, zone: ZoneInfo) -> str:
    at = upcoming(now(), own.hour, zone, own.days)
    when = f"Next: {at.astimezone(zone):%A %d %b, %H:%M} ({zone.key})." if at else ""
    return f"{said(own.days)}. {when}"


def _save() -> None:
    wanted = given("digest") | {"vendor": st.session_state["digest_vendor"], "zone": None}
    act(lambda session: choosing.choose(session, actor(), wanted, now=now()), "Saved.")
