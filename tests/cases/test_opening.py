"""Which answers open a case, which join one, and which do neither; by rule and by hand."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session, select

from db.models import Case, CaseResponse, RootCause
from services import settings
from services.access import Refused, actor_for
from services.cases import opening, verbs
from services.cases.journal import journal, state_of
from services.domain import lifecycle
from services.domain.bands import Band, Metric
from services.domain.opening import WHY_NOT, Answered, Policy, why_not
from tests import builders as make
from tests.builders import NOW

DAY = timedelta(days=1)
RULE = Policy(NOW - 30 * DAY)
LOW = {"metric": Metric.NPS, "band": Band.DETRACTOR, "answered_at": NOW, "followup": "not_asked"}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({}, None),
        ({"followup": "requested"}, None),
        ({"answered_at": NOW - 30 * DAY}, None),
        ({"metric": Metric.CSAT}, None),
        ({"band": Band.PASSIVE}, "band"),
        ({"followup": "declined"}, "declined"),
        ({"anonymous": True}, "anonymous"),
        ({"known": False}, "nobody"),
        ({"is_test": True}, "test"),
        ({"excluded": True}, "excluded"),
        ({"do_not_contact": True}, "do_not_contact"),
        ({"answered_at": NOW - 30 * DAY - timedelta(seconds=1)}, "old"),
    ],
)
def test_the_rule_says_yes_or_why_not(values: dict[str, Any], reason: str | None) -> None:
    found = why_not(Answered(**{"known": True, **LOW, **values}), RULE)
    assert found == reason and (reason is None or reason in WHY_NOT)


def test_a_metric_that_is_switched_off_opens_nothing() -> None:
    answer = Answered(**{"known": True, **LOW, "metric": Metric.CES})
    assert why_not(answer, Policy(RULE.since, frozenset({Metric.NPS, Metric.CSAT}))) == "metric"


def test_a_detractor_opens_one_case(session: Session) -> None:
    team = make.team(session)
    owner = make.user(session, "csm", team_id=team.id)
    unit = make.unit(session)
    acme = make.account(session, owner_id=owner.id, unit_id=unit.id, arr=Decimal(84_000))
    dana = make.contact(session, account_id=acme.id)
    case = make.case(session, 2, contact_id=dana.id, account_id=acme.id)
    assert (case.number, case.status, case.version) == (1, "new", 1)
    assert (case.contact_id, case.account_id, case.unit_id) == (dana.id, acme.id, unit.id)
    assert (case.team_id, case.assignee_id, case.opened_at) == (team.id, None, NOW)
    assert {r["code"] for r in case.priority_reasons} == {"large", "lowest"}
    assert case.rank_at == case.due_at - timedelta(hours=90)  # type: ignore[operator]
    (event,) = journal(session, case.id or 0)
    assert (event.kind, event.actor_id, event.data["by"]) == ("opened", None, "rule")
    assert lifecycle.fold([event.data["changes"]]) == state_of(case)


def test_a_further_answer_joins_the_open_case_and_ranks_it_anew(session: Session) -> None:
    dana = make.contact(session)
    first = make.case(session, 5, contact_id=dana.id)
    again = make.case(session, 1, contact_id=dana.id, followup="requested", now=NOW + DAY)
    assert again is first and first.version == 2 and first.asked
    assert len(session.exec(select(CaseResponse)).all()) == 2
    assert {r["code"] for r in first.priority_reasons} == {"asked", "lowest"}
    assert [e.kind for e in journal(session, first.id or 0)] == ["opened", "joined"]
    told = lifecycle.fold(e.data["changes"] for e in journal(session, first.id or 0))
    assert told == state_of(first)
    assert first.opened_at == NOW  # the promise is that of the first answer


def test_who_asked_to_be_contacted_has_still_asked_after_a_further_answer(
    session: Session,
) -> None:
    case = make.case(session, 5, followup="requested")
    make.case(session, 5, contact_id=case.contact_id, now=NOW + DAY)
    assert case.asked and [r["code"] for r in case.priority_reasons] == ["asked", "low"]


def test_an_older_answer_that_comes_late_joins_but_is_not_what_the_case_is_about(
    session: Session,
) -> None:
    case = make.case(session, 1)
    about, why = case.response_id, case.priority_reasons
    make.case(session, 6, contact_id=case.contact_id, now=NOW + DAY, answered_at=NOW - 20 * DAY)
    assert (case.version, case.response_id, case.priority_reasons) == (2, about, why)
    assert len(session.exec(select(CaseResponse)).all()) == 2


def test_two_answers_that_join_at_once_are_two_events_in_their_order(session: Session) -> None:
    case = make.case(session, 5)
    rows = [make.response(session, n, contact_id=case.contact_id, answered_at=NOW) for n in (4, 3)]
    for row in rows:
        row.change_seq = 77
    session.flush()
    assert opening.open_written(session, 77, opening.policy(session, NOW), NOW) == 0
    events = journal(session, case.id or 0)
    assert [e.data["version"] for e in events] == [1, 2, 3] and case.version == 3
    assert [e.data["response_id"] for e in events[1:]] == [row.id for row in rows]
    assert case.response_id == rows[1].id
    assert lifecycle.fold(e.data["changes"] for e in events) == state_of(case)


def test_two_answers_at_once_open_one_case(session: Session) -> None:
    dana, bob = make.contact(session), make.contact(session)
    rows = [make.response(session, 1, contact_id=c.id) for c in (dana, dana, bob)]
    for row in rows:
        row.change_seq = 77
    session.flush()
    assert opening.open_written(session, 77, opening.policy(session, NOW), NOW) == 2
    first, second = session.exec(select(Case).order_by(Case.number)).all()  # type: ignore[arg-type]
    assert (first.number, second.number, first.version, second.version) == (1, 2, 2, 1)
    assert first.response_id == rows[1].id
    told = lifecycle.fold(e.data["changes"] for e in journal(session, first.id or 0))
    assert told == state_of(first)


def test_after_a_case_is_resolved_the_next_low_answer_opens_a_new_one(session: Session) -> None:
    dana = make.contact(session)
    first = make.case(session, 5, contact_id=dana.id)
    why = session.exec(select(RootCause.id)).first() or 0
    verbs.resolve(
        session, make.actor("csm"), 1, outcome="solved", root_cause_id=why, version=1, now=NOW
    )
    second = make.case(session, 5, contact_id=dana.id, now=NOW + DAY)
    assert second.number == 2 and second.id != first.id
    assert {"code": "repeated", "cases": 1, "hours": 12} in second.priority_reasons


def test_who_was_a_promoter_the_time_before_is_a_flip(session: Session) -> None:
    dana = make.contact(session)
    make.response(session, 9, contact_id=dana.id, answered_at=NOW - 40 * DAY)
    case = make.case(session, 5, contact_id=dana.id)
    assert case.priority_reasons[0] == {"code": "flip", "was": 9, "on": "2026-05-06", "hours": 24}
    bob = make.contact(session)
    make.response(session, 9, contact_id=bob.id, answered_at=NOW - 40 * DAY)
    make.response(session, 7, contact_id=bob.id, answered_at=NOW - 20 * DAY)
    assert [r["code"] for r in make.case(session, 5, contact_id=bob.id).priority_reasons] == ["low"]


def test_csat_and_ces_open_cases_unless_the_desk_says_no(session: Session) -> None:
    assert make.case(session, 2, metric="csat").number == 1
    assert make.case(session, 3, metric="ces").number == 2
    settings.put(session, "ces_opens_cases", False, actor_id=None, now=NOW)
    row = make.response(session, 1, metric="ces", contact_id=make.contact(session).id)
    assert opening.open_written(session, row.change_seq, opening.policy(session, NOW), NOW) == 0


def test_a_case_is_opened_by_hand_from_any_answer(session: Session) -> None:
    ann = actor_for(session, make.user(session, "support"))
    nobody = make.response(session, 9, anonymous=True, answered_at=NOW - 400 * DAY)
    number = opening.open_by_hand(session, ann, nobody.id or 0, now=NOW)
    case = session.exec(select(Case).where(Case.number == number)).one()
    assert (case.contact_id, case.reason_key, case.opened_at) == (None, "follow_up", NOW)
    (event,) = journal(session, case.id or 0)
    assert (event.actor_id, event.data["by"]) == (ann.id, "hand")
    with pytest.raises(Refused, match=f"belongs to case {number}"):
        opening.open_by_hand(session, ann, nobody.id or 0, now=NOW)


def test_by_hand_too_an_answer_joins_the_case_that_is_open(session: Session) -> None:
    case = make.case(session, 5)
    old = make.response(session, 3, contact_id=case.contact_id, followup="declined")
    ann = make.actor("csm")
    assert opening.open_by_hand(session, ann, old.id or 0, now=NOW) == case.number
    assert case.version == 2


def test_by_hand_nobody_reaches_into_another_unit(session: Session) -> None:
    emea, apac = make.unit(session), make.unit(session, "APAC")
    row = make.response(session, 2, unit_id=emea.id)
    with pytest.raises(Refused, match="no such response"):
        opening.open_by_hand(session, make.actor("csm", units=(apac.id,)), row.id or 0, now=NOW)
    test = make.response(session, 2, is_test=True)
    with pytest.raises(Refused, match="test"):
        opening.open_by_hand(session, make.actor("csm"), test.id or 0, now=NOW)
