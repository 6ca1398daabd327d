"""What rules did: nothing of units that are not seen, paged by id, and what still waits."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from db.engine import transaction
from db.models import Contact, Response, Rule, RuleLater
from services.access import Refused
from services.insights.rule_firings import beside, firings, lately, sent_to, waiting
from services.rules import keeping, later
from services.rules.trying import reads, try_out
from tests import builders as make
from tests.builders import NOW
from tests.rules.desks import HIGH, LOW, MANAGER, MINUTE, answered, mailing, rule, turn

OPEN = {"do": "open"}
THANK = {"do": "message", "template": "Thanks", "after": 30}


def thanked(session: Session) -> int:
    mailing(session)
    return rule(session, "Thank", [HIGH], [THANK])


@pytest.mark.usefixtures("desk")
def test_firings_are_told_within_units_and_paged_from_the_newest() -> None:
    with transaction() as session:
        emea = make.unit(session, "EMEA").id or 0
        rule_id = rule(session, "Low", [LOW], [{"do": "tag", "name": "seen"}])
    answered(NOW, *({"score": n, "email": f"{n}@example.com"} for n in range(3)))
    turn(NOW)
    with transaction() as session:
        first = session.get_one(Response, 1)
        first.unit_id = emea
        session.add(first)
    own, none = make.actor("csm", units=(emea,)), make.actor("csm", units=())
    with transaction() as session:
        every = firings(session, MANAGER)
        assert [one.score for one in every] == [2, 1, 0] and every[0].case == 3
        assert every[0].contact == (3, "2@example.com")
        assert every[0].told.why == "band is low (detractor)"
        assert every[0].told.did == ("Tag the case: tagged",)
        newest, second = every[0].id, every[1].id
        assert [one.id for one in firings(session, MANAGER, limit=1, before=newest)] == [second]
        assert firings(session, MANAGER, mode="shadow") == []
        assert firings(session, MANAGER, rule_id=rule_id + 1) == []
        assert [one.score for one in firings(session, own)] == [0]
        assert firings(session, own)[0].case is None, "the case is of no unit, so it is not theirs"
        assert firings(session, none) == []
        now = NOW + MINUTE
        assert lately(session, MANAGER, now=now) == {(rule_id, "live"): 3}
        assert lately(session, own, now=now) == {(rule_id, "live"): 1}
        assert lately(session, MANAGER, now=now + timedelta(days=31)) == {}


@pytest.mark.usefixtures("desk")
def test_the_shadow_counts_from_when_it_began() -> None:
    with transaction() as session:
        rule_id = rule(session, "Low", [LOW], [OPEN])
        assert beside(session, MANAGER, rule_id) is None
    answered(NOW, {"score": 1, "email": "a@example.com"})
    turn(NOW)
    start = NOW + timedelta(hours=1)
    with transaction() as session:
        asked = [{"field": "score", "op": "at_most", "value": 1}]
        body = {"conditions": asked, "actions": [OPEN]}
        keeping.save(session, MANAGER, name="Low", body=body, now=start, rule_id=rule_id)
        keeping.enable(session, MANAGER, rule_id, 2, now=start, shadow=True)
    answered(start, {"score": 1, "email": "b@example.com"}, {"score": 5, "email": "c@example.com"})
    turn(start)
    with transaction() as session:
        found = beside(session, MANAGER, rule_id)
        assert found is not None and (found.shadow, found.live, found.both) == (1, 2, 1)
        none = beside(session, make.actor("csm", units=()), rule_id)
        assert none is not None and (none.shadow, none.live) == (0, 0)


@pytest.mark.usefixtures("desk")
def test_what_waits_is_stopped_by_who_sees_it_and_what_was_sent_is_told() -> None:
    with transaction() as session:
        unit = make.unit(session).id or 0
        thanked(session)
    for n in range(2):
        answered(NOW + n * MINUTE, {"score": 10, "email": f"{n}@example.com", "account": "Acme"})
    turn(NOW + MINUTE)
    with transaction() as session:
        for one in session.exec(select(Response)):
            one.unit_id = unit
        session.flush()
        here, elsewhere = make.actor("support", units=(unit,)), make.actor("support", units=())
        assert waiting(session, elsewhere) == []
        first, second = waiting(session, here)
        assert (first.rule, first.what) == ("Thank", "Write to the customer with “Thanks”")
        assert first.due == NOW + timedelta(minutes=30)
        ada, bob = session.exec(select(Contact.id).order_by(Contact.id)).all()  # type: ignore[arg-type]
        assert waiting(session, here, contact_id=bob) == [second]
        assert waiting(session, here, number=1) == []
        with pytest.raises(Refused, match="no such message here"):
            later.stop(session, elsewhere, first.id, now=NOW)
        later.stop(session, here, first.id, now=NOW)
        assert waiting(session, here) == [second]
    turn(NOW + timedelta(hours=1))
    with transaction() as session:
        assert waiting(session, here) == [] and sent_to(session, here, ada or 0) == []
        (sent,) = sent_to(session, here, bob or 0)
        assert (sent.rule, sent.subject, sent.case) == ("Thank", "Thank you", None)
        assert sent_to(session, elsewhere, bob or 0) == []
        with pytest.raises(Refused, match="waits no longer"):
            later.stop(session, here, second.id, now=NOW)


@pytest.mark.usefixtures("sqlite_desk")
def test_an_answer_of_an_account_belongs_to_its_unit_also_when_a_message_is_stopped() -> None:
    with transaction() as session:
        unit = make.unit(session).id or 0
        make.account(session, name="Acme", external_id="acme", unit_id=unit)
        thanked(session)
    answered(NOW, {"score": 10, "email": "a@example.com", "account": "Acme"})
    turn(NOW)
    with transaction() as session:
        answer = session.exec(select(Response)).one()
        answer.unit_id = None
        session.flush()
        assert answer.account_id
        (one,) = waiting(session, make.actor("csm", units=(unit,)))
        later.stop(session, make.actor("csm", units=(unit,)), one.id, now=NOW)
        assert session.exec(select(RuleLater.outcome)).one() == "stopped"


@pytest.mark.usefixtures("desk")
def test_a_draft_is_tried_within_units_and_beside_what_acts() -> None:
    with transaction() as session:
        unit = make.unit(session).id or 0
        rule_id = rule(session, "Low", [LOW], [{"do": "tag", "name": "seen"}])
        for n in range(3):
            who = make.contact(session, name=f"P{n}")
            make.response(session, n, contact_id=who.id, unit_id=unit if n else None)
        body = {"conditions": [{"field": "score", "op": "at_most", "value": 1}], "actions": [OPEN]}
        given = {"body": body, "days": 7, "now": NOW + MINUTE}
        found = try_out(session, MANAGER, rule_id=rule_id, **given)  # type: ignore[arg-type]
        assert found.own.fired == 2 and sum(found.firings.values()) == 2
        assert [one.who for one in found.lines] == [(2, "P1"), (1, "P0")]
        differs = found.differs
        assert differs and (differs.live, differs.more, differs.fewer, differs.otherwise) == (
            1,
            0,
            1,
            2,
        )
        own = try_out(session, make.actor("csm", units=(unit,)), rule_id=0, **given)  # type: ignore[arg-type]
        assert own.own.fired == 1 and own.differs is None and own.report.answers == 2
        assert reads(session, MANAGER, body)[0] == "If: Score is at most 1"
        with pytest.raises(Refused, match="names a team that is gone"):
            reads(session, MANAGER, {"actions": [{"do": "assign", "to": "team", "id": 99}]})
        assert session.exec(select(Rule.live)).one() == 1
