"""Deciding on the order of the queue: preview, save, and ranking anew in lots."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session, select

from db.engine import reading, transaction
from db.models import Audit, Case
from services import settings
from services.access import Forbidden, Refused
from services.cases import ranking, weighing
from services.cases.ranking import Rules
from services.domain.weights import Weights
from services.insights.order_preview import preview
from services.insights.why_here import why_here
from services.worker import jobs
from tests import builders as make
from tests.builders import NOW

ADMIN = make.actor()
RULES = Rules(Weights(), 50_000)


def company(session: Session, name: str, arr: int | None, score: int = 5, **values: Any) -> Case:
    account = make.account(
        session, name, arr=arr and Decimal(arr), currency=values.pop("currency", "EUR")
    )
    contact = make.contact(session, name=f"Dana of {name}", account_id=account.id)
    return make.case(session, score, contact_id=contact.id, account_id=account.id, **values)


def kept_order(session: Session) -> list[int]:
    query = select(Case.number).order_by(Case.rank_at, Case.id)  # type: ignore[arg-type]
    return [*session.exec(query)]


def test_the_preview_tells_what_would_move_and_changes_nothing(session: Session) -> None:
    owner = make.user(session, "csm", name="Mia Keller")
    company(session, "Small", 13_000, score=0)
    company(session, "Big", 100_000, score=6).assignee_id = owner.id
    company(session, "Third", None, score=6)
    session.flush()
    before = kept_order(session)
    found = preview(session, ADMIN, Rules(Weights(value=0), 50_000), now=NOW)
    assert (before, kept_order(session)) == ([2, 1, 3], [2, 1, 3])
    assert (found.open, found.moved, found.new) == (3, 2, 0)
    assert [place.number for place in found.before] == [2, 1, 3]
    assert [place.number for place in found.after] == [1, 2, 3]
    big = found.after[1]
    assert (big.customer, big.owner, big.before, big.after) == ("Big", "Mia Keller", 1, 2)
    assert (big.arr, big.currency, big.hours_before, big.hours_after) == (100_000, "EUR", 72, 0)
    assert settings.get(session, "priority_weights") == {}


def test_the_same_rules_would_move_nothing(session: Session) -> None:
    for n in range(4):
        company(session, f"Firm {n}", 10_000 * (n + 1), score=n)
    found = preview(session, ADMIN, RULES, now=NOW)
    assert (found.open, found.moved, found.before) == (4, 0, found.after)


def test_what_waits_or_sleeps_is_no_part_of_the_preview(session: Session) -> None:
    company(session, "Awake", None)
    company(session, "Asleep", None).snoozed_until = NOW + timedelta(days=1)
    company(session, "Waiting", None).status = "waiting"
    session.flush()
    assert preview(session, ADMIN, RULES, now=NOW).open == 1


def test_a_decision_ranks_the_open_cases_and_is_in_the_audit_trail(session: Session) -> None:
    small, big = company(session, "Small", 13_000, score=0), company(session, "Big", 100_000)
    moved = weighing.decide(session, ADMIN, Rules(Weights(value=0), 60_000), now=NOW)
    assert moved == 2 and kept_order(session) == [small.number, big.number]
    assert big.priority == 6 and big.rank_at == big.due_at - timedelta(hours=6)  # type: ignore[operator]
    lines = {row.data["key"]: row.data for row in session.exec(select(Audit))}
    assert lines == {
        "priority_weights": {"key": "priority_weights", "value": {"was": 24, "now": 0}},
        "large_account_arr": {"key": "large_account_arr", "arr": {"was": 50_000, "now": 60_000}},
    }
    assert weighing.decide(session, ADMIN, Rules(Weights(value=0), 60_000), now=NOW) == 0
    assert len(session.exec(select(Audit)).all()) == 2


def test_a_case_keeps_its_version_and_journal_when_it_is_ranked_anew(session: Session) -> None:
    case = company(session, "Big", 100_000)
    version, seq = case.version, case.change_seq
    weighing.decide(session, ADMIN, Rules(Weights(value=0), 50_000), now=NOW)
    assert (case.version, case.change_seq > seq) == (version, True)


def test_amounts_are_held_against_the_yardstick_of_their_currency(session: Session) -> None:
    yen = company(session, "Kaisha", 8_000_000, currency="JPY")
    euro = company(session, "Firma", 50_000)
    assert kept_order(session) == [yen.number, euro.number]
    weighing.decide(session, ADMIN, Rules(Weights(), 50_000, {"JPY": 8_000_000}), now=NOW)
    assert [r["hours"] for r in yen.priority_reasons if r["code"] == "large"] == [48]
    assert yen.priority == euro.priority


@pytest.mark.parametrize(
    "rules",
    [Rules(Weights(value=-1), 50_000), Rules(Weights(), 0), Rules(Weights(), 1, {"Euro": 1}),
     Rules(Weights(), 1, {"EUR": 0})],
)  # fmt: skip
def test_rules_that_make_no_sense_are_refused(session: Session, rules: Rules) -> None:
    for verb in (weighing.decide, preview):
        with pytest.raises(Refused, match="Nothing was changed"):
            verb(session, ADMIN, rules, now=NOW)  # type: ignore[operator]
    assert session.exec(select(Audit)).all() == []


@pytest.mark.parametrize("role", ["manager", "csm", "support"])
def test_only_admins_decide(session: Session, role: str) -> None:
    for verb in (weighing.decide, preview):
        with pytest.raises(Forbidden):
            verb(session, make.actor(role), RULES, now=NOW)  # type: ignore[operator]


def test_many_cases_are_left_to_the_worker(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weighing, "AT_ONCE", 1)
    cases = [company(session, f"Firm {n}", 100_000) for n in range(2)]
    before = kept_order(session), cases[0].priority
    assert weighing.decide(session, ADMIN, Rules(Weights(value=0), 50_000), now=NOW) is None
    assert (kept_order(session), cases[0].priority) == before


@pytest.mark.usefixtures("desk")
def test_the_worker_ranks_anew_in_lots_once_for_each_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(weighing, "TOGETHER", 2)
    with transaction() as session:
        for n in range(5):  # as an earlier version left them
            case = company(session, f"Firm {n}", 100_000)
            ranking.rank(case, [{"code": "large", "arr": "100000", "currency": None, "hours": 24}])
    state = jobs.order({}, lambda: NOW)
    with reading() as session:
        assert state == {"done": weighing.fingerprint(session)}
        assert [case.priority for case in session.exec(select(Case))] == [78] * 5
        seqs = [case.change_seq for case in session.exec(select(Case))]
    assert jobs.order(state, lambda: NOW) == state
    with reading() as session:
        assert [case.change_seq for case in session.exec(select(Case))] == seqs
    with transaction() as session:
        settings.put(session, "large_account_arr", 100_000, actor_id=None, now=NOW)
    assert jobs.order(state, lambda: NOW) != state
    with reading() as session:
        assert {case.priority for case in session.exec(select(Case))} == {54}


@pytest.mark.usefixtures("desk")
def test_a_long_round_goes_on_where_it_was_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weighing, "TOGETHER", 2)
    with transaction() as session:
        for n in range(5):
            ranking.rank(company(session, f"Firm {n}", 100_000), [])
    ticks = iter(NOW + timedelta(seconds=seconds) for seconds in (0, 1, 2, 200))
    state = jobs.order({}, lambda: next(ticks))
    with reading() as session:
        assert state == {"doing": weighing.fingerprint(session), "behind": 2, "more": True}
        assert sorted(case.priority for case in session.exec(select(Case))) == [0, 0, 0, 78, 78]
    assert "done" in jobs.order(state, lambda: NOW)
    with reading() as session:
        assert [case.priority for case in session.exec(select(Case))] == [78] * 5


# --- why here


def test_why_here_adds_up_to_the_place(session: Session) -> None:
    company(session, "Other", None)
    case = company(session, "Big", 100_000, score=0)
    found = why_here(session, ADMIN, case.number, now=NOW)
    assert found.factors == (("100k EUR a year", 72.0), ("lowest scores", 36.0))
    assert (found.hours, found.together, found.hidden, found.unvalued) == (108, 108, 0, False)
    assert found.due == case.due_at and not found.contacted
    assert found.due - timedelta(hours=found.hours) == found.rank_at == case.rank_at
    assert (found.ahead, found.open) == (0, 2)
    assert why_here(session, ADMIN, 1, now=NOW).unvalued
    assert why_here(session, ADMIN, 1, now=NOW).ahead == 1


def test_why_here_says_where_the_bound_holds(session: Session) -> None:
    case = company(session, "Giant", 10**9, score=0, followup="requested")
    weighing.decide(session, ADMIN, Rules(Weights(value=48), 50_000), now=NOW)
    found = why_here(session, ADMIN, case.number, now=NOW)
    assert (found.together, found.hours) == (348, 240)


def test_why_here_tells_nothing_of_an_answer_in_another_unit(session: Session) -> None:
    unit, other = make.unit(session), make.unit(session, "APAC")
    contact = make.contact(session)
    case = make.case(session, 0, contact_id=contact.id, unit_id=unit.id)
    make.case(session, 0, contact_id=contact.id, unit_id=other.id, now=NOW + timedelta(days=1))
    reader = make.actor("csm", units=(unit.id,))
    found = why_here(session, reader, case.number, now=NOW)
    assert (found.factors, found.hidden, found.hours) == ((), 36, 36)
    with pytest.raises(Refused):
        why_here(session, make.actor("csm", units=(other.id,)), case.number, now=NOW)


def test_what_sleeps_has_no_place(session: Session) -> None:
    case = company(session, "Big", 100_000)
    case.snoozed_until = NOW + timedelta(days=1)
    session.flush()
    found = why_here(session, ADMIN, case.number, now=NOW)
    assert (found.ahead, found.open) == (None, 0)
