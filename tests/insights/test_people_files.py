"""The files of a person and a company: every score, counted apart, nothing of other units."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from db.models import Account, Contact, Response
from services import insights
from services.access import Actor, Refused
from services.domain.lifecycle import Status
from services.domain.scores import Band, Metric
from services.insights import score_lines
from services.insights.accounts import MOST, AccountFile, account_file
from services.insights.people import ContactFile, contact_file
from tests import builders as make
from tests.builders import NOW

ADMIN = make.actor()


def days_ago(n: float) -> Any:
    return NOW - timedelta(days=n)


def person(session: Session, contact: Contact, actor: Actor = ADMIN) -> ContactFile:
    return contact_file(session, actor, contact.id or 0, now=NOW)


def company(session: Session, account: Account, actor: Actor = ADMIN) -> AccountFile:
    return account_file(session, actor, account.id or 0, now=NOW)


def said(session: Session, contact: Contact, score: int, ago: float, **values: Any) -> Response:
    """An answer of `contact`, for their account."""
    given = {"contact_id": contact.id, "account_id": contact.account_id} | values
    return make.response(session, score, answered_at=days_ago(ago), **given)


@pytest.fixture
def acme(session: Session) -> Account:
    return make.account(
        session, "Acme", arr=Decimal("84000.50"), currency="EUR", renewal_on=date(2026, 6, 27),
        owner_id=make.user(session, name="Keiko").id, unit_id=make.unit(session, "North").id,
        stage="Live", domain="acme.example", props={"seats": 240, "plan": "Pro"},
    )  # fmt: skip


@pytest.fixture
def dana(session: Session, acme: Account) -> Contact:
    return make.contact(
        session, "dana@acme.example", name="Dana", account_id=acme.id, role="admin",
        language="en", do_not_contact=True, props={"title": "COO"},
    )  # fmt: skip


# --- a person


def test_a_person_is_told_with_role_language_and_account(session: Session, dana: Contact) -> None:
    found = person(session, dana)
    assert (found.name, found.email, found.role, found.language) == (
        "Dana", "dana@acme.example", "admin", "en",
    )  # fmt: skip
    assert found.do_not_contact and not found.erased
    assert (found.account, found.account_id) == ("Acme", dana.account_id)
    assert found.props == (("title", "COO"),)
    assert (found.responses, found.n_cases, found.scores, found.cases) == (0, 0, (), ())
    assert (found.first_at, found.last_at) == (None, None)


def test_all_scores_stand_by_metric_oldest_first(session: Session, dana: Contact) -> None:
    for score, ago in ((2, 1), (9, 400), (7, 30)):
        said(session, dana, score, ago)
    said(session, dana, 4, 3, metric="csat")
    said(session, dana, 0, 2, is_test=True)
    said(session, dana, 0, 500, excluded_at=NOW, excluded_reason="spam")
    found = person(session, dana)
    nps, csat = found.scores
    assert [(point.score, point.band) for point in nps.points] == [
        (9, Band.PROMOTER), (7, Band.PASSIVE), (2, Band.DETRACTOR),
    ]  # fmt: skip
    assert (csat.metric, [point.word for point in csat.points]) == (Metric.CSAT, ["satisfied"])
    assert (found.responses, found.uncounted) == (4, 2)
    assert (found.first_at, found.last_at) == (days_ago(500), days_ago(1))


def test_a_line_has_one_scale_and_the_better_score_stands_higher(
    session: Session, dana: Contact
) -> None:
    old = make.survey(session, "ces", name="Old", scale="1-5")
    said(session, dana, 5, 20, survey=old)
    said(session, dana, 7, 10, metric="ces")
    (line,) = person(session, dana).scores
    assert (line.best, line.worst) == ("7", "1")
    assert [round(point.height, 2) for point in line.points] == [0.67, 1.0]
    bad = make.survey(session, "ces", name="Bad", direction="high-is-bad")
    said(session, dana, 7, 5, survey=bad)
    (line,) = person(session, dana).scores
    assert (line.best, line.worst) == ("better", "worse")
    assert line.points[-1].height == 0 and line.points[-1].band is Band.DETRACTOR


def test_a_line_that_was_always_asked_the_other_way_round_has_its_low_end_on_top(
    session: Session, dana: Contact
) -> None:
    bad = make.survey(session, "ces", name="Bad", direction="high-is-bad")
    said(session, dana, 1, 5, survey=bad)
    (line,) = score_lines.score_lines(session, ADMIN, Response.contact_id == dana.id)  # type: ignore[arg-type]
    assert (line.best, line.worst, line.points[0].height) == ("1", "7", 1)


def test_cases_of_a_person_come_newest_first_with_their_state(
    session: Session, dana: Contact
) -> None:
    dana.do_not_contact = False
    case = make.case(session, 2, contact_id=dana.id, comment="Too slow")
    found = person(session, dana)
    assert found.n_cases == 1
    (row,) = found.cases
    assert (row.number, row.status, row.said) == (case.number, Status.NEW, "Too slow")


def test_an_erased_person_has_counts_and_no_name(session: Session, dana: Contact) -> None:
    said(session, dana, 9, 3)
    dana.name = dana.email = dana.email_norm = None
    dana.erased_at = NOW
    session.flush()
    found = person(session, dana)
    assert (found.erased, found.name, found.email, found.responses) == (True, None, None, 1)
    (row,) = insights.verbatims_of(session, ADMIN, contact_id=dana.id)
    assert row.erased


def test_nobody_and_people_of_other_units_are_unknown_alike(
    session: Session, dana: Contact, acme: Account
) -> None:
    south = make.unit(session, "South")
    said(session, dana, 9, 3, unit_id=acme.unit_id)
    mine, theirs = (make.actor("csm", units=(unit,)) for unit in (acme.unit_id, south.id))
    assert person(session, dana, mine).responses == 1
    words = []
    for who, key in ((theirs, dana.id), (ADMIN, 10**9), (make.actor("csm", units=()), dana.id)):
        with pytest.raises(Refused) as refused:
            contact_file(session, who, key or 0, now=NOW)
        words.append(str(refused.value))
    assert len(set(words)) == 1 and "no such person" in words[0]


def test_who_answered_in_a_unit_is_seen_there_with_those_answers_and_cases_only(
    session: Session, dana: Contact, acme: Account
) -> None:
    dana.do_not_contact = False
    south = make.unit(session, "South")
    make.case(session, 1, contact_id=dana.id, unit_id=acme.unit_id, account_id=acme.id)
    said(session, dana, 9, 40, unit_id=south.id)
    theirs = make.actor("csm", units=(south.id or 0,))
    found = person(session, dana, theirs)
    assert [point.score for point in found.scores[0].points] == [9]
    assert (found.responses, found.n_cases, found.cases) == (1, 0, ())
    assert found.account_id is None and found.first_at == found.last_at == days_ago(40)
    assert person(session, dana).n_cases == 1


# --- a company


def test_a_company_is_told_with_its_value_owner_and_unit(session: Session, acme: Account) -> None:
    found = company(session, acme)
    assert (found.arr, found.currency, found.renewal_on) == (
        Decimal("84000.50"), "EUR", date(2026, 6, 27),
    )  # fmt: skip
    assert (found.owner, found.unit, found.stage, found.domain) == (
        "Keiko", "North", "Live", "acme.example",
    )  # fmt: skip
    assert found.props == (("plan", "Pro"), ("seats", "240"))
    assert (found.scores, found.people, found.cases) == ((), (), ())
    assert (found.responses, found.responders, found.known, found.heard, found.flips) == (0,) * 5


def test_scores_tell_responses_and_contacts_apart_with_their_interval(
    session: Session, acme: Account
) -> None:
    people = [make.contact(session, account_id=acme.id) for _ in range(3)]
    for n, one in enumerate(people * 2):
        said(session, one, 10 if n < 4 else 3, 10 + n)
    said(session, people[0], 9, 700)
    make.response(session, 8, account_id=acme.id)  # of nobody we know
    said(session, people[0], 0, 1, is_test=True)
    said(session, people[1], 5, 2, metric="csat")
    found = company(session, acme)
    nps, csat = found.scores
    assert (nps.metric, nps.year.n, nps.contacts, nps.ever.n) == (Metric.NPS, 7, 3, 8)
    assert nps.year.value == pytest.approx(100 * (4 - 2) / 7)
    assert nps.year.low is not None and nps.year.low < 28.6 < (nps.year.high or 0)
    assert (csat.metric, csat.year.n, csat.year.too_few) == (Metric.CSAT, 1, True)
    assert (found.responses, found.responders) == (9, 3)


def test_coverage_counts_those_heard_in_the_last_12_months(session: Session, acme: Account) -> None:
    heard, long_ago, _never, tested = (
        make.contact(session, account_id=acme.id) for _ in range(4)
    )  # fmt: skip
    stranger = make.contact(session)
    for _ in range(2):
        said(session, heard, 9, 5)
    said(session, long_ago, 9, 500)
    said(session, tested, 9, 5, is_test=True)
    said(session, stranger, 9, 5, account_id=acme.id)
    found = company(session, acme)
    assert (found.heard, found.known) == (1, 4)


@pytest.mark.parametrize(
    ("scores", "flips"),
    [
        ([(9, 100), (3, 10)], 1),
        ([(9, 100), (8, 50), (3, 10)], 0),
        ([(3, 100), (9, 10)], 0),
        ([(9, 800), (3, 700)], 0),
        ([(9, 700), (3, 10)], 1),
        ([(9, 100), (3, 90), (10, 50), (0, 10)], 1),
        ([(9, 100), (3, 90), (10, 50)], 1),
        ([(3, 10)], 0),
    ],
    ids=str,
)
def test_a_flip_is_a_promoter_whose_next_nps_answer_is_a_detractors(
    session: Session, dana: Contact, acme: Account, scores: list[tuple[int, int]], flips: int
) -> None:
    for score, ago in scores:
        said(session, dana, score, ago)
    said(session, dana, 3, 60, metric="ces")
    assert company(session, acme).flips == flips


def test_people_stand_worst_last_score_first_and_the_silent_last(
    session: Session, acme: Account
) -> None:
    def one(name: str, *scores: tuple[int, int], metric: str = "nps") -> None:
        who = make.contact(session, name=name, account_id=acme.id)
        for score, ago in scores:
            said(session, who, score, ago, metric=metric)

    one("silent")
    one("promoter", (2, 50), (10, 5))
    one("passive", (8, 3))
    one("low", (5, 3))
    one("lowest", (9, 30), (0, 3))
    one("csat low", (5, 9), (1, 2), metric="csat")
    people = company(session, acme).people
    assert [person.name for person in people] == [
        "lowest", "csat low", "low", "passive", "promoter", "silent",
    ]  # fmt: skip
    lowest = people[0]
    assert lowest.last is not None and lowest.last.answered_at == days_ago(3)
    assert (lowest.last.score, lowest.was, lowest.flipped) == (0, 9, True)
    assert (people[2].was, people[2].flipped, people[5].last) == (None, False, None)


def test_a_long_list_of_people_says_of_how_many(session: Session, acme: Account) -> None:
    for _ in range(MOST + 3):
        make.contact(session, account_id=acme.id)
    found = company(session, acme)
    assert (len(found.people), found.known) == (MOST, MOST + 3)


def test_accounts_of_other_units_are_unknown_and_answers_of_other_units_count_nowhere(
    session: Session, acme: Account, dana: Contact
) -> None:
    south = make.unit(session, "South")
    said(session, dana, 9, 5, unit_id=acme.unit_id)
    said(session, dana, 0, 2, unit_id=south.id)
    said(session, dana, 0, 1)
    mine = make.actor("csm", units=(acme.unit_id or 0,))
    found = company(session, acme, mine)
    assert (found.responses, found.scores[0].ever.value, found.heard, found.flips) == (1, 100, 1, 0)
    assert found.people[0].last is not None and found.people[0].last.score == 9
    unitless = make.account(session, "Nowhere")
    theirs = make.actor("csm", units=(south.id or 0,))
    for who, key in ((theirs, acme.id), (mine, unitless.id), (ADMIN, 10**9)):
        with pytest.raises(Refused, match="no such account"):
            account_file(session, who, key or 0, now=NOW)


# --- verbatims of somebody, and their cases


def test_verbatims_of_somebody_are_all_of_theirs_newest_first(
    session: Session, dana: Contact, acme: Account
) -> None:
    first = said(session, dana, 9, 300, metric="nps")
    second = said(session, dana, 4, 20, metric="csat", is_test=True)
    third = said(session, dana, 0, 1, excluded_at=NOW, excluded_reason="spam")
    other = make.response(session, 5, account_id=acme.id, answered_at=days_ago(2))
    rows = insights.verbatims_of(session, ADMIN, contact_id=dana.id)
    assert [row.id for row in rows] == [third.id, second.id, first.id]
    of_account = insights.verbatims_of(session, ADMIN, account_id=acme.id, limit=2)
    assert [row.id for row in of_account] == [third.id, other.id]
    assert (of_account[0].contact_id, of_account[0].account_id) == (dana.id, acme.id)
    with pytest.raises(TypeError):
        insights.verbatims_of(session, ADMIN)


def test_a_verbatim_names_its_case(session: Session) -> None:
    case = make.case(session, 2, comment="Slow")
    lone = make.response(session, 9, contact_id=case.contact_id)
    later = make.case(session, 1, contact_id=case.contact_id, now=NOW + timedelta(hours=2))
    assert later.id == case.id
    rows = insights.verbatims_of(session, ADMIN, contact_id=case.contact_id)
    assert {row.id: row.case_number for row in rows if row.id != lone.id} == {
        row.id: case.number for row in rows if row.id != lone.id
    }
    assert next(row for row in rows if row.id == lone.id).case_status is None
    of_case = insights.verbatims_of(session, ADMIN, case_id=case.id)
    assert [row.score for row in of_case] == [1, 2]
    assert {row.case_status for row in of_case} == {Status.NEW}


def test_cases_and_accounts_of_other_units_are_not_named_on_a_verbatim(session: Session) -> None:
    north, south = make.unit(session, "North"), make.unit(session, "South")
    firm = make.account(session, unit_id=north.id)
    case = make.case(session, 2, unit_id=north.id, account_id=firm.id)
    joined = make.case(session, 1, unit_id=south.id, account_id=firm.id, contact_id=case.contact_id)
    assert joined.id == case.id
    theirs = make.actor("csm", units=(south.id or 0,))
    (row,) = insights.verbatims_of(session, theirs, contact_id=case.contact_id)
    assert (row.score, row.case_number, row.account_id) == (1, None, None)
    assert insights.verbatims_of(session, theirs, case_id=case.id) == (row,)
