"""A filter survives its way through a URL; what cannot be used is named, never raised."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.periods import EARLIEST, LATEST, RANGES, Compare, Days, Grain
from services.domain.scores import Band, Metric
from services.insights import Filter, State
from services.insights.filters import KEYS
from services.insights.spelling import LONGEST, MOST

texts = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=60
)
customs = st.builds(
    lambda a, b: str(Days(min(a, b), max(a, b))),
    st.dates(EARLIEST, LATEST),
    st.dates(EARLIEST, LATEST),
)
ids = st.integers(1, 2**63 - 1)


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(values, max_size=4).map(tuple)


filters = st.builds(
    Filter,
    metric=st.sampled_from(Metric),
    range=st.sampled_from([*RANGES]) | customs,
    compare=st.sampled_from(Compare),
    grain=st.none() | st.sampled_from(Grain),
    surveys=some(ids),
    channels=some(texts),
    touchpoints=some(texts),
    units=some(ids),
    props=some(st.tuples(texts, texts)),
    bands=some(st.sampled_from(Band)),
    scores=some(st.integers(0, 10)),
    text=texts | st.just(""),
    commented=st.booleans(),
    state=st.sampled_from(State),
)


@settings(deadline=None)
@given(filters)
def test_a_filter_comes_back_from_its_url_as_it_was(filter: Filter) -> None:
    assert Filter.from_query(filter.to_query()) == (filter, [])


@settings(deadline=None)
@given(filters)
def test_a_filter_has_one_spelling(filter: Filter) -> None:
    query = filter.to_query()
    assert Filter.from_query(query)[0].to_query() == query
    assert set(query) <= set(KEYS)


def test_the_usual_filter_needs_no_parameters() -> None:
    assert Filter().to_query() == {}
    assert Filter.from_query({}) == (Filter(), [])


anything = st.text(st.characters(), max_size=LONGEST + 20)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*KEYS, "page"]), st.lists(anything, max_size=5)))
def test_junk_never_raises_and_what_is_kept_can_be_spelt_again(query: dict[str, list[str]]) -> None:
    filter, notices = Filter.from_query(query)
    assert Filter.from_query(filter.to_query()) == (filter, [])
    assert all(isinstance(notice, str) for notice in notices)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("metric", "enps"),
        ("range", "2026-02-30..2026-03-01"),
        ("range", "yesterday"),
        ("compare", "before"),
        ("grain", "hour"),
        ("survey", "1 or 1=1"),
        ("survey", "-1"),
        ("survey", "99999999999999999999"),
        ("unit", "²"),
        ("prop", "plan"),
        ("prop", "=x"),
        ("prop", "%ff=x"),
        ("band", "detractor"),
        ("score", "11"),
        ("state", "gone"),
        ("channel", "a\0b"),
        ("channel", "\ud800"),
        ("q", "x" * (LONGEST + 1)),
    ],
)
def test_a_bad_value_is_left_out_and_named(key: str, value: str) -> None:
    filter, notices = Filter.from_query({key: [value]})
    assert filter == Filter()
    assert len(notices) == 1 and f"a {key} that" in notices[0]


def test_good_values_stay_when_others_are_bad() -> None:
    query = {"survey": ["3", "x", "1", "3"], "range": ["30d"], "nonsense": ["1"]}
    filter, notices = Filter.from_query(query)
    assert (filter.surveys, filter.range, len(notices)) == ((1, 3), "30d", 1)


def test_a_field_takes_no_endless_list() -> None:
    filter, notices = Filter.from_query({"survey": [str(n) for n in range(1, MOST + 9)]})
    assert len(filter.surveys) == MOST and len(notices) == 1


def test_values_can_hold_what_separates_names_from_values() -> None:
    filter = Filter(props=(("a=b", "c=d"), ("50%", "=")))
    assert filter.to_query() == {"prop": ["50%25==", "a%3Db=c=d"]}
    assert Filter.from_query(filter.to_query())[0] == filter


def test_figures_leave_out_what_no_score_can_be_asked_for() -> None:
    filter = Filter(
        bands=(Band.DETRACTOR,), scores=(3,), commented=True, state=State.ALL, units=(1,)
    )
    assert filter.for_figures() == Filter(units=(1,))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("survey", "4", Filter(surveys=(4,), props=(("plan", "free"),))),
        ("unit", "4", Filter(units=(4,), props=(("plan", "free"),))),
        ("channel", "sms", Filter(channels=("sms",), props=(("plan", "free"),))),
        ("touchpoint", "4", Filter(touchpoints=("4",), props=(("plan", "free"),))),
        ("props.plan", "pro", Filter(props=(("plan", "pro"),))),
        ("props.size", "10", Filter(props=(("plan", "free"), ("size", "10")))),
    ],
)
def test_a_segment_narrows_the_filter_to_itself(name: str, value: str, expected: Filter) -> None:
    assert Filter(props=(("plan", "free"),)).with_value(name, value) == expected
