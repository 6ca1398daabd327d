"""A simulation says what the rules would have done: line by line what they do at work."""

import json
import socket
from datetime import timedelta
from typing import Any, NoReturn

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from db import engine as db_engine
from db.engine import reading, transaction
from db.models import Case, Delivery, Integration, Message, Response, RuleFiring, Team, User
from services.access import Refused
from services.domain.rules.body import parse
from services.rules import simulating, trying
from services.rules.reporting import report
from services.rules.simulating import NEW, log_of, simulate
from tests import builders as make
from tests.builders import NOW
from tests.conftest import make_database
from tests.rules.desks import (
    HIGH,
    LOW,
    MANAGER,
    MINUTE,
    answered,
    mailing,
    rule,
    turn,
    turns_until,
)

PEOPLE = [f"p{n}@example.com" for n in range(4)]
NAMED = {"p0@example.com": {"name": "Ana Mora"}}
CONDITIONS: list[dict[str, Any]] = [
    LOW, HIGH, {"field": "score", "op": "at_most", "value": 4},
    {"field": "comment", "op": "contains", "value": ["cancel"]},
    {"field": "flip", "op": "is", "value": ["fell"]},
    {"field": "lows", "op": "at_least", "value": 1},
    {"field": "case", "op": "is", "value": True},
    {"field": "weekday", "op": "is_not", "value": ["mon", "sun"]},
    {"field": "property", "name": "plan", "op": "is", "value": ["pro"]},
]  # fmt: skip


def actions(team: int, users: list[int]) -> list[dict[str, Any]]:
    return [
        {"do": "open"}, {"do": "assign", "to": "turn", "id": team},
        {"do": "assign", "to": "user", "id": users[0]}, {"do": "assign", "to": "owner"},
        {"do": "assign", "to": "team", "id": team}, {"do": "priority", "hours": 12},
        {"do": "tag", "name": "seen"}, {"do": "push", "vendor": "slack"},
        {"do": "push", "vendor": "zendesk"}, {"do": "notify", "to": "user", "id": users[1]},
        {"do": "message", "template": "Thanks", "after": 30},
        {"do": "message", "template": "By name", "after": 20},
        {"do": "ask", "favour": "review", "template": "Thanks", "after": 0},
    ]  # fmt: skip


def rules_of(draw: st.DataObject, team: int, users: list[int]) -> list[dict[str, Any]]:
    some = st.lists(st.sampled_from(CONDITIONS), max_size=2, unique_by=str)
    speaking = ("message", "ask")
    acts = st.lists(
        st.sampled_from(actions(team, users)), min_size=1, max_size=5, unique_by=str
    ).filter(lambda found: sum(one["do"] in speaking for one in found) < 2)
    body = st.fixed_dictionaries(
        {"conditions": some, "actions": acts, "any": st.booleans(), "last": st.booleans()}
    )
    return draw.draw(st.lists(body, min_size=1, max_size=4))


STREAM = st.lists(
    st.tuples(
        st.integers(1, 2000),  # minutes since the answer before
        st.sampled_from(PEOPLE), st.integers(0, 10), st.sampled_from(["", "I cancel", "fine"]),
        st.sampled_from(["declined", "requested", "not_asked"]), st.sampled_from(["pro", "free"]),
    ), min_size=1, max_size=12,
)  # fmt: skip


