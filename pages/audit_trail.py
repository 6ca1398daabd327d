"""Audit trail: who did what, newest first. Lines hold ids and counts, never texts."""

from datetime import date

import streamlit as st

from db.engine import reading, transaction
from pages._door import actor, here, now
from services import sessions, settings, trail
from services.access import actor_for
from services.domain.periods import DAY, midnight

BEFORE = "audit_before"  # the ids before which the pages that were turned began
COLUMNS = {
    "at": st.column_config.DatetimeColumn("When", format="YYYY-MM-DD HH:mm", width=140),
    "what": st.column_config.TextColumn("What happened", width="large"),
}


def newest() -> None:
    """Begin again with the newest lines."""
    st.session_state[BEFORE] = []


def in_short(verb: str) -> str:
    """A verb as an option."""
    return verb.replace(".", ": ").replace("_", " ")


def wanted() -> trail.Wanted:
    """What the boxes narrow the trail to."""
    days: tuple[date, ...] = st.session_state.get("audit_days") or ()
    start = midnight(days[0], zone) if days else None
    end = midnight(days[1] + DAY, zone) if len(days) == 2 else None
    return trail.Wanted(st.session_state.get("verb"), st.session_state.get("person"), start, end)


def exported(narrowed: trail.Wanted, token: str) -> str:
    """All lines as CSV. This runs outside the page's run: it asks anew who is here."""
    with transaction() as session:
        live = sessions.look_up(session, token, now=now())
        if live is None:
            return ""
        who = actor_for(session, live.user)
        return "".join(trail.as_csv(trail.export(session, who, narrowed, now=now())))


st.title("Audit trail", anchor=False)
with reading() as session:
    zone = settings.reporting_zone(session)
    verbs, people = trail.choices(session, actor())
with st.container(horizontal=True, vertical_alignment="bottom"):
    st.selectbox(
        "What", verbs, None, in_short, key="verb", placeholder="Everything", on_change=newest
    )
    st.selectbox(
        "Who", list(people), None, people.__getitem__, key="person", placeholder="Everybody",
        on_change=newest,
    )  # fmt: skip
    st.date_input("Days", (), key="audit_days", on_change=newest)
narrowed, turned = wanted(), st.session_state.setdefault(BEFORE, [])
with reading() as session:
    total = trail.count(session, actor(), narrowed)
    lines = trail.lines(session, actor(), narrowed, before_id=turned[-1] if turned else None)
if not lines:
    st.text("Nothing here. Every change that somebody makes will be a line of this list.")
else:
    rows = [{"at": line.at.astimezone(zone), "what": line.what} for line in lines]
    said = f"{len(lines)} of {total} lines; times in {zone.key}"
    st.dataframe(rows, column_config=COLUMNS, hide_index=True, height=560, alt=said)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Newest", on_click=newest, disabled=not turned)
        older = lambda: turned.append(lines[-1].id)  # noqa: E731
        st.button("Older", on_click=older, disabled=len(lines) < trail.PAGE)
        st.caption(said)
        token = here()
        st.download_button(
            "Export all as CSV", lambda: exported(narrowed, token), "audit.csv", "text/csv",
            on_click="ignore",
        )  # fmt: skip
