"""Segments: each value against the rest, without false finds, and only what may be seen."""

import random

import pytest
from sqlmodel import Session

from db.models import PropertyValue
from services import facets, insights
from services.domain.scores import Metric
from services.insights import Filter
from services.insights.segments import MOST
from services.insights.shares import shares
from tests import builders as make
from tests.builders import NOW
from tests.insights.conftest import Answer

ADMIN = make.actor()
JUNE = Filter(range="2026-06-01..2026-06-30")
ODD_KEYS = ["plan", "Größe", 'a"b', "a\\b", "a.b", "a b", "😀", "a'b", "[0]", "$", "a=b", "a%b"]


def test_segments_come_with_most_answers_first_and_what_is_missing_is_said(
    berlin: Session, answer: Answer
) -> None:
    for score, channel, times in ((10, "email", 3), (0, "sms", 2), (7, None, 1)):
        for _ in range(times):
            answer(score, channel=channel)
    found = insights.by_property(berlin, ADMIN, JUNE, "channel", now=NOW)
    assert [(row.label, row.estimate.n, row.estimate.value) for row in found.rows] == [
        ("email", 3, 100),
        ("sms", 2, -100),
        ("not given", 1, 0),
    ]
    assert [row.verdict for row in found.rows] == ["too few to say"] * 3
    assert found.rows[-1].value is None and not found.more


def test_a_segment_that_differs_is_said_to_differ(berlin: Session, answer: Answer) -> None:
    for score, channel in ((10, "email"), (0, "sms")):
        for _ in range(20):
            answer(score, channel=channel)
    email, sms = insights.by_property(berlin, ADMIN, JUNE, "channel", now=NOW).rows
    assert (email.verdict, sms.verdict) == (
        "200 points above",
        "200 points below",
    )
    assert email.change is not None and email.change.changed


def test_one_segment_of_all_answers_is_compared_with_nothing(
    berlin: Session, answer: Answer
) -> None:
    for _ in range(9):
        answer(10, channel="email")
    (only,) = insights.by_property(berlin, ADMIN, JUNE, "channel", now=NOW).rows
    assert (only.verdict, only.change) == ("all answers", None)


def test_twenty_segments_without_a_difference_seldom_show_one(
    berlin: Session, answer: Answer
) -> None:
    chance = random.Random(5)
    for n in range(800):
        answer(chance.choice((10, 10, 8, 3)), channel=f"c{n % 20}")
    rows = insights.by_property(berlin, ADMIN, JUNE, "channel", now=NOW).rows
    assert {row.verdict for row in rows} == {"no evidence"}


@pytest.mark.parametrize("key", ODD_KEYS)
def test_a_property_of_any_name_can_be_asked_for(berlin: Session, answer: Answer, key: str) -> None:
    answer(10, props={key: "x", "other": "y"})
    answer(0, props={key: 'it\'s "y"'})
    answer(7)
    found = insights.by_property(berlin, ADMIN, JUNE, f"props.{key}", now=NOW)
    assert {(row.value, row.estimate.value) for row in found.rows} == {
        ("x", 100),
        ('it\'s "y"', -100),
        (None, 0),
    }
    for row in found.rows[:2]:
        if row.value is not None:
            narrowed = JUNE.with_value(f"props.{key}", row.value)
            assert insights.headline(berlin, ADMIN, narrowed, now=NOW).main.now == row.estimate


def test_properties_are_and_between_names_and_or_between_values(
    berlin: Session, answer: Answer
) -> None:
    for plan, size in (("free", "1"), ("free", "2"), ("pro", "1"), ("team", "1")):
        answer(9, props={"plan": plan, "size": size})
    filter = JUNE.narrowed(props=(("plan", "free"), ("plan", "pro"), ("size", "1")))
    assert insights.headline(berlin, ADMIN, filter, now=NOW).main.now.n == 2


def test_surveys_and_units_go_by_their_names(berlin: Session, answer: Answer) -> None:
    north = make.unit(berlin, "North")
    asked = make.survey(berlin, name="After support")
    answer(9, survey=asked, unit_id=north.id)
    by_unit = insights.by_property(berlin, ADMIN, JUNE, "unit", now=NOW).rows
    by_survey = insights.by_property(berlin, ADMIN, JUNE, "survey", now=NOW).rows
    assert [(row.label, row.value) for row in by_unit] == [("North", str(north.id))]
    assert [(row.label, row.value) for row in by_survey] == [("After support", str(asked.id))]


def test_segments_hold_the_actors_units_only(berlin: Session, answer: Answer) -> None:
    north, south = make.unit(berlin, "North"), make.unit(berlin, "South")
    answer(9, unit_id=north.id, channel="email")
    answer(0, unit_id=south.id, channel="secret")
    csm = make.actor("csm", units=(north.id,))
    for name in ("channel", "unit", "touchpoint", "props.plan"):
        found = insights.by_property(berlin, csm, JUNE, name, now=NOW)
        assert [(row.estimate.n, row.estimate.value) for row in found.rows] == [(1, 100)]


