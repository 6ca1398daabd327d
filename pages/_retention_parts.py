"""One rule with what it would remove now, its switch, and the report of what was removed."""

from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from db.engine import reading
from pages._ask import failing_gently, fresh
from pages._door import actor, here, now
from pages._look import shown
from pages._people_parts import act
from services import sessions
from services.access import actor_for
from services.retention import choosing
from services.retention.rules import LONGEST, RULES, Rule

ASKED = "retention_asked"  # the rule whose box is open
WORD = choosing.WORD


def rule(name: str, found: Rule, months: int | None) -> None:
    """Off, or on and since how many months; what it does, and a look at what it would do."""
    state = f"on: after {months} months" if months else "off"
    with st.container(border=True, key=f"rule_{name}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header(f"{found.title} ({state})", anchor=False)
            st.space("stretch")
            open_ = st.session_state.get(ASKED) == name
            label = "Close" if open_ else "Look and change"
            st.button(label, key=f"ask_{name}", on_click=_ask, args=(None if open_ else name,))
        st.text(found.says)
        if open_:
            _box(name, found, months)


def report(found: list[choosing.Report], zone: str) -> None:
    """What was removed, the latest first."""
    st.header("What was removed", anchor=False)
    if not found:
        st.text("Nothing yet. Each night in which a rule removes something is a line here.")
        return
    in_zone = ZoneInfo(zone)
    rows = [
        {"When": one.run.started_at.astimezone(in_zone), "Rule": RULES[one.run.rule].title,
         "Older than": f"{one.run.months} months", "Removed": _counts(one), "Took": _took(one),
         "By": shown(one.by)}
        for one in found
    ]  # fmt: skip
    when = st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm")
    st.dataframe(rows, hide_index=True, column_config={"When": when}, alt=f"{len(rows)} runs")
    token = here()
    st.download_button(
        "Download as CSV", lambda: _csv(token), "retention.csv", "text/csv", on_click="ignore",
        key="retention_csv",
    )  # fmt: skip


def _box(name: str, found: Rule, months: int | None) -> None:
    wanted = st.number_input(
        "Remove what is older than, in months", found.least, LONGEST, months or found.usual,
        key=f"months_{name}", width=280,
    )  # fmt: skip
    with failing_gently():
        _would(name, int(wanted))
    with st.form(f"switch_{name}", border=False):
        st.text_input(f"Type {WORD} to switch it on", key=f"word_{name}", width=280)
        st.form_submit_button(
            "Remove it every night", key=f"on_{name}", on_click=_switch, args=(name, int(wanted))
        )
    if months:
        st.button("Switch it off", key=f"off_{name}", on_click=_switch, args=(name, None))


def _would(name: str, months: int) -> None:
    """What it would remove now, in counts; of people some, of comments by survey."""
    told = fresh(choosing.preview, name, months, now=now())
    for part in told.found:
        oldest = f", the oldest of {part.oldest:%d %b %Y}" if part.oldest else ""
        st.text(f"It would remove now: {part.n:,} {part.words}{oldest}.")
    if told.surveys:
        rows = [{"Survey": shown(survey), "Comments": n} for survey, n in told.surveys]
        st.dataframe(rows, hide_index=True, width=480, alt="Comments by survey")
    if name == "contacts" and told.found[0].n:
        people = fresh(choosing.people, months, now=now())
        listed = [{"Person": shown(who), "Company": shown(company)} for _, who, company in people]
        st.dataframe(listed, hide_index=True, width=480, alt=f"{len(listed)} of them")
        if told.found[0].n > len(listed):
            st.caption(f"The first {len(listed)} of {told.found[0].n:,}.")


def _ask(name: str | None) -> None:
    st.session_state[ASKED] = name


def _switch(name: str, months: int | None) -> None:
    word = str(st.session_state.get(f"word_{name}", ""))

    def switch(session: Any) -> bool:
        choosing.switch(session, actor(), name, months, word=word, now=now())
        return True

    said = "It begins tonight." if months else "It is off. What was removed stays removed."
    if act(switch, said):
        _ask(None)


def _counts(one: choosing.Report) -> str:
    words = {part.name: part.words for part in RULES[one.run.rule].parts}
    return ", ".join(f"{n:,} {words.get(name, name)}" for name, n in one.run.counts.items())


def _took(one: choosing.Report) -> str:
    if one.run.ended_at is None:
        return "goes on"
    seconds = (one.run.ended_at - one.run.started_at).total_seconds()
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def _csv(token: str) -> str:
    """This runs outside the page's run: it asks anew who is here."""
    with reading() as session:
        live = sessions.look_up(session, token, now=now())
        return "" if live is None else choosing.as_csv(session, actor_for(session, live.user))
