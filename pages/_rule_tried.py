"""Trying a rule out: what it would have done with the answers of the last days. Nothing is sent."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import streamlit as st

from pages import _charts, _simulation
from pages._ask import own_zone
from pages._cards import href
from pages._look import SHAPES, shown
from pages._loop_parts import END
from pages._parts import linked, place_of, scheme
from pages._rule_charts import days_figure
from pages._rule_draft import Draft, body, sync, tried_key
from services.domain.many import many
from services.domain.rules.actions import Do
from services.domain.rules.saying import busiest, not_done, overrun
from services.domain.rules.words import WHY
from services.rules.reporting import SHOWN, Load, OfRule
from services.rules.trying import Line, Tried

DAYS = (7, 30, 90, 365)


def tried(draft: Draft, *, ready: bool) -> None:
    """The section: what is in the editor, saved or not, is tried out when somebody asks, as soon as
    it can be said (`ready`)."""
    st.header("Try it on answers that came in", anchor=False)
    st.text("It goes through them as they came. Nothing is sent, opened or changed.")
    key, of = f"rule_days_{draft['of']}", tried_key(draft["of"])
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "The last", DAYS, 1, key=key, format_func=lambda n: f"{n} days", width=140,
            persist_state="session",
        )  # fmt: skip
        idle = ready and not _simulation.runs(of)
        st.button("Simulate", key="simulate", disabled=not idle, on_click=_try, args=(draft, key))
    found = _simulation.ended(of)
    if found is None:
        return
    if st.session_state.get(of) != body(draft):
        st.text("The rule was changed since; simulate again to see what it does now.")
    result(found)


def _try(draft: Draft, key: str) -> None:
    sync(draft)
    given, of = body(draft), tried_key(draft["of"])
    st.session_state[of] = given
    _simulation.begin(of, given, draft["of"], st.session_state[key])


def result(found: Tried) -> None:
    """What it came to, from the most important on."""
    with st.container(key="rule_result"):
        st.text(summary(found))
        _done(found)
        _said(found)
        _people(found)
        _chart(found)
        _answers(found)


def summary(found: Tried) -> str:
    """How often it fires, and how that differs from what acts now."""
    at = f"{found.end.astimezone(own_zone()):%d %b %Y, %H:%M}"
    words = (
        f"It fires on {found.own.fired:,} of {many(found.report.answers, 'answer')} of the last "
        f"{many(found.days, 'day')}, until {at}. Nothing was sent."
    )
    differs = found.differs
    if differs is None:
        return words
    return (
        f"{words} Against version {differs.live}, which acts, it fires on {differs.more:,} more "
        f"and {differs.fewer:,} fewer, does otherwise on {differs.otherwise:,} and the same on "
        f"{differs.same:,}."
    )


def _done(found: Tried) -> None:
    own = found.own
    told = {*own.done, *(do for do, _ in own.not_done)}
    rows = [[(do.label, None), (f"{own.done.get(do, 0):,}", None), (_why_not(own, do), None)]
            for do in Do if do in told]  # fmt: skip
    if rows:
        columns = [{"label": "Action"}, {"label": "Done", **END}, {"label": "Not done, because"}]
        linked("rule_done", "What the rule would have done", columns, rows)


def _why_not(own: OfRule, do: Do) -> str:
    counted = not_done(own.not_done, do)
    return "; ".join(f"{n:,} {WHY.get(why, why)}" for why, n in counted.items()) or "-"


def _said(found: Tried) -> None:
    told = found.report
    by = ", ".join(f"{vendor} {n:,}" for vendor, n in found.messages)
    to = f", mail to {many(told.contacts, 'customer')}" if told.contacts else ""
    held = ", ".join(f"{n:,} because {WHY.get(why, why)}" for why, n in told.doubles.items())
    st.text(f"Messages of all rules together: {by or 'none'}{to}.")
    st.text(f"Doubles held back: {held or 'none'}.")
    if found.often:
        st.text(f"{many(len(found.often), 'customer')} would have got more than one message:")
        columns = [{"label": "Customer", "css": "name"}, {"label": "Messages", **END}]
        rows = [
            [(shown(name) or "No name", href("contact", id_)), (f"{n:,}", None)]
            for (id_, name), n in found.often
        ]
        linked("rule_often", "Customers with more than one message", columns, rows)


def _people(found: Tried) -> None:
    loads: Sequence[Load] = found.report.loads
    st.text(shown(overrun(loads)))
    rows = [
        [
            (shown(one.name), None), (f"{one.cases:,}", None), (f"{one.together:,}", None),
            (f"{one.had:,}", None), (f"{one.contacted:,}", None),
        ]
        for one in loads
    ]  # fmt: skip
    rows += [
        [(f"{shown(name)}, as a team", None), (f"{n:,}", None), *[("", None)] * 3]
        for name, n in found.teams
    ]
    if rows:
        columns = [
            {"label": "Who", "css": "name"}, {"label": "Cases", **END},
            {"label": "Due on one day, at most", "align": "end", "css": "verdict"},
            {"label": "Really had", **END}, {"label": "Reached", **END},
        ]  # fmt: skip
        linked("rule_loads", "Cases for each person, beside what they had", columns, rows)


def _chart(found: Tried) -> None:
    if found.firings:
        st.subheader(busiest(found.firings), anchor=False)
        st.plotly_chart(
            days_figure(found.firings), key=f"rule_chart_{scheme()}", config=_charts.STILL,
            alt="Firings of this rule by day.",
        )  # fmt: skip


def _answers(found: Tried) -> None:
    if not found.lines:
        return
    n, fired = len(found.lines), found.own.fired
    st.subheader(f"The last {SHOWN} of {fired:,}" if n < fired else many(n, "answer"), anchor=False)
    columns = [
        {"label": "Came in", "css": "tight wide"}, {"label": "Answer", "css": "tight"},
        {"label": "Customer", "css": "name"},
        {"label": "Case", "css": "tight wide"}, {"label": "Because"},
        {"label": "What would be done"},
    ]  # fmt: skip
    linked(
        "rule_answers", "Answers that it fires on", columns,
        [_answer(one, own_zone()) for one in found.lines],
    )  # fmt: skip


def _answer(one: Line, zone: ZoneInfo) -> list[tuple[str, str | None]]:
    who, name = one.who or (None, "Anonymous")
    case = f"case?number={one.case}" if one.case else None
    return [
        (f"{one.at.astimezone(zone):%d %b, %H:%M}", None),
        (f"{SHAPES[one.band]} {one.score}", place_of(one.metric, one.answered_at, one.response_id)),
        (shown(name), href("contact", who)),
        (f"{one.case}" if one.case else "", case), (shown(one.why), None),
        (shown("; ".join(one.did)), None),
    ]  # fmt: skip
