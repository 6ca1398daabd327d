"""What is new since a page was drawn, on both engines."""

from sqlmodel import Session

from db.engine import version
from services.cases import verbs
from services.insights import news as module
from services.insights.news import case_news, news
from tests import builders as make


def test_only_what_came_after_is_new(session: Session) -> None:
    make.response(session, 9)
    drawn = version(session)
    assert news(session, make.actor("csm"), since=drawn) == 0
    make.response(session, 3)
    make.response(session, 4)
    assert news(session, make.actor("csm"), since=drawn) == 2


def test_news_of_other_units_are_nobody_elses(session: Session) -> None:
    mine, other = make.unit(session, "EMEA"), make.unit(session, "APAC")
    drawn = version(session)
    make.response(session, 3, unit_id=mine.id)
    make.response(session, 3, unit_id=other.id)
    make.response(session, 3)
    assert news(session, make.actor("csm", units=(mine.id,)), since=drawn) == 1
    assert news(session, make.actor("csm", units=()), since=drawn) == 0


def test_very_many_are_not_counted_to_the_end(session: Session, monkeypatch: object) -> None:
    monkeypatch.setattr(module, "MOST", 3)  # type: ignore[attr-defined]
    for _ in range(6):
        make.response(session, 3)
    assert news(session, make.actor(), since=0) == 4


def test_news_of_one_person_or_company_are_told_apart(session: Session) -> None:
    acme = make.account(session)
    dana = make.contact(session, account_id=acme.id)
    before = version(session)
    make.case(session, 3, contact_id=dana.id, account_id=acme.id)
    make.case(session, 3)
    who = make.actor("csm")
    assert (news(session, who, since=before), case_news(session, who, since=before)) == (2, 2)
    for of in ({"contact_id": dana.id or 0}, {"account_id": acme.id or 0}):
        assert news(session, who, since=before, **of) == 1
        assert case_news(session, who, since=before, **of) == 1
    assert case_news(session, who, since=before, number=2) == 1
    assert case_news(session, who, since=version(session)) == 0


def test_a_change_to_a_case_is_news_and_only_in_its_unit(session: Session) -> None:
    unit = make.unit(session)
    case = make.case(session, 3, unit_id=unit.id)
    before = version(session)
    verbs.note(session, make.actor("csm"), case.number, body="hm", now=make.NOW)
    assert case_news(session, make.actor("csm", units=(unit.id,)), since=before) == 1
    assert case_news(session, make.actor("csm", units=(999,)), since=before) == 0
