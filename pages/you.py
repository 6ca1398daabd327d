"""Your account: name, time zone, password, and where you are signed in."""

from zoneinfo import ZoneInfo

import streamlit as st

from db.engine import reading
from pages import _notice_parts, _own_work, _person_form
from pages._door import actor, here, now
from pages._people_parts import act, say, zone_box
from services import browsers, notices, own_account, passwords, settings
from services.access import Refused
from services.sign_in import configuring


def save() -> None:
    """Keep the name and the zone that the form says."""
    given = {"name": st.session_state["you_name"], "time_zone": st.session_state["you_zone"]}
    act(lambda session: own_account.change_own(session, actor(), now=now(), **given), "Saved.")


def change_password() -> None:
    """Count the attempt, then set the new password if the current one is right."""
    names = ("current", "new", "again")
    current, new, again = (st.session_state[f"you_{name}"] for name in names)

    def change(session: object) -> int:
        if new != again:
            raise Refused("The two new passwords differ; nothing was changed.")
        return own_account.change_password(
            session, actor(), tried, current=current, new=new, here=here(), now=now()
        )

    tried = act(lambda session: own_account.attempt(session, actor(), now=now()), "")
    if tried:
        act(change, "Your password is changed. Other browsers are signed out.")


def end(session_id: int) -> None:
    """Sign out of one of your browsers."""
    act(lambda session: browsers.end_own(session, actor(), session_id, now=now()), "Signed out.")


def end_others() -> None:
    """Sign out everywhere but here."""
    act(
        lambda session: browsers.end_others(session, actor(), here=here(), now=now()), "Signed out."
    )


st.title("Your account", anchor=False)
say()
with reading() as session:
    me = own_account.me(session, actor())
    zone = settings.reporting_zone(session)
    found = browsers.own(session, actor(), here=here(), now=now())
    by_password = configuring.by_password(session)
left, right = st.columns(2, gap="large")
with left:
    with st.form("you", border=False):
        st.text_input("Name", me.name, max_chars=80, key="you_name")
        zone_box("Time zone", me.time_zone, "you_zone", none=f"The desk's ({zone.key})")
        st.form_submit_button("Save", on_click=save, type="primary")
    _own_work.show(me, zone)
    if by_password:
        st.header("Password", anchor=False)
        with st.form("password", clear_on_submit=True, border=False):
            st.text_input("Current password", type="password", key="you_current")
            rule = f"{passwords.SHORTEST} characters or more"
            st.text_input("New password", type="password", key="you_new", help=rule)
            st.text_input("New password again", type="password", key="you_again")
            st.form_submit_button("Change the password", on_click=change_password)
with right:
    _notice_parts.show(notices.wishes(me), ZoneInfo(me.time_zone or zone.key))
    st.header("Where you are signed in", anchor=False)
    _person_form.browser_list(found, ZoneInfo(me.time_zone or zone.key), end)
    st.button("Sign out everywhere else", on_click=end_others, disabled=len(found) < 2)
