"""The filter bar of every page with figures.

Names and values are customer text in places: those are options, which show text as it is. Labels
read markdown, so they are ours.
"""

import streamlit as st

from pages._ask import ask, moment
from pages._look import SHAPES, shown
from pages._url import Chosen, control, only, put, several, spelt
from services import insights
from services.domain.periods import EARLIEST, LATEST, RANGES, Compare, Days
from services.domain.scores import Band, Metric, scales_for
from services.insights import Filter, Options, State
from services.insights.spelling import LONGEST

CUSTOM = "custom"
RANGE_NAMES = {**RANGES, CUSTOM: "Custom days"}
COMPARES = {
    Compare.PREVIOUS: "against the period before",
    Compare.YEAR: "against a year earlier",
    Compare.NONE: "on its own",
}
STATES = {
    State.COUNTED: "Responses that count",
    State.EXCLUDED: "Excluded responses",
    State.TEST: "Test responses",
    State.ALL: "All responses, counted or not",
}


def bar(now: Chosen, *, lists: bool = False) -> None:
    """Metric, range, comparison and the further filters; `lists` adds what figures leave out."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="bar"):
        control(
            st.segmented_control, "metric", "Metric", now.filter.metric,
            lambda old, metric: _of_metric(old, metric, now.options),
            options=[*Metric], format_func=str.upper, required=True,
        )  # fmt: skip
        _range(now.filter)
        if not lists:
            control(
                st.selectbox, "compare", "Compare with", now.filter.compare,
                lambda old, compare: old.narrowed(compare=compare),
                options=[*COMPARES], format_func=COMPARES.__getitem__, width=230,
            )  # fmt: skip
        _more(now, lists)


def search_bar(filter: Filter) -> None:
    """Words to look for, the bands, and whether there must be a comment."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="search_bar"):
        control(
            st.text_input, "text", "Search", filter.text,
            lambda old, text: old.narrowed(text=(text or "").strip()), type="search", width=320,
            placeholder='Words, "a phrase", begin*, -without', max_chars=LONGEST,
        )  # fmt: skip
        control(
            st.pills, "bands", "Bands", list(filter.bands),
            lambda old, picked: old.narrowed(bands=tuple(picked)), options=[*Band],
            format_func=lambda band: f"{SHAPES[band]} {band.label(filter.metric)}",
            selection_mode="multi",
        )  # fmt: skip
        control(
            st.toggle, "commented", "With a comment", filter.commented,
            lambda old, yes: old.narrowed(commented=yes), labelled=True,
        )  # fmt: skip


def bare(filter: Filter) -> Filter:
    """The same metric, range and comparison, of everybody."""
    return Filter(filter.metric, filter.range, filter.compare, filter.grain)


def _of_metric(old: Filter, metric: Metric, options: Options) -> Filter:
    """Bands, scores and surveys belong to a metric: they do not move to another."""
    theirs = {survey.id for survey in options.surveys if survey.metric is metric}
    surveys = tuple(theirs.intersection(old.surveys))
    return old.narrowed(metric=metric, surveys=surveys, bands=(), scores=())


def _range(filter: Filter) -> None:
    custom = filter.range not in RANGES

    def pick(old: Filter, name: str) -> Filter:
        if name != CUSTOM:
            return old.narrowed(range=name)
        return old.narrowed(ask(insights.days_of, old, now=moment()).current.days)

    control(
        st.selectbox, "range", "Range", CUSTOM if custom else filter.range, pick,
        options=[*RANGE_NAMES], format_func=RANGE_NAMES.__getitem__, width=170,
    )  # fmt: skip
    if custom:
        days = Days.parse(filter.range)
        st.session_state["f_days"] = (days.first, days.last)
        st.date_input(
            "Days", key="f_days", on_change=_picked_days, format="YYYY-MM-DD", width=230,
            min_value=EARLIEST, max_value=LATEST, label_visibility="collapsed",
        )  # fmt: skip


def _picked_days() -> None:
    """Both ends are needed; while only one is picked, nothing changes."""
    ends = st.session_state["f_days"]
    if len(ends) == 2:
        put(spelt().narrowed(Days(*ends)))


def _more(now: Chosen, lists: bool) -> None:
    filter, options = now.filter, now.options
    box = st.popover("Filters", key="f_more", on_change="rerun")
    if not box.open:
        return
    with box:
        if lists:
            _list_filters(filter)
        surveys = {s.id: s.name for s in options.surveys if s.metric is filter.metric}
        units = dict(options.units)
        several("surveys", "Survey", filter.surveys, surveys)
        several("units", "Unit", filter.units, units)
        for name, label, seen in (
            ("channels", "Channel", options.channels),
            ("touchpoints", "Touchpoint", options.touchpoints),
        ):
            several(name, label, getattr(filter, name), {one: one for one in seen})
        _property(filter, options)


def _property(filter: Filter, options: Options) -> None:
    """One property at a time: its name and its values are customer text, so both are options."""
    names = [*options.props, *(name for name, _ in filter.props if name not in options.props)]
    if not names:
        return
    first = names.index(filter.props[0][0]) if filter.props else 0
    name = st.selectbox("Property", names, first, format_func=shown, key="f_property")
    known = options.props.get(name, ())
    mine = tuple(value for key, value in filter.props if key == name)
    others = tuple(pair for pair in filter.props if pair[0] != name)
    control(
        st.multiselect, "props", "Values of the property", list(mine),
        lambda old, picked: old.narrowed(props=(*others, *((name, value) for value in picked))),
        options=[*known, *(value for value in mine if value not in known)],
        format_func=shown, placeholder="All", labelled=True,
    )  # fmt: skip


def _list_filters(filter: Filter) -> None:
    scores = {score for scale in scales_for(filter.metric) for score in scale.values}
    control(
        st.multiselect, "scores", "Score", list(filter.scores),
        lambda old, picked: old.narrowed(scores=tuple(picked)),
        options=sorted(scores.union(filter.scores)), placeholder="All", labelled=True,
    )  # fmt: skip
    control(
        st.selectbox, "state", "Which responses", filter.state,
        lambda old, state: old.narrowed(state=state),
        options=[*STATES], format_func=STATES.__getitem__, labelled=True,
    )  # fmt: skip


def in_force(now: Chosen) -> None:
    """Every filter in force in plain text, and one button to be rid of them."""
    told = [f"{name} {', '.join(values)}".strip() for name, values in _told(now) if values]
    only(told, put, bare(now.filter))


def _told(now: Chosen) -> list[tuple[str, list[str]]]:
    filter, surveys = now.filter, {survey.id: survey.name for survey in now.options.surveys}
    units = dict(now.options.units)
    return [
        ("survey", [surveys[one] for one in filter.surveys]),
        ("unit", [units[one] for one in filter.units]),
        ("channel", list(filter.channels)),
        ("touchpoint", list(filter.touchpoints)),
        *((name, [v for key, v in filter.props if key == name]) for name in dict(filter.props)),
        ("", [band.label(filter.metric) for band in filter.bands]),
        ("score", [str(score) for score in filter.scores]),
        ("containing", [filter.text] if filter.text else []),
        ("with", ["a comment"] if filter.commented else []),
        ("", [STATES[filter.state].lower()] if filter.state != State.COUNTED else []),
    ]
