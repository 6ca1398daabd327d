"""Rules on paper: what is decided about an answer, and what becomes of a message that waited."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.domain.bands import Band
from services.domain.plays import Favour
from services.domain.rules.body import Body
from services.domain.rules.deciding import Standing, decide, settle
from services.domain.rules.facts import CaseSeen, Facts
from services.domain.rules.world import Person, Wording, World
from tests.domain.test_rules import AT, HIGH, LOW, OPEN, THANK, body


def world(**more: Any) -> World:
    people = {n: Person(n, team_id=5, capacity=1) for n in (3, 4)}
    return World(people=people, leads={5: 4}, vendors=frozenset({"slack", "email"}),
                 templates={"Thanks": [Wording("en")]}, **more)  # fmt: skip


def fired(facts: Facts, *bodies: Body, here: World | None = None, first: bool = False) -> list[Any]:
    rules = [Standing(n, 1, one) for n, one in enumerate(bodies, 1)]
    return decide(rules, facts, here or world(), first=first)


def outcomes(found: list[Any]) -> list[str]:
    return [one.get("why", one["outcome"]) for each in found for one in each.effects]


def test_all_rules_act_until_one_is_the_last_or_only_the_first_does() -> None:
    none = body(conditions=[{"field": "score", "op": "at_least", "value": 9}])
    tag = body({"do": "tag", "name": "a"}, last=True)
    rest = body({"do": "tag", "name": "b"})
    assert [one.rule_id for one in fired(LOW, none, body(), tag, rest)] == [2, 3]
    assert [one.rule_id for one in fired(LOW, none, body(), tag, rest, first=True)] == [2]


def test_a_rule_looks_only_at_what_came_in_since_it_stands() -> None:
    late = Standing(1, 1, body(), AT + timedelta(seconds=1))
    assert decide([late], LOW, world()) == []
    assert decide([replace(late, since=AT)], LOW, world())


def test_a_case_is_opened_once_and_never_about_who_wants_none() -> None:
    assert outcomes(fired(LOW, body(), body())) == ["opened", "there"]
    assert outcomes(fired(replace(LOW, followup="declined"), body())) == ["declined"]
    assert outcomes(fired(replace(LOW, contact_id=None), body())) == ["nobody"]
    assert outcomes(fired(replace(LOW, is_test=True), body())) == ["test"]
    known = world()
    fired(LOW, body(), here=known)
    assert outcomes(fired(replace(LOW, response_id=9), body(), here=known)) == ["joined"]


@pytest.mark.parametrize(
    ("action", "more", "what"),
    [
        ({"to": "owner"}, {}, "given"), ({"to": "owner"}, {"owner_id": None}, "no_owner"),
        ({"to": "user", "id": 9}, {}, "cannot"), ({"to": "team", "id": 5}, {}, "given"),
        ({"to": "team", "id": 6}, {}, "no_team"), ({"to": "turn", "id": 5}, {}, "given"),
        ({"to": "turn", "id": 6}, {}, "no_team"),
        ({"to": "owner"}, {"case": CaseSeen("case:1", fresh=False)}, "joined"),
    ],
)  # fmt: skip
def test_a_case_is_given_to_who_can_take_it(
    action: dict[str, Any], more: dict[str, Any], what: str
) -> None:
    found = fired(replace(LOW, **more), body(OPEN, {"do": "assign", **action}))
    assert outcomes(found)[1] == what


def test_a_case_is_given_once_and_turns_end_where_nobody_has_room() -> None:
    turn = {"do": "assign", "to": "turn", "id": 5}
    assert outcomes(fired(LOW, body(OPEN, turn), body(turn))) == ["opened", "given", "given"]
    known, users = world(), []
    for n in range(3):
        facts = replace(LOW, response_id=n + 10, contact_id=n + 10)
        (one,) = fired(facts, body(OPEN, turn), here=known)
        users.append(one.effects[1].get("user"))
    assert users == [3, 4, None]
    assert outcomes(fired(LOW, body(turn))) == ["no_case"]


def test_nobody_is_given_a_case_of_a_unit_that_they_do_not_see() -> None:
    known = world()
    known.people = {3: Person(3, team_id=5, units=frozenset({1}))}  # type: ignore[misc]
    give = body(OPEN, {"do": "assign", "to": "owner"})
    assert outcomes(fired(replace(LOW, unit_id=2), give, here=known))[1] == "cannot"
    assert outcomes(fired(replace(LOW, unit_id=1, contact_id=8), give, here=known))[1] == "given"


def test_a_tag_and_a_vendor_get_a_case_once_and_only_where_they_can() -> None:
    acts = body(OPEN, {"do": "tag", "name": "New"}, {"do": "push", "vendor": "slack"},
                {"do": "push", "vendor": "zendesk"})  # fmt: skip
    again = body({"do": "tag", "name": "new"}, {"do": "push", "vendor": "slack"})
    assert outcomes(fired(LOW, acts, again)) == [
        "opened", "tagged", "sent", "not_connected", "tagged", "has_it",
    ]  # fmt: skip
    assert fired(LOW, acts, again)[1].effects[0]["outcome"] == "not"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"followup": "declined"}, "declined"), ({"anonymous": True}, "anonymous"),
        ({"do_not_contact": True}, "do_not_contact"), ({"erased": True}, "erased"),
        ({"reachable": False}, "no_address"), ({"excluded": True}, "excluded"),
        ({"answered_at": AT - timedelta(days=8)}, "late"), ({}, "waits"),
    ],
)  # fmt: skip
def test_nothing_is_said_to_who_should_hear_nothing(more: dict[str, Any], why: str) -> None:
    assert outcomes(fired(replace(HIGH, **more), body(THANK))) == [why]


def test_one_message_an_answer_and_one_a_person_in_the_gap() -> None:
    known, thank = world(), body(THANK)
    assert outcomes(fired(HIGH, thank, thank, here=known)) == ["waits", "spoken"]
    soon = AT + timedelta(minutes=30)
    assert settle(thank, 0, HIGH, known, soon) == "sent"
    other = replace(HIGH, response_id=12)
    assert settle(thank, 0, other, known, soon + timedelta(days=6)) == "soon"
    week = soon + timedelta(days=7)
    assert settle(thank, 0, replace(other, answered_at=week), known, week) == "sent"


def test_what_changed_meanwhile_is_not_thanked_for() -> None:
    asked = [{"field": "band", "op": "is", "value": ["promoter"]}]
    thank = body(THANK, conditions=asked)
    assert settle(thank, 0, replace(HIGH, band=Band.PASSIVE), world(), AT) == "changed"


def test_a_favour_is_asked_neither_of_the_unhappy_nor_too_often() -> None:
    ask = body({"do": "ask", "favour": "review", "template": "Thanks", "after": 0})
    known = world()
    known.opened(7, "detractor", "case:1", AT)
    assert settle(ask, 0, HIGH, known, AT) == "unhappy"
    known = world(asked={7: [(Favour.REVIEW, AT - timedelta(days=364))]})
    assert settle(ask, 0, HIGH, known, AT) == "asked"
    known = world(asked={7: [(Favour.REVIEW, AT + timedelta(days=1))]})  # by hand, later
    assert settle(ask, 0, HIGH, known, AT) == "sent"
    known = world(asked={7: [(Favour.REFERRAL, AT - timedelta(days=91))]})
    assert settle(ask, 0, HIGH, known, AT) == "sent"
