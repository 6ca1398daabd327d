"""What can be done to a case, wherever it is shown. Every act carries the version that was seen."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from pages import _door
from pages._ask import ask
from pages._look import shown
from pages._mount import mount
from pages._notice import OFFERED, UNDO
from pages._people_parts import SAID, act
from services.access import Refused
from services.cases import causes, sleeping, verbs
from services.cases.sleeping import MORNING
from services.domain.lifecycle import Outcome, Status
from services.insights.case_rows import CaseRow
from services.insights.desk_people import desk

ANY_TIME = "Another day or time"
PICKED = "%Y-%m-%dT%H:%M"  # as a browser says a day and a time


def do(
    verb: Callable[..., Any], number: int, words: str, *, offered: timedelta = OFFERED, **given: Any
) -> bool:
    """Do a verb in a transaction of its own; whether it was done.

    `notice` says `words` for as long as taking it back is `offered`.
    """
    done = act(lambda session: verb(session, _door.actor(), number, now=_door.now(), **given), "")
    if done is None:
        st.session_state.pop(UNDO, None)  # beside a refusal it would seem to be about that
        return False
    st.session_state[UNDO] = (number, done.event_id, words, _door.now() + offered)
    return True


def taking(owner_id: int | None) -> str:
    """What it is called to make a case one's own."""
    return "Take" if owner_id is None else "Take over"


