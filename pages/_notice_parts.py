"""What somebody wants to hear of, and how; on the page of their own account."""

from datetime import time
from zoneinfo import ZoneInfo

import streamlit as st

from db.engine import reading
from pages._door import actor, now
from pages._parts import PAGES
from pages._people_parts import act
from services import integrations, notices
from services.domain.roles import Verb
from services.insights.vendor_words import condition
from services.notices import KINDS, RHYTHMS, WAYS

ADMINS = "vendor"  # the kind that only they are told of
TITLES = {"email": "E-mail", "slack": "Slack"}


def show(wanted: dict[str, object], zone: ZoneInfo) -> None:
    """The choices; `wanted` are the ones that hold, hours are told in `zone`."""
    st.header("What you want to hear of", anchor=False)
    kinds = [kind for kind in KINDS if kind != ADMINS or actor().may(Verb.ADMINISTER)]
    hour = int(str(wanted["hour"]))
    with st.form("notices", border=False):
        st.segmented_control(
            "How", list(WAYS), default=wanted["way"], required=True, key="notice_way",
            format_func=WAYS.__getitem__,
        )  # fmt: skip
        st.segmented_control(
            "When", list(RHYTHMS), default=wanted["when"], required=True, key="notice_when",
            format_func=RHYTHMS.__getitem__,
        )  # fmt: skip
        st.selectbox(
            "If once a day: at", range(24), hour, lambda n: f"{time(n):%H:%M}", key="notice_hour",
            help=f"In {zone.key}.", width=160,
        )  # fmt: skip
        st.caption("Of what")
        for kind in kinds:
            st.checkbox(KINDS[kind], kind in wanted["kinds"], key=f"notice_{kind}")  # type: ignore[operator]
        st.form_submit_button("Save the choice", key="save_notices", on_click=_save, args=(kinds,))
    warn(str(wanted["way"]), zone)
    st.page_link(PAGES / "digests.py", label="Digests: the whole desk, once a day")


def warn(way: str, zone: ZoneInfo) -> None:
    """Say so where nothing would come."""
    if way in TITLES:
        with reading() as session:
            row = integrations.connected(session).get(way)
        how = condition(row, now(), zone)
        if how.held:
            st.caption(f"{TITLES[way]} is {how.words}: what is for you waits until then.")


def _save(kinds: list[str]) -> None:
    state = st.session_state
    given = {
        "way": state["notice_way"], "when": state["notice_when"], "hour": state["notice_hour"],
        "kinds": [kind for kind in kinds if state[f"notice_{kind}"]],
    }  # fmt: skip

    def choose(session: object) -> bool:
        notices.choose(session, actor(), **given)
        return True

    act(choose, "Saved.")
