"""The queue's search and filters, and where else something is found.

Names are people's own: they are options, never labels.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages._ask import ask, minute
from pages._case_url import CASE, address, put, rewrite
from pages._door import actor
from pages._look import element, link
from pages._url import control, only, several
from services.cases import causes, tagging
from services.domain.lifecycle import Outcome
from services.domain.periods import RANGES
from services.domain.plays import Play
from services.domain.scores import Metric
from services.domain.syncing import Waits
from services.insights.case_filter import NOBODY, CaseFilter, Loop, Sla, View
from services.insights.case_walk import elsewhere, numbered
from services.insights.desk_people import Desk, desk
from services.insights.play_selects import ASKS, ENDS
from services.insights.spelling import LONGEST

METRICS = {metric: metric.upper() for metric in Metric}
PLAYS = {play: play.label for play in Play}
SLAS = {Sla.OVERDUE: "overdue", Sla.TODAY: "due today", Sla.LATER: "due later"}
LOOPS = {
    Loop.CONTACTED: "contacted", Loop.NOT_CONTACTED: "not contacted", Loop.RESOLVED: "resolved",
    Loop.CLOSED: "closed", Loop.NOT_CLOSED: "not closed",
    Loop.CONTACT_KEPT: "first contact in time", Loop.CONTACT_MISSED: "first contact late",
    Loop.CLOSE_KEPT: "closed in time", Loop.CLOSE_MISSED: "closing late",
    Loop.ASKED: "asked to be contacted",
    Loop.ESCALATED: "with a broken promise",
}  # fmt: skip
WAITS = {Waits.CHANGED: "changed on both sides", Waits.SOLVED: "solved at a vendor"}

# Together these hold every case, each once.
PARTS = {
    View.OPEN: "open", View.WAITING: "waiting", View.SNOOZED: "snoozed", View.RESOLVED: "resolved",
}  # fmt: skip


def bar(now: CaseFilter) -> None:
    """Words or a number to look for, and the further filters."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="search_bar"):
        control(
            st.text_input, "text", "Search", now.text,
            lambda old, text: old.narrowed(text=(text or "").strip()), type="search", width=320,
            placeholder="Number, customer or words", max_chars=LONGEST, rewrite=rewrite,
        )  # fmt: skip
        box = st.popover("Filters", key="f_more", on_change="rerun")
        if box.open:
            with box:
                _filters(now, ask(desk))


def _filters(now: CaseFilter, known: Desk) -> None:
    people = {NOBODY: "Nobody"} | known.people
    several("owners", "Owner", now.owners, people, rewrite)
    several("teams", "Team", now.teams, known.teams, rewrite)
    several("units", "Unit", now.units, known.units, rewrite)
    several("metrics", "Metric", now.metrics, METRICS, rewrite)
    several("scores", "Score", now.scores, {score: str(score) for score in range(11)}, rewrite)
    several("sla", "Promise", now.sla, SLAS, rewrite)
    several("loop", "Loop", now.loop, LOOPS, rewrite)
    several("plays", "Play", now.plays, PLAYS, rewrite)
    several("ends", "How the play ended", now.ends, ENDS, rewrite)
    several("asks", "Asked for", now.asks, ASKS, rewrite)
    several("waits", "To decide", now.waits, WAITS, rewrite)
    several("outcomes", "Outcome", now.outcomes, {one: one.label for one in Outcome}, rewrite)
    several("causes", "Root cause", now.causes, _causes(now), rewrite)
    several("tags", "Tag", now.tags, ask(tagging.in_use), rewrite, least=1)
    ranges = {"": "At any time"} | RANGES
    control(
        st.selectbox, "opened", "Opened", now.opened,
        lambda old, name: old.narrowed(opened=name),
        options=[*ranges, *([now.opened] if now.opened not in ranges else [])],
        format_func=lambda name: ranges.get(name, name), labelled=True, rewrite=rewrite,
    )  # fmt: skip


def _causes(now: CaseFilter) -> dict[int, str]:
    """The root causes by name; those that are asked for, also where they are retired."""
    return dict(ask(causes.in_use)) | ask(causes.named, now.causes)


def in_force(now: CaseFilter) -> None:
    """Every filter in force in plain text, and one button to be rid of them."""
    only(_told(now), put, CaseFilter(now.view), **{CASE: None})


def _told(now: CaseFilter) -> list[str]:
    known = ask(desk)
    people = {NOBODY: "nobody"} | known.people
    listed: list[tuple[str, Sequence[Any], Mapping[Any, str]]] = [
        ("owner ", now.owners, people), ("team ", now.teams, known.teams),
        ("unit ", now.units, known.units), ("score ", now.scores, {}),
        ("", now.metrics, METRICS), ("", now.sla, SLAS),
        ("", now.loop, LOOPS), ("", now.outcomes, {one: one.label for one in Outcome}),
        ("play ", now.plays, PLAYS), ("play ", now.ends, ENDS), ("", now.asks, ASKS),
        ("", now.waits, WAITS),
        ("root cause ", now.causes, _causes(now)),
        ("tagged ", now.tags, ask(tagging.in_use)),
    ]  # fmt: skip
    told = [
        f"{word}{', '.join(names.get(one, str(one)) for one in values)}"
        for word, values, names in listed
        if values
    ]
    told += [f"opened {RANGES.get(now.opened, now.opened).lower()}"] if now.opened else []
    return told + ([f"containing {now.text}"] if now.text else [])


def by_number(now: CaseFilter) -> None:
    """The case whose number is searched for, in whatever tab it stands."""
    number = ask(numbered, now.text) if now.text else None
    if number is not None:
        st.html(link(f"Open case {number}", f"case?number={number}"))


def other_tabs(now: CaseFilter) -> None:
    """The tabs where this search finds something, each a link that keeps the search."""
    counts = ask(elsewhere, now, now=minute(), me=actor().id)
    told = [
        link(f"{counts[view]:,} {word}: show", address(now.narrowed(view=view)))
        for view, word in PARTS.items()
        if view in counts
    ]
    if told:
        st.html(element("nav", "ways", *told, **{"aria-label": "Found in other tabs"}))
    else:
        st.text("Nor in any other tab.")
