"""Business hours, the desk's and a team's: seen, typed, saved, and proved by a sentence."""

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from db.engine import reading
from pages._door import actor, now
from pages._people_parts import act, zone_box
from services import calendars, desk, settings
from services.domain.hours import KEYS, NAMES
from services.domain.sla import Calendar, standard

OWN = "Own hours"
FIELDS = ("zone", *KEYS, "holidays")
Keep = Callable[[Any, dict[str, Any]], Any]


def of_desk() -> None:
    """The hours of everybody whose team has none of its own."""
    with reading() as session:
        kept = settings.get(session, "business_hours")
        usual = standard(settings.get(session, "reporting_zone"))

    def keep(session: Any, wanted: dict[str, Any]) -> Any:
        return desk.change(session, actor(), "business_hours", wanted, now=now())

    _edit("desk", kept, usual, "Monday to Friday, 9 to 17, in the reporting time zone", keep)


def of_team(team: Any) -> None:
    """A team's own hours, or the desk's."""
    with reading() as session:
        usual = calendars.calendar_of(session, None)

    def keep(session: Any, wanted: dict[str, Any]) -> Any:
        return calendars.set_team_calendar(session, actor(), team.id, wanted or None, now=now())

    _edit(f"team_{team.id}", team.calendar, usual, "As the desk", keep)


def _edit(name: str, kept: dict[str, Any], usual: Calendar, words: str, keep: Keep) -> None:
    """The choice between the usual hours (`words` says which) and own ones, and what holds now."""
    own = Calendar.parse(kept) if kept else None
    key = f"hours_{name}_{hash(own)}"  # what was typed stays until other hours are kept
    with st.expander("Business hours"):
        whose = st.radio("Which hours", [words, OWN], int(own is not None), key=f"{key}_whose")
        if own or whose == OWN:
            with st.form(key, border=False):
                if whose == OWN:
                    _fields(key, own or usual)
                if wrong := st.session_state.pop(f"{key}_wrong", ""):
                    st.error(wrong)
                st.form_submit_button("Save the hours", on_click=partial(_save, key, keep))
    with reading() as session:
        st.caption(calendars.promise(session, own or usual, now=now()))


def _fields(key: str, shown: Calendar) -> None:
    days, rest = st.columns(2, gap="medium")
    with days:
        for day, name, spans in zip(KEYS, NAMES, shown.week, strict=True):
            text = calendars.to_text(spans)
            st.text_input(name, text, key=f"{key}_{day}", placeholder="closed", max_chars=200)
    with rest:
        zone_box("Time zone", shown.zone, f"{key}_zone")
        dates = "\n".join(day.isoformat() for day in sorted(shown.holidays))
        st.text_area("Holidays, one a line", dates, height=320, key=f"{key}_holidays",
                     placeholder="2026-12-25")  # fmt: skip
        st.caption("Hours look like 09:00-12:30, 13:30-17:00; a day without hours is closed.")


def _save(key: str, keep: Keep) -> None:
    try:
        wanted = _typed(key) if st.session_state[f"{key}_whose"] == OWN else {}
    except ValueError as error:
        st.session_state[f"{key}_wrong"] = f"{error}. Nothing was changed."
    else:
        act(lambda session: keep(session, wanted), "Saved.")


def _typed(key: str) -> dict[str, Any]:
    zone, *days, holidays = (st.session_state[f"{key}_{name}"] for name in FIELDS)
    return calendars.from_text(zone, dict(zip(KEYS, days, strict=True)), holidays).to_json()
