"""Rules at work: what they do about answers that come in, once, and why is on the case."""

from datetime import UTC, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, select

from db.engine import transaction
from db.models import (
    Ask,
    Case,
    CaseTag,
    Contact,
    Delivery,
    Job,
    Message,
    Notice,
    RuleFiring,
    RuleLater,
    Tag,
)
from services.access import Forbidden, Refused
from services.cases import words
from services.cases.journal import journal
from services.rules import keeping, later
from tests import builders as make
from tests.builders import NOW
from tests.rules.desks import HIGH, LOW, MANAGER, MINUTE, answered, mailing, rule, turn, turns_until

pytestmark = pytest.mark.usefixtures("desk")
DANA = {"email": "dana@example.com"}
THANKS = {"do": "message", "template": "Thanks", "after": 10}


def only_case(session: Session) -> Case:
    return session.exec(select(Case)).one()


def said(session: Session, case: Case) -> list[str]:
    return words.sentences(session, journal(session, case.id or 0), UTC)


def test_a_rule_gives_tags_and_moves_a_case_and_the_case_says_why() -> None:
    with transaction() as session:
        ann = make.user(session, name="Ann")
        rule(
            session, "Low ones", [{"field": "score", "op": "at_most", "value": 3}],
            [{"do": "assign", "to": "user", "id": ann.id}, {"do": "priority", "hours": 24},
             {"do": "tag", "name": "urgent"}],
        )  # fmt: skip
    answered(NOW, {"score": 2, **DANA}, {"score": 5, "email": "leo@example.com"})
    turn(NOW)
    with transaction() as session:
        case, other = session.exec(select(Case).order_by(col(Case.id))).all()
        assert (case.assignee_id, other.assignee_id) == (ann.id, None)
        assert [one["hours"] for one in case.priority_reasons if one["code"] == "rule"] == [24]
        assert case.priority == round(sum(one["hours"] for one in case.priority_reasons))
        assert session.exec(select(Tag.name).join(CaseTag)).all() == ["urgent"]
        assert said(session, case) == [
            "The desk opened it because the answer is low",
            "The rule “Low ones” fired (version 1), because score is at most 3 (it is 2). Assign "
            "the case: given to Ann; Move it forward in the queue: by 24 h; Tag the case: tagged",
            "The rule “Low ones” assigned it to Ann",
            "The rule “Low ones” tagged it urgent",
        ]
        assert said(session, other) == ["The desk opened it because the answer is low"]


def test_a_case_keeps_what_a_rule_added_when_it_is_ranked_anew() -> None:
    with transaction() as session:
        rule(session, "Up", [LOW], [{"do": "priority", "hours": 48}])
    answered(NOW, {"score": 6, **DANA})
    turn(NOW)
    answered(NOW + MINUTE, {"score": 6, **DANA})
    with transaction() as session:
        case = only_case(session)
        assert case.priority == 48
        assert [one["code"] for one in case.priority_reasons] == ["rule"]


def test_a_rule_opens_a_case_about_any_answer_and_its_clock_starts_at_receipt() -> None:
    with transaction() as session:
        rule(
            session, "Leaving", [{"field": "comment", "op": "contains", "value": ["cancel"]}],
            [{"do": "open"}],
        )  # fmt: skip
    answered(
        NOW, {"score": 8, "comment": "We are CANCELLING", **DANA}, {"score": 8, "comment": "x"}
    )
    turn(NOW + 5 * MINUTE)
    with transaction() as session:
        case = only_case(session)
        assert (case.opened_at, case.reason_key) == (NOW, "follow_up")
        assert said(session, case)[0] == "The rule “Leaving” opened it"
        (firing,) = session.exec(select(RuleFiring))
        assert (firing.case_id, firing.effects) == (case.id, [{"do": "open", "outcome": "opened"}])


def test_a_rule_tells_whoever_wants_to_hear_of_rules() -> None:
    with transaction() as session:
        ann = make.user(session, notify={"way": "email"})
        rule(session, "Tell", [LOW], [{"do": "notify", "to": "user", "id": ann.id}])
    answered(NOW, {"score": 2, **DANA})
    turn(NOW)
    with transaction() as session:
        assert session.exec(select(Notice.user_id, Notice.kind)).all() == [(ann.id, "rule")]
        (firing,) = session.exec(select(RuleFiring))
        assert [one.get("outcome") for one in firing.effects] == ["told"]