def furnished(session: Session, *, shares: bool = False) -> tuple[int, list[int]]:
    """People, a team that has work given in turn, a vendor, a template. `shares`: the team also
    gives all cases of some customers in turn."""
    team = make.team(session, round_robin=shares)
    users = [make.user(session, team_id=team.id).id or 0 for _ in range(3)]
    if shares:
        acme = make.account(session, owner_id=users[0])
        for email in PEOPLE[1:]:
            make.contact(session, email, account_id=acme.id)
    session.add(Integration(name="slack", config={"channel": "C1"}, connected_at=NOW))
    mailing(session)
    mailing(session, "By name", "Thank you, {{contact.name}}, for {{score}}.")
    return team.id or 0, users


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_simulation_is_the_log_of_the_rules_at_work(
    kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    @settings(
        max_examples=25 if kind == "sqlite" else 4,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data(), STREAM)
    def same(draw: st.DataObject, stream: list[Any]) -> None:
        made = make_database(kind, tmp_path_factory.mktemp("desk"))
        engine = db_engine.use(next(made))
        live, simulated = both(draw, stream)
        engine.dispose()
        next(made, None)
        assert "\n".join(live) == "\n".join(simulated)

    same()


def both(draw: st.DataObject, stream: list[Any]) -> tuple[list[str], list[str]]:
    """The log of the rules at work on a stream, and that of a simulation afterwards."""
    with transaction() as session:
        shares = draw.draw(st.booleans())
        team_id, users = furnished(session, shares=shares)
        turns = {"conditions": [draw.draw(st.sampled_from(CONDITIONS))], "actions": [
            {"do": "open"}, {"do": "assign", "to": "turn", "id": team_id}]}  # fmt: skip
        first = [turns] if shares else []
        for n, body in enumerate([*first, *rules_of(draw, team_id, users)]):
            rule(session, f"Rule {n}", **body)
    at, state = NOW, {}
    for wait, email, score, comment, followup, plan in stream:
        at += wait * MINUTE
        state = turns_until(at, state)
        answered(at, {"score": score, "email": email, "comment": comment, "followup": followup,
                      "properties": {"plan": plan}, **NAMED.get(email, {})})  # fmt: skip
        state = turn(at, state)
    end = at + timedelta(days=1)
    turns_until(end, state)
    with reading() as session:
        live = log_of(session, NOW, end)
        return live, simulate(session, MANAGER, days=60, now=end).log()


@pytest.mark.usefixtures("desk")
def test_a_simulation_opens_no_socket_and_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction() as session:
        mailing(session)
        rule(session, "Thanks", [HIGH], [{"do": "message", "template": "Thanks", "after": 0}],
             live=False)  # fmt: skip
    answered(NOW, {"score": 10, "email": PEOPLE[0]}, {"score": 10, "email": PEOPLE[1]})
    before = counted()

    def refused(*_args: object) -> NoReturn:
        raise AssertionError("a socket was opened")

    with reading() as session:
        draft = parse({"conditions": [HIGH], "actions": [
            {"do": "open"}, {"do": "message", "template": "Thanks", "after": 0}]})  # fmt: skip
        session.connection()
        monkeypatch.setattr(socket.socket, "connect", refused)
        found = simulate(session, MANAGER, days=1, now=NOW + MINUTE, drafts={1: 1, NEW: draft})
    assert [json.loads(line)["rule"] for line in found.log()[:4]] == [1, NEW, 1, NEW]
    assert [one.outcome for one in found.ended] == ["sent", "sent"]
    assert counted() == before


def counted() -> list[int]:
    with reading() as session:
        tables = (Delivery, Message, RuleFiring, Response)
        return [len(session.exec(select(table.id)).all()) for table in tables]


@pytest.mark.usefixtures("desk")
def test_nothing_is_told_of_answers_in_units_that_are_not_seen() -> None:
    with transaction() as session:
        here, elsewhere = make.unit(session, "EMEA"), make.unit(session, "APAC")
        rule(session, "All", [], [{"do": "open"}])
        for unit in (here, elsewhere):
            make.response(session, 2, unit_id=unit.id, contact_id=make.contact(session).id)
        csm = make.actor("csm", units=(here.id or 0,))
    with reading() as session:
        assert simulate(session, csm, days=7, now=NOW).answers == 1
        assert simulate(session, MANAGER, days=7, now=NOW).answers == 2


@pytest.mark.usefixtures("desk")
def test_what_people_had_in_units_that_are_not_seen_is_not_counted() -> None:
    with transaction() as session:
        here, elsewhere = make.unit(session, "EMEA"), make.unit(session, "APAC")
        ann = make.user(session, "manager")
        rule(session, "All", [], [{"do": "open"}, {"do": "assign", "to": "user", "id": ann.id}])
        for unit in (here, elsewhere, elsewhere):
            make.case(session, unit_id=unit.id).assignee_id = ann.id
        csm = make.actor("csm", units=(here.id or 0,))
    with reading() as session:
        had = []
        for actor in (csm, MANAGER):
            done = simulate(session, actor, days=7, now=NOW + MINUTE)
            had += [(one.cases, one.had) for one in report(session, actor, done).loads]
    assert had == [(1, 1), (3, 3)]


@pytest.mark.usefixtures("sqlite_desk")
def test_it_tells_how_many_answers_are_looked_at_and_never_goes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with transaction() as session:
        rule(session, "Low", [LOW], [{"do": "open"}])
    answered(NOW, *({"score": n} for n in range(5)))
    monkeypatch.setattr(simulating, "AT_ONCE", 2)
    told: list[tuple[int, int]] = []
    with reading() as session:
        body = {"conditions": [HIGH], "actions": [{"do": "open"}]}
        trying.try_out(
            session, MANAGER, body=body, rule_id=1, days=1, now=NOW + MINUTE,
            progress=lambda *given: told.append(given),
        )  # fmt: skip
    assert {of for _, of in told} == {5}
    with_the_draft, with_what_acts = [0, 1, 2, 2], [2, 3, 4, 5]
    assert [done for done, _ in told] == with_the_draft + with_what_acts


@pytest.mark.usefixtures("sqlite_desk")
@pytest.mark.parametrize("days", [0, 366])
def test_a_simulation_has_its_limits(days: int) -> None:
    with reading() as session, pytest.raises(Refused, match="1 to 365 days"):
        simulate(session, MANAGER, days=days, now=NOW)


@pytest.mark.usefixtures("desk")
def test_a_message_that_cannot_be_filled_in_is_not_counted_as_sent() -> None:
    with transaction() as session:
        furnished(session)
        say = {"do": "message", "template": "By name", "after": 0}
        rule(session, "Thanks", [HIGH], [say])
    answered(NOW, *({"score": 9, "email": one, **NAMED.get(one, {})} for one in PEOPLE[:2]))
    with reading() as session:
        found = simulate(session, MANAGER, days=1, now=NOW + MINUTE)
    assert [one.outcome for one in found.ended] == ["sent", "unfilled"]


@pytest.mark.usefixtures("desk")
def test_turns_go_on_where_the_team_was_when_the_time_began() -> None:
    with transaction() as session:
        team_id, users = furnished(session)
        session.execute(sa.update(Team).values(last_given_id=users[1]))
        rule(session, "Turn", [LOW], [{"do": "assign", "to": "turn", "id": team_id}])
    for n in range(2):
        answered(NOW + n * MINUTE, {"score": 1, "email": PEOPLE[n]})
    turn(NOW + 5 * MINUTE)
    with reading() as session:
        found = simulate(session, MANAGER, days=1, now=NOW + 5 * MINUTE)
    assert [one.fired.effects[0]["user"] for one in found.met] == [users[2], users[0]]


@pytest.mark.usefixtures("desk")
def test_turns_of_a_team_that_shares_all_its_cases_come_between_those_of_rules() -> None:
    with transaction() as session:
        team_id, (ann, bob, cara) = furnished(session, shares=True)
        angry = {"field": "comment", "op": "contains", "value": ["cancel"]}
        rule(session, "Turn", [LOW, angry], [{"do": "assign", "to": "turn", "id": team_id}])
        rule(session, "Follow", [HIGH], [{"do": "open"}])
    cancel = {"score": 1, "comment": "I cancel"}
    for n, answers in enumerate((
        ({"score": 1, "email": PEOPLE[1]},),  # the team shares it out: Ann
        (cancel | {"email": PEOPLE[0]},),  # the rule: Bob
        ({"score": 10, "email": PEOPLE[2]},  # the rule opens it, and the team shares it out: Cara
         cancel | {"email": "new@example.com"}),  # both are looked at together: Ann
    )):  # fmt: skip
        answered(NOW + n * MINUTE, *answers)
        turn(NOW + n * MINUTE)
    with reading() as session:
        owners = session.exec(select(Case.assignee_id).order_by(sa.text("id"))).all()
        live = log_of(session, NOW, NOW + 5 * MINUTE)
        assert simulate(session, MANAGER, days=1, now=NOW + 5 * MINUTE).log() == live
    to = [one["effects"][0].get("user") for one in map(json.loads, live)]
    assert (to, sorted(filter(None, owners))) == ([bob, None, ann], [ann, ann, bob, cara])


@pytest.mark.usefixtures("sqlite_desk")
def test_who_is_full_because_of_the_rule_had_room_when_the_time_began() -> None:
    with transaction() as session:
        team_id, users = furnished(session)
        for user in session.exec(select(User)):
            user.capacity = 1 if user.id == users[0] else 0
        rule(session, "Turn", [HIGH], [
            {"do": "open"}, {"do": "assign", "to": "turn", "id": team_id}])  # fmt: skip
    answered(NOW, *({"score": 10, "email": email} for email in PEOPLE[:2]))
    turn(NOW)
    with reading() as session:
        live = log_of(session, NOW, NOW + MINUTE)
        assert simulate(session, MANAGER, days=1, now=NOW + MINUTE).log() == live
    said = [json.loads(line)["effects"][1] for line in live]
    assert [one.get("user") or one["why"] for one in said] == [users[0], "no_room"]
