"""Rules on paper: what conditions see, what a body may say, what is decided, and how it is told."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.bands import Band, Metric
from services.domain.plays import Favour
from services.domain.rules.actions import ASSIGN_TO, NEEDS_ID, NOTIFY_WHOM, VENDORS, Do
from services.domain.rules.body import Body, Wrong, parse, written
from services.domain.rules.conditions import FIELDS, OPS, Condition, Kind, Op
from services.domain.rules.facts import CaseSeen, Facts
from services.domain.rules.saying import busiest, due_in, overrun, stands
from services.domain.rules.starters import starters
from services.domain.rules.words import Called, because, difference, effect, lines
from services.rules.listing import Kept
from services.rules.reporting import Load

AT = datetime(2026, 5, 12, 22, 30, tzinfo=UTC)  # a Tuesday
LOW = Facts(
    1, AT, AT.astimezone(ZoneInfo("Europe/Berlin")), AT, Metric.NPS, 2, Band.DETRACTOR,
    contact_id=7, owner_id=3, comment="I will cancel my support plan",
)  # fmt: skip
HIGH = replace(LOW, score=10, band=Band.PROMOTER, response_id=2)
OPEN = {"do": "open"}
THANK = {"do": "message", "template": "Thanks", "after": 30}
CALLED = Called({"user": {3: "Ann"}, "team": {5: "Support"}, "survey": {1: "Web"}, "unit": {}},
                {"slack": "Slack"})  # fmt: skip


def body(*actions: Any, conditions: Any = (), **more: Any) -> Body:
    return parse({"conditions": list(conditions), "actions": list(actions or (OPEN,)), **more})


def holds(field: str, op: str, value: Any, facts: Facts = LOW, **more: Any) -> bool:
    asked = {"field": field, "op": op, "value": value, **more}
    return body(conditions=[asked]).because(facts) is not None


@pytest.mark.parametrize(
    ("comment", "word", "there"),
    [
        ("We are cancelling.", "cancel", True), ("Support is slow", "port", False),
        ("CANCEL now", "cancel", True), ("Straße", "strasse", True), ("ﬁne", "fine", True),
        ("もう解約したい", "解約", True), ("เลิกใช้แล้ว", "ใช้", True),
        ("해지할게요 이제", "할게", True),
        ("price (50 %)", "(50", True), ("a.b", "a.b", True), ("axb", "a.b", False),
        ("not at all", "at all", True), ("", "cancel", False), ("kündigen", "kündig", True),
        ("I can’t log in", "can't", True), ("can't", "can’t", True), ("İptal", "iptal", True),
        ("KAPATILDI", "kapatıldı", True), ("not\n  happy", "not happy", True),
        ("can\u00adcel", "cancel", True), ("\u200fביטול", "ביטול", True),
    ],
)  # fmt: skip
def test_a_word_is_found_where_one_begins(comment: str, word: str, there: bool) -> None:
    facts = replace(LOW, comment=comment)
    assert holds("comment", "contains", [word], facts) is there
    assert holds("comment", "lacks", [word], facts) is not there


@pytest.mark.parametrize(
    ("at", "start", "end", "inside"),
    [
        ("18:00", "18:00", "08:00", True), ("07:59", "18:00", "08:00", True),
        ("08:00", "18:00", "08:00", False), ("12:00", "18:00", "08:00", False),
        ("09:00", "09:00", "17:00", True), ("17:00", "09:00", "17:00", False),
        ("00:00", "23:59", "00:01", True),
    ],
)  # fmt: skip
def test_a_span_of_times_may_go_over_midnight(at: str, start: str, end: str, inside: bool) -> None:
    facts = replace(LOW, local=datetime.combine(date(2026, 5, 12), time.fromisoformat(at)))
    assert holds("time", "between", [start, end], facts) is inside


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (Band.PROMOTER, Band.DETRACTOR, {"flipped", "fell"}),
        (Band.PROMOTER, Band.PASSIVE, {"fell"}),
        (Band.PASSIVE, Band.DETRACTOR, {"fell"}), (Band.DETRACTOR, Band.PROMOTER, {"rose"}),
        (Band.PASSIVE, Band.PASSIVE, set()), (None, Band.DETRACTOR, set()),
    ],
)  # fmt: skip
def test_who_flipped_fell_too(before: Band | None, now: Band, said: set[str]) -> None:
    facts = replace(LOW, before=before, band=now)
    assert {w for w in ("flipped", "fell", "rose") if holds("flip", "is", [w], facts)} == said


@pytest.mark.parametrize(
    ("field", "op", "value", "more", "there"),
    [
        ("score", "at_most", 2, {}, True), ("score", "at_most", 1, {}, False),
        ("score", "at_least", 2, {}, True),
        ("arr", "at_least", 50_000, {"arr": Decimal(50_000)}, True),
        ("arr", "at_most", 50_000, {"arr": None}, False),
        ("renewal", "at_most", 30, {"renewal_days": -1}, False),
        ("renewal", "at_most", 30, {"renewal_days": 0}, True),
        ("stage", "is", ["Trial"], {"stage": "trial"}, True),
        ("stage", "is_not", ["trial"], {"stage": None}, True),
        ("stage", "is", ["trial"], {}, False), ("survey", "is", [1, 2], {"survey_id": 2}, True),
        ("unit", "is_not", [4], {"unit_id": None}, True),
        ("asked", "is", True, {"followup": "requested"}, True), ("asked", "is", False, {}, True),
        ("weekday", "is", ["wed"], {}, True), ("lows", "at_least", 1, {}, False),
        ("hours", "is", ["closed"], {"open_hours": False}, True),
        ("case", "is", True, {"case": CaseSeen("case:1", fresh=True)}, True),
    ],
)  # fmt: skip
def test_each_kind_of_condition_holds_as_its_words_say(
    field: str, op: str, value: Any, more: dict[str, Any], there: bool
) -> None:
    assert holds(field, op, value, replace(LOW, **more)) is there


def test_a_property_is_asked_by_its_name() -> None:
    facts = replace(LOW, props={"plan": "Pro"})
    assert holds("property", "is", ["pro"], facts, name="plan")
    assert not holds("property", "is", ["pro"], facts, name="tier")
    assert holds("property", "is_not", ["pro"], facts, name="tier")


def test_all_or_one_has_to_hold_and_the_reasons_are_those_that_do() -> None:
    asked = [{"field": "score", "op": "at_most", "value": 3},
             {"field": "band", "op": "is", "value": ["promoter"]}]  # fmt: skip
    assert body(conditions=asked).because(LOW) is None
    reasons = body(conditions=asked, any=True).because(LOW)
    assert reasons == [{"nth": 0, "field": "score", "seen": 2}]
    assert body(conditions=asked[1:], any=True).because(LOW) is None
    assert body().because(LOW) == [] and body(any=True).because(LOW) == []


NAMES = st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=12)
TIMES = st.lists(st.times().map(lambda one: f"{one:%H:%M}"), min_size=2, max_size=2, unique=True)


def values_of(field: str) -> st.SearchStrategy[Any]:
    asked = FIELDS[field]
    match asked.kind:
        case Kind.NUMBER:
            return st.integers(0, asked.most)
        case Kind.YES:
            return st.booleans()
        case Kind.TIMES:
            return TIMES
        case Kind.IDS:
            return st.lists(st.integers(1, 99), min_size=1, max_size=4)
        case Kind.CHOICE:
            return st.lists(st.sampled_from([*(asked.choices or {})]), min_size=1, max_size=3)
    return st.lists(NAMES, min_size=1, max_size=3)


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    field = draw(st.sampled_from([*FIELDS]))
    found = {"field": field, "op": draw(st.sampled_from(OPS[FIELDS[field].kind])).value,
             "value": draw(values_of(field))}  # fmt: skip
    return found | ({"name": draw(NAMES)} if FIELDS[field].named else {})


@st.composite
def directed(draw: st.DrawFn, do: str, known: Mapping[str, str]) -> dict[str, Any]:
    to = draw(st.sampled_from([*known]))
    return {"do": do, "to": to} | ({"id": draw(st.integers(1, 9))} if to in NEEDS_ID else {})


QUIET = st.one_of(
    st.just(OPEN), directed("assign", ASSIGN_TO), directed("notify", NOTIFY_WHOM),
    st.builds(lambda n: {"do": "priority", "hours": n}, st.integers(1, 240)),
    st.builds(lambda name: {"do": "tag", "name": name}, NAMES),
    st.builds(lambda name: {"do": "push", "vendor": name}, st.sampled_from(VENDORS)),
)  # fmt: skip
SPEAKS = st.one_of(
    st.just([]), st.just([THANK]),
    st.sampled_from([*Favour]).map(
        lambda one: [{"do": "ask", "favour": one.value, "template": "Ask", "after": 0}]
    ),
)  # fmt: skip
BODIES = st.builds(
    lambda some, quiet, speaks, any_, last: {
        "any": any_, "last": last, "conditions": some, "actions": quiet + speaks},
    st.lists(conditions(), max_size=5), st.lists(QUIET, min_size=1, max_size=5), SPEAKS,
    st.booleans(), st.booleans(),
)  # fmt: skip


@given(BODIES)
def test_what_is_written_is_read_as_the_same_and_can_be_said(given_: dict[str, Any]) -> None:
    found = parse(given_)
    assert parse(written(found)) == found
    assert written(parse(written(found))) == written(found)
    assert sorted(map(json.dumps, written(found)["actions"])) == sorted(
        map(json.dumps, given_["actions"])
    )
    assert written(found)["conditions"] == given_["conditions"]
    how = len(found.conditions) != 1  # a single one stands for itself
    told = lines(found, CALLED)
    assert len(told) == how + len(found.conditions) + len(found.actions) + found.last


def wrong(field: str, op: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"conditions": [{"field": field, "op": op, "value": value, **more}], "actions": [OPEN]}


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"actions": [OPEN], "when": 1}, "conditions, actions, any and last"),
        ({"actions": OPEN}, "are lists"), ({"actions": []}, "Add an action"),
        ({"actions": [OPEN] * 21}, "20 conditions and 20 actions"),
        ({"actions": [THANK, THANK]}, "writes to the customer once"),
        (wrong("mood", "is", ["bad"]), "no condition on 'mood'"),
        (wrong("score", "is", 3), "Score takes at_most or at_least, not 'is'"),
        (wrong("score", "at_most", 11), "Score is a whole number, 0 to 10"),
        (wrong("score", "at_most", True), "Score is a whole number"),
        (wrong("asked", "is", "yes"), "is true or false"),
        (wrong("band", "is", ["bad"]), "Band is one of detractor, passive, promoter, not 'bad'"),
        (wrong("comment", "contains", []), "Comment needs at least one value"),
        (wrong("comment", "contains", "cancel"), "Comment takes a list of values"),
        (wrong("comment", "contains", [" "]), "Comment has 1 to 80 visible"),
        (wrong("comment", "contains", ["x" * 81]), "Comment has 1 to 80 visible"),
        (wrong("property", "is", ["pro"]), "A property has 1 to 80"),
        (wrong("survey", "is", [0]), "Survey is a whole number"),
        (wrong("time", "between", ["18:00"]), "such as 18:00 and 08:00"),
        (wrong("time", "between", ["18:00", "25:00"]), "such as 18:00 and 08:00"),
        (wrong("time", "between", ["18:00", "18:00"]), "two different times"),
        (wrong("time", "between", ["18:00", "08:00+02:00"]), "two different times"),
        ({"actions": ["open"]}, "no action 'open'"), ({"actions": [{"do": "dance"}]}, "'dance'"),
        ({"actions": [{"do": "assign", "to": "moon"}]}, "goes to user, team, turn, owner"),
        ({"actions": [{"do": "assign", "to": "user"}]}, "Assign the case: to whom?"),
        ({"actions": [{"do": "notify", "to": "turn", "id": 1}]}, "goes to user, owner, lead"),
        ({"actions": [{"do": "priority", "hours": 0}]}, "Hours forward is a whole number"),
        ({"actions": [{"do": "tag", "name": "x" * 41}]}, "A tag has 1 to 40"),
        ({"actions": [{"do": "push", "vendor": "pigeon"}]}, "A case goes to zendesk"),
        ({"actions": [{"do": "message", "after": 5}]}, "A template has 1 to 80"),
        ({"actions": [THANK | {"after": 99_999}]}, "Minutes to wait is a whole number, 0 to 10"),
        ({"actions": [{"do": "ask", "favour": "cake", "template": "Ask"}]}, "A favour is one of"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(given_: dict[str, Any], said: str) -> None:
    with pytest.raises(Wrong) as found:
        parse(given_)
    assert said in str(found.value)


def test_a_rule_is_told_in_words() -> None:
    found = body(
        OPEN, {"do": "assign", "to": "turn", "id": 5}, {"do": "notify", "to": "user", "id": 8},
        THANK | {"after": 120}, last=True,
        conditions=[{"field": "arr", "op": "at_least", "value": 50_000},
                    {"field": "comment", "op": "contains", "value": ["a", "b", "c"]},
                    {"field": "asked", "op": "is", "value": False}],
    )  # fmt: skip
    assert lines(found, CALLED) == [
        "All of these hold", "If: ARR is at least 50,000",
        "If: Comment contains “a”, “b” or “c”", "If: not: Asks to be contacted",
        "Then: Open a case", "Then: Assign the case to somebody of Support, in turn",
        "Then: Tell a colleague: a user that is gone",
        "Then: Write to the customer with “Thanks” after 2 h", "No further rule is looked at",
    ]  # fmt: skip
    assert difference(found, replace(found, last=False), CALLED) == [
        ("-", "No further rule is looked at")
    ]
    one = replace(found, conditions=found.conditions[:1])
    assert lines(one, CALLED)[:2] == ["If: ARR is at least 50,000", "Then: Open a case"]
    assert lines(replace(one, conditions=()), CALLED)[0] == "For every answer"
    reasons = [{"nth": 0, "field": "arr", "seen": "84000"}]
    assert because(found, reasons, CALLED) == "ARR is at least 50,000 (it is 84,000)"
    assert because(found, [], CALLED) == "it is for every answer"


@pytest.mark.parametrize(
    ("one", "outcome", "said"),
    [
        ({"do": "open", "outcome": "opened"}, None, "Open a case: opened"),
        ({"do": "tag", "outcome": "not", "why": "tagged"}, None,
         "Tag the case: no, it has that tag"),
        ({"do": "assign", "to": "turn", "outcome": "given", "team": 5, "user": 3}, None,
         "Assign the case: given to Ann, whose turn it is"),
        ({"do": "assign", "to": "team", "outcome": "given", "team": 5}, None,
         "Assign the case: given to the team Support"),
        ({"do": "message", "outcome": "waits", "due": AT.isoformat()}, None,
         "Write to the customer: waits until 12 May 2026, 22:30 UTC"),
        ({"do": "message", "outcome": "waits", "due": AT.isoformat()}, "sent",
         "Write to the customer: handed to the mail"),
        ({"do": "message", "outcome": "waits", "due": AT.isoformat()}, "stopped",
         "Write to the customer: no, somebody stopped it"),
        ({"do": "push", "outcome": "sent", "vendor": "slack"}, None,
         "Send the case to: Slack, sent"),
    ],
)  # fmt: skip
def test_what_an_action_did_is_told(one: dict[str, Any], outcome: str | None, said: str) -> None:
    assert effect(one, CALLED, outcome=outcome) == said


def test_how_a_rule_stands_is_told() -> None:
    zone = ZoneInfo("Europe/Berlin")
    off = Kept(1, "Low", 1, None, None, None, None, 2)
    assert stands(off, zone) == "off"
    both = replace(off, live=1, live_at=AT, shadow=2, shadow_at=AT)
    assert stands(both, zone) == (
        "version 1 acts since 13 May 2026; version 2 is in the shadow since 13 May 2026"
    )


def test_who_would_be_overrun_is_the_one_with_most_beyond_what_they_reached() -> None:
    ann, bob = Load(1, "Ann", 5, 2, 6, 5), Load(2, "Bob", 9, 4, 3, 1)
    assert overrun([]) == "No case would have been given to a person."
    assert overrun([ann]) == "Nobody would have got more cases than they reached in that time."
    assert overrun([ann, bob]).startswith(
        "Bob would have got 9 cases, and reached the customers of 1"
    )
    assert "4 first contacts" in overrun([ann, bob]) and "other" not in overrun([ann, bob])


def test_the_busiest_day_is_named_and_waits_are_told_in_few_words() -> None:
    assert busiest({}) == "No rule fires"
    assert busiest({date(2026, 5, 1): 1, date(2026, 5, 2): 3}) == "Most on 2 May: 3 firings"
    waits = [(0, "any moment"), (61, "in 2 min"), (7200, "in 2 h"), (3 * 86400, "in 3 d")]
    for seconds, said in waits:
        assert due_in(AT + timedelta(seconds=seconds), AT) == said


def test_every_starter_can_be_said_and_does_something() -> None:
    for name, found in starters():
        assert name and written(parse(found)) == found and found["actions"]


def test_every_condition_and_action_has_a_word_of_its_own() -> None:
    assert len({one.label for one in FIELDS.values()}) == len(FIELDS)
    assert len({one.label for one in Do}) == len(Do)
    assert Condition("score", Op.AT_MOST, 3).holds(LOW) == {"field": "score", "seen": 2}