def test_a_turn_that_forgot_where_it_was_does_nothing_twice() -> None:
    with transaction() as session:
        rule(session, "Tag", [LOW], [{"do": "tag", "name": "low"}, {"do": "priority", "hours": 5}])
    answered(NOW, {"score": 6, **DANA})
    turn(NOW)
    turn(NOW)
    with transaction() as session:
        assert only_case(session).priority == 5
        assert len(session.exec(select(RuleFiring)).all()) == 1


def test_rules_look_at_nothing_that_came_before_they_stood_nor_at_an_import() -> None:
    answered(NOW - MINUTE, {"score": 2, **DANA})
    with transaction() as session:
        rule(session, "New", [LOW], [{"do": "tag", "name": "low"}], at=NOW)
        run = make.import_run(session)
        make.response(session, 2, import_run_id=run.id, answered_at=NOW + MINUTE)
    turn(NOW + MINUTE)
    with transaction() as session:
        assert session.exec(select(RuleFiring)).all() == []


def test_what_waits_for_its_turn_while_another_version_takes_over_is_met_by_that_one() -> None:
    with transaction() as session:
        rule_id = rule(session, "Tag", [LOW], [{"do": "tag", "name": "low"}])
    answered(NOW, {"score": 8, **DANA})
    state = turn(NOW)
    with transaction() as session:
        session.add(Job(name="rules", next_at=NOW, state=state))
    answered(NOW + MINUTE, {"score": 1, **DANA})
    with transaction() as session:
        body = {"conditions": [], "actions": [{"do": "tag", "name": "any"}]}
        _, n = keeping.save(session, MANAGER, name="Tag", body=body, rule_id=rule_id, now=NOW)
        keeping.enable(session, MANAGER, rule_id, n, now=NOW + 2 * MINUTE)
    turn(NOW + 3 * MINUTE)  # even where the place was lost
    with transaction() as session:
        (firing,) = session.exec(select(RuleFiring))
        assert (firing.n, firing.effects) == (2, [{"do": "tag", "outcome": "tagged"}])


def test_a_thank_you_leaves_once_after_its_time_and_is_no_contact() -> None:
    with transaction() as session:
        mailing(session)
        for name in ("One", "Two"):
            rule(session, name, [HIGH], [THANKS])
    answered(NOW, {"score": 10, **DANA})
    state = turn(NOW + 9 * MINUTE)
    with transaction() as session:
        assert session.exec(select(Delivery)).all() == []
    turn(NOW + 10 * MINUTE, state)
    with transaction() as session:
        (delivery,) = session.exec(select(Delivery))
        assert (delivery.vendor, delivery.action, delivery.case_id) == ("email", "auto", None)
        assert delivery.payload["text"] == "Thank you for the 10."
        assert delivery.payload["to"]["address"] == DANA["email"]
        one, two = session.exec(select(RuleFiring).order_by(col(RuleFiring.id)))
        assert one.effects[0]["outcome"] == "waits"
        assert two.effects == [{"do": "message", "outcome": "not", "why": "spoken"}]
        (message,) = session.exec(select(Message))
        assert (message.kind, message.case_id, message.author_id) == ("auto", None, None)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"score": 10, "followup": "declined", **DANA}, "declined"),
        ({"score": 10, "anonymous": True}, "anonymous"),
        ({"score": 10}, "nobody"),
        ({"score": 10, "test": True, **DANA}, "test"),
    ],
)
def test_nobody_is_written_to_against_their_will(answer: dict[str, object], why: str) -> None:
    with transaction() as session:
        mailing(session)
        rule(session, "Thanks", [HIGH], [THANKS])
    answered(NOW, answer)
    turns_until(NOW + timedelta(hours=1))
    with transaction() as session:
        (firing,) = session.exec(select(RuleFiring))
        assert firing.effects == [{"do": "message", "outcome": "not", "why": why}]
        assert session.exec(select(Delivery)).all() == []