def test_a_long_list_of_values_is_cut_and_says_so(berlin: Session, answer: Answer) -> None:
    for n in range(MOST + 3):
        answer(9, channel=f"c{n:03}")
    for _ in range(9):
        answer(0, channel="most")
    found = insights.by_property(berlin, ADMIN, JUNE, "channel", now=NOW)
    assert (len(found.rows), found.more, found.rows[0].label) == (MOST, True, "most")
    assert found.rows[0].change is not None and found.rows[0].change.delta == -200


def test_segments_of_another_metric(berlin: Session, answer: Answer) -> None:
    answer(5, "csat", touchpoint="support")
    answer(10, touchpoint="support")
    filter = JUNE.narrowed(metric=Metric.CSAT)
    (row,) = insights.by_property(berlin, ADMIN, filter, "touchpoint", now=NOW).rows
    assert (row.estimate.metric, row.estimate.n) == ("csat_top2", 1)


@pytest.mark.parametrize("name", ["comment", "score", "", "excluded_reason", "plan"])
def test_what_is_no_property_is_refused(session: Session, name: str) -> None:
    with pytest.raises(ValueError, match="is no property"):
        insights.by_property(session, ADMIN, JUNE, name, now=NOW)


# --- options


def test_options_offer_what_was_seen_and_own_units_only(berlin: Session, answer: Answer) -> None:
    north, south = make.unit(berlin, "North"), make.unit(berlin, "South")
    answer(9, unit_id=south.id)
    for name, value in (("channel", "sms"), ("channel", "email"), ("props.plan", "pro")):
        berlin.add(PropertyValue(name=name, value=value))
    berlin.flush()
    every = insights.options(berlin, ADMIN)
    assert (every.channels, every.touchpoints) == (("email", "sms"), ())
    assert every.props == {"plan": ("pro",)}
    assert every.properties == ("channel", "unit", "props.plan")
    assert [name for _, name in every.units] == ["North", "South"] and not every.empty
    own = insights.options(berlin, make.actor("csm", units=(north.id,)))
    assert (own.units, own.empty) == (((north.id, "North"),), True)


def test_a_limited_actor_is_offered_what_occurs_in_own_answers_only(
    berlin: Session, answer: Answer
) -> None:
    north, south = make.unit(berlin, "North"), make.unit(berlin, "South")
    ours, theirs = make.survey(berlin, name="Ours"), make.survey(berlin, name="Theirs")
    own = {key: f"it's {n}" for n, key in enumerate(ODD_KEYS)} | {"n": 7, "none": None, "": "x"}
    answer(9, survey=ours, unit_id=north.id, channel="email", props=own, is_test=True)
    answer(9, survey=ours, unit_id=north.id, channel="", props={"plan": "pro", "long": "x" * 99})
    secret = {"channel": "secret", "touchpoint": "court", "props": {"plan": "gold", "deal": "1"}}
    answer(9, survey=theirs, unit_id=south.id, **secret)
    answer(9, survey=theirs, **secret)
    for name, value in (("channel", "secret"), ("props.deal", "1")):
        berlin.add(PropertyValue(name=name, value=value))
    berlin.flush()
    found = insights.options(berlin, make.actor("csm", units=(north.id,)))
    texts = {key: (value,) for key, value in own.items() if isinstance(value, str)}
    assert found.props == texts | {"plan": ("it's 0", "pro")}
    assert (found.channels, found.touchpoints) == (("email",), ())
    assert ([survey.name for survey in found.surveys], found.empty) == (["Ours"], False)
    known, notices = insights.fitting(Filter(surveys=(ours.id, theirs.id)), found)
    assert known == Filter(surveys=(ours.id,)) and len(notices) == 1
    nowhere = insights.options(berlin, make.actor("csm", units=()))
    assert (nowhere.surveys, nowhere.channels, nowhere.props, nowhere.empty) == ((), (), {}, True)


def test_a_limited_actor_is_offered_so_many_values_a_name_and_no_more(
    berlin: Session, answer: Answer
) -> None:
    north = make.unit(berlin, "North")
    for n in range(facets.MOST + 2):
        answer(9, unit_id=north.id, channel=f"c{n:03}", props={"plan": f"p{n:03}", "one": "1"})
    found = insights.options(berlin, make.actor("csm", units=(north.id,)))
    assert len(found.channels) == len(found.props["plan"]) == facets.MOST
    assert (found.channels[:2], found.props["one"]) == (("c000", "c001"), ("1",))


def test_surveys_and_units_that_are_not_on_offer_are_left_out_with_a_notice(
    berlin: Session, answer: Answer
) -> None:
    asked = answer(9).survey_id
    offered = insights.options(berlin, ADMIN)
    filter = Filter(surveys=(asked, 999), units=(7,))
    known, notices = insights.fitting(filter, offered)
    assert known == Filter(surveys=(asked,)) and len(notices) == 2
    assert insights.fitting(Filter(), offered) == (Filter(), [])


# --- shares


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((1, 1, 1), (33.4, 33.3, 33.3)),
        ((277, 120, 103), (55.4, 24.0, 20.6)),
        ((0, 0, 0), (0.0, 0.0, 0.0)),
        ((1, 0, 2999), (0.0, 0.0, 100.0)),
    ],
)
def test_shares_add_up_to_a_hundred(counts: tuple[int, ...], expected: tuple[float, ...]) -> None:
    assert shares(counts) == expected
    assert sum(round(10 * share) for share in shares(counts)) == (1000 if sum(counts) else 0)