def acts(row: CaseRow, zone: ZoneInfo, more: Callable[[int], None] = lambda _: None) -> None:
    """The buttons that fit where the case stands, and `more` behind them."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="acts"):
        if row.status is Status.RESOLVED:
            _button("Reopen", verbs.reopen, row, "Reopened.")
            more(row.number)
            return
        _owner(row)
        _resolve(row)
        if row.status is Status.WAITING:
            _button("Take it up again", verbs.resume, row, "The clock runs on.")
        else:
            _button("Wait for the customer", verbs.wait, row, "The clock stands still.")
        if row.snoozed_until and row.snoozed_until > _door.now():
            _button("Wake", verbs.wake, row, "Back in the queue.")
        else:
            _snooze(row, zone)
        more(row.number)


def _button(label: str, verb: Callable[..., Any], row: CaseRow, words: str) -> None:
    st.button(
        label, key=f"act_{verb.__name__}", on_click=do, args=(verb, row.number, words),
        kwargs={"version": row.version},
    )  # fmt: skip


def assign_to_me(number: int, version: int) -> None:
    """Take the case."""
    me = _door.actor().id
    do(verbs.assign, number, "Assigned to you.", to=me, version=version)


def _owner(row: CaseRow) -> None:
    me = _door.actor().id
    if row.owner_id != me:
        st.button(
            taking(row.owner_id), key="act_take", type="primary", on_click=assign_to_me,
            args=(row.number, row.version),
        )  # fmt: skip
    # Another version is another box: it closes once something was chosen in it.
    with st.popover("Assign", key=f"act_assign_{row.version}"):
        known = ask(desk)
        people, teams = known.people, known.teams
        key = f"assign_{row.number}_{row.version}"
        st.selectbox(
            "Owner", [*people, None], [*people, None].index(row.owner_id if row.owner_id in people
            else None), key=key, format_func=lambda one: shown(known.called(one, _door.now())),
            on_change=_assign, args=(row, key),
        )  # fmt: skip
        team = f"team_{row.number}_{row.version}"
        st.selectbox(
            "Or a team, for anybody of it", list(teams), None, key=team,
            format_func=lambda one: shown(teams[one]), on_change=_assign_team, args=(row, team),
            placeholder="Choose a team",
        )  # fmt: skip


def _assign(row: CaseRow, key: str) -> None:
    to = st.session_state[key]
    known = ask(desk)
    name = known.called(to, _door.now())
    words = f"Assigned to {name}." if to in known.people else "Nobody owns it now."
    do(verbs.assign, row.number, words, to=to, version=row.version)


def _assign_team(row: CaseRow, key: str) -> None:
    team_id = st.session_state[key]
    if team_id is not None:
        words = f"Handed to {ask(desk).teams[team_id]}."
        do(verbs.assign_team, row.number, words, team_id=team_id, version=row.version)


def _resolve(row: CaseRow) -> None:
    known = dict(ask(causes.in_use))
    with (
        st.popover("Resolve", key="act_resolve"),
        st.form(f"resolve_{row.number}", border=False),
    ):
        st.selectbox(
            "How it ended", list(Outcome), None, key=f"resolve_outcome_{row.number}",
            format_func=lambda outcome: outcome.label, placeholder="Choose",
        )  # fmt: skip
        st.selectbox(
            "Root cause", list(known), None, key=f"resolve_cause_{row.number}",
            format_func=lambda one: shown(known[one]), placeholder="Choose",
        )  # fmt: skip
        st.form_submit_button(
            "Resolve", key="resolve", type="primary", on_click=_resolved, args=(row,)
        )
        if (missing := f"resolve_missing_{row.number}") in st.session_state:
            st.error(st.session_state.pop(missing))


def _resolved(row: CaseRow) -> None:
    outcome = st.session_state[f"resolve_outcome_{row.number}"]
    cause = st.session_state[f"resolve_cause_{row.number}"]
    if outcome is None or cause is None:
        words = "Say how it ended and why it arose. Nothing was changed."
        st.session_state[f"resolve_missing_{row.number}"] = words
        return
    do(
        verbs.resolve, row.number, "Resolved.", outcome=outcome.value, root_cause_id=cause,
        version=row.version,
    )  # fmt: skip


def _snooze(row: CaseRow, zone: ZoneInfo) -> None:
    now = _door.now().astimezone(zone)
    with st.popover("Snooze", key=f"act_snooze_{row.version}"):
        st.text("Out of the queue until then. The clock runs on.")
        for label, until in presets(now):
            st.button(
                label, key=f"snooze_{label}", on_click=_snoozed, args=(row, until, zone),
                type="tertiary",
            )  # fmt: skip
        key = f"snooze_day_{row.number}_{row.version}"
        morning = datetime.combine(now.date() + timedelta(days=1), MORNING)
        last = now + verbs.LONGEST_SNOOZE
        data = {"label": ANY_TIME, "button": "Snooze", "value": f"{morning:{PICKED}}",
                "first": f"{now:{PICKED}}", "last": f"{last:{PICKED}}"}  # fmt: skip
        mount("day", data, key, on_picked_change=lambda: _snoozed_then(row, key, zone))


def presets(now: datetime) -> list[tuple[str, datetime]]:
    """Times that people mean, in their own zone."""
    tomorrow = now.date() + timedelta(days=1)
    monday = now.date() + timedelta(days=7 - now.weekday())
    zone = now.tzinfo
    return [
        ("In three hours", now + timedelta(hours=3)),
        ("Tomorrow, 09:00", datetime.combine(tomorrow, MORNING, zone)),
        (f"Monday {monday:%d %b}, 09:00", datetime.combine(monday, MORNING, zone)),
    ]


def asleep(until: datetime, now: datetime) -> str:
    """What is said of a case that sleeps until then; both are in the zone of the reader."""
    year = "" if until.year == now.year else f" {until.year}"
    return f"Asleep until {until:%a %d %b}{year}, {until:%H:%M}."


def _snoozed(row: CaseRow, until: datetime, zone: ZoneInfo) -> None:
    words = asleep(until, _door.now().astimezone(zone))
    do(verbs.snooze, row.number, words, until=until, version=row.version)


def _snoozed_then(row: CaseRow, key: str, zone: ZoneInfo) -> None:
    """Until what was picked: any text, from a browser that has no fields for times."""
    try:
        until = sleeping.until(str(st.session_state[key].picked), _door.now().astimezone(zone))
    except Refused as error:
        st.session_state[SAID] = (False, str(error))
        return
    _snoozed(row, until, zone)