@pytest.mark.parametrize(
    ("meanwhile", "outcome"),
    [
        (sa.update(Contact).values(do_not_contact=True), "do_not_contact"),
        (sa.text("UPDATE response SET score = 3, score_given = '3', band = -1"), "changed"),
        (sa.text("UPDATE rule SET live = NULL"), "off"),
        (sa.text("UPDATE template SET shared = false"), "template"),
        (sa.text("UPDATE contact SET bounced_email = email_norm"), "no_address"),
    ],
)
def test_what_changed_while_it_waited_is_looked_at_again(
    meanwhile: sa.Executable, outcome: str
) -> None:
    with transaction() as session:
        mailing(session)
        rule(session, "Thanks", [HIGH], [THANKS])
    answered(NOW, {"score": 10, **DANA})
    state = turn(NOW)
    with transaction() as session:
        session.execute(meanwhile)
    turn(NOW + 10 * MINUTE, state)
    with transaction() as session:
        (waited,) = session.exec(select(RuleLater))
        assert (waited.state, waited.outcome) == ("dropped", outcome)
        assert session.exec(select(Delivery)).all() == []


def test_what_waited_when_a_rule_was_switched_off_is_not_sent_by_switching_it_on_again() -> None:
    with transaction() as session:
        mailing(session)
        off = rule(session, "Thanks", [HIGH], [THANKS])
        mailing(session, "Other", "Thank you very much.")
        rule(session, "Other", [LOW], [THANKS | {"template": "Other"}])
    answered(NOW, {"score": 10, **DANA}, {"score": 1, "email": "leo@example.com"})
    state = turn(NOW)
    with transaction() as session:
        keeping.disable(session, MANAGER, off, now=NOW + MINUTE)
        keeping.enable(session, MANAGER, off, 1, now=NOW + 2 * MINUTE)
    turn(NOW + 10 * MINUTE, state)
    with transaction() as session:
        query = select(RuleLater.state, RuleLater.outcome).order_by(col(RuleLater.id))
        assert session.exec(query).all() == [("dropped", "off"), ("done", "sent")]
        assert len(session.exec(select(Delivery)).all()) == 1


def test_a_message_that_waits_can_be_stopped_by_who_sees_the_answer() -> None:
    with transaction() as session:
        mailing(session)
        rule(session, "Thanks", [HIGH], [THANKS])
    answered(NOW, {"score": 10, **DANA})
    state = turn(NOW)
    with transaction() as session:
        (waiting,) = session.exec(select(RuleLater))
        elsewhere = make.actor("csm", units=())
        with pytest.raises(Refused, match="no such message"):
            later.stop(session, elsewhere, waiting.id or 0, now=NOW)
        later.stop(session, make.actor("support"), waiting.id or 0, now=NOW)
        with pytest.raises(Refused, match="waits no longer"):
            later.stop(session, make.actor("support"), waiting.id or 0, now=NOW)
    turn(NOW + 10 * MINUTE, state)
    with transaction() as session:
        assert session.exec(select(Delivery)).all() == []


def test_a_promoter_is_asked_once_in_a_while_and_not_while_something_is_wrong() -> None:
    ask = {"do": "ask", "favour": "review", "template": "Ask", "after": 0}
    with transaction() as session:
        mailing(session, "Ask", "Would you write a review?")
        rule(session, "Ask", [HIGH], [ask])
    answered(NOW, {"score": 10, **DANA}, {"score": 9, "email": "leo@example.com"})
    state = turns_until(NOW + MINUTE)
    answered(NOW + timedelta(days=30), {"score": 10, **DANA})
    state = turns_until(NOW + timedelta(days=31), state)
    with transaction() as session:
        outcomes = session.exec(select(RuleLater.outcome).order_by(col(RuleLater.id))).all()
        assert outcomes == ["sent", "sent", "asked"]
        assert len(session.exec(select(Ask)).all()) == 2
    late = NOW + timedelta(days=400)
    answered(late, {"score": 2, **DANA})
    answered(late + MINUTE, {"score": 10, **DANA})
    turns_until(late + 2 * MINUTE, state)
    with transaction() as session:
        last = session.exec(select(RuleLater).order_by(col(RuleLater.id).desc())).first()
        assert last is not None
        assert last.outcome == "unhappy"


def test_a_shadow_notes_what_it_would_do_and_does_nothing() -> None:
    with transaction() as session:
        mailing(session)
        rule_id = rule(session, "Thanks", [HIGH], [THANKS], live=False)
        keeping.enable(session, MANAGER, rule_id, 1, now=NOW, shadow=True)
    answered(NOW, {"score": 10, **DANA})
    turns_until(NOW + timedelta(hours=1))
    with transaction() as session:
        (firing,) = session.exec(select(RuleFiring))
        (waited,) = session.exec(select(RuleLater))
        assert (firing.mode, waited.outcome) == ("shadow", "sent")
        assert session.exec(select(Delivery)).all() == session.exec(select(Message)).all() == []


def test_a_message_in_the_shadow_keeps_back_no_real_one() -> None:
    with transaction() as session:
        mailing(session)
        tried = rule(session, "Tried", [HIGH], [THANKS | {"after": 9}], live=False)
        keeping.enable(session, MANAGER, tried, 1, now=NOW, shadow=True)
        rule(session, "Thanks", [HIGH], [THANKS])
    answered(NOW, {"score": 10, **DANA})
    turn(NOW + 20 * MINUTE, turn(NOW))
    with transaction() as session:
        query = select(RuleFiring.mode, RuleLater.outcome).join(RuleLater)
        assert set(session.exec(query)) == {("shadow", "sent"), ("live", "sent")}
        assert len(session.exec(select(Delivery)).all()) == 1


def test_an_answer_that_breaks_a_rule_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction() as session:
        rule(session, "Tag", [LOW], [{"do": "tag", "name": "low"}])
    answered(NOW, {"score": 1, **DANA}, {"score": 1, "email": "leo@example.com"})
    real = later.turn
    calls = iter([True, False])

    def broken(session: Session) -> None:
        if next(calls):
            raise RuntimeError
        real(session)

    monkeypatch.setattr("services.rules.acting.turn", broken)
    turn(NOW)
    with transaction() as session:
        first, second = session.exec(select(RuleFiring).order_by(col(RuleFiring.id)))
        assert first.effects == [{"do": "tag", "outcome": "not", "why": "broken"}]
        assert second.effects == [{"do": "tag", "outcome": "tagged"}]


def test_a_rule_that_cannot_be_read_holds_up_no_other_and_no_message_that_waits() -> None:
    with transaction() as session:
        mailing(session)
        mailing(session, "Other", "Thank you very much.")
        broken = rule(session, "Broken", [HIGH], [THANKS])
        other = {"field": "band", "op": "is", "value": ["passive"]}
        rule(session, "Whole", [other], [THANKS | {"template": "Other"}])
        rule(session, "Tag", [LOW], [{"do": "tag", "name": "low"}])
    answered(NOW, {"score": 10, **DANA}, {"score": 8, "email": "leo@example.com"})
    state = turn(NOW)
    with transaction() as session:
        spoilt = sa.text("UPDATE rule_version SET body = '[{\"x\": 1}]' WHERE rule_id = :id")
        session.execute(spoilt, {"id": broken})
    answered(NOW + 10 * MINUTE, {"score": 1, "email": "mia@example.com"})
    turn(NOW + 10 * MINUTE, state)
    with transaction() as session:
        outcomes = session.exec(select(RuleLater.outcome).order_by(col(RuleLater.id))).all()
        assert outcomes == ["broken", "sent"]
        assert session.exec(select(Tag.name).join(CaseTag)).all() == ["low"]


def test_a_database_that_is_away_leaves_the_answer_for_the_next_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with transaction() as session:
        rule(session, "Tag", [LOW], [{"do": "tag", "name": "low"}])
    answered(NOW, {"score": 1, **DANA})

    def away(_session: Session) -> None:
        raise OperationalError("SELECT", {}, Exception("the server closed the connection"))

    monkeypatch.setattr("services.rules.acting.turn", away)
    with pytest.raises(OperationalError):
        turn(NOW)
    monkeypatch.undo()
    turn(NOW)
    with transaction() as session:
        (firing,) = session.exec(select(RuleFiring))
        assert firing.effects == [{"do": "tag", "outcome": "tagged"}]


def test_csms_propose_and_managers_decide() -> None:
    with transaction() as session:
        csm = make.actor("csm")
        body = {"conditions": [LOW], "actions": [{"do": "open"}]}
        rule_id, n = keeping.save(session, csm, name="Mine", body=body, now=NOW)
        assert keeping.save(session, csm, name="Mine", body=body, now=NOW, rule_id=rule_id) == (
            rule_id, n,
        )  # fmt: skip
        for forbidden in (keeping.enable, keeping.disable, keeping.retire, keeping.move):
            args = {keeping.enable: (n,), keeping.move: (1,)}.get(forbidden, ())
            with pytest.raises(Forbidden):
                forbidden(session, csm, rule_id, *args, now=NOW)
        keeping.enable(session, MANAGER, rule_id, n, now=NOW)
