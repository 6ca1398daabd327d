"""How people answered reaches the vendor that shows it: once, the last word, and no import."""

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from db import engine
from db.models import Contact, Delivery, Integration, Response
from services import vendor_scores
from services.contact_export import export
from services.domain.retrying import State
from services.erasing.erase import erase
from services.outbox import sending
from services.responses import Keeper, as_text
from services.vendors import salesforce_org
from services.vendors.salesforce import Salesforce
from tests import builders as make
from tests.builders import NOW
from tests.outbox.test_outbox import PACE, Clock
from tests.standins import salesforce as standins
from tests.test_responses import answer, batch

MAIL = "dana@acme.example"


def connected(session: Session, **config: str) -> None:
    config = {"scores": "yes"} | config
    session.add(Integration(name="salesforce", connected_at=NOW, config=config))
    session.flush()


def owed(session: Session) -> list[Delivery]:
    return list(session.exec(select(Delivery).order_by(Delivery.id)))  # type: ignore[arg-type]


def given(score: int = 9, external_id: str = "a", **values: Any) -> Any:
    band = 1 if score > 8 else 0 if score > 6 else -1
    values = {"score": score, "score_given": str(score), "band": band, "email_norm": MAIL} | values
    return batch(answer(external_id, **values), people=(MAIL,))


def test_a_new_answer_is_owed_with_nothing_more_than_is_shown(session: Session) -> None:
    connected(session)
    for _ in range(2):  # the second time it is known already
        Keeper(make.survey(session), "api").store(session, given(), NOW)
    (delivery,) = owed(session)
    answered = session.exec(select(Response)).one()
    assert delivery.idem_key == vendor_scores.key(answered.id)
    assert (delivery.vendor, delivery.action, delivery.case_id) == ("salesforce", "score", None)
    assert delivery.payload["card"] == {
        "score": 9, "band": "promoter", "answered_at": NOW.isoformat(), "comment": None,
        "contact": {"email": MAIL, "external_id": None},
        "account": delivery.payload["card"]["account"],
    }  # fmt: skip


def test_a_comment_goes_only_where_a_field_is_named_for_it(session: Session) -> None:
    connected(session, comment_field="NPS_Comment__c")
    Keeper(make.survey(session), "api").store(session, given(), NOW)
    assert owed(session)[0].payload["card"]["comment"] == "slow"


@pytest.mark.parametrize(
    "values",
    [{"anonymous": True, "email_norm": None}, {"is_test": True}, {"email_norm": None}],
    ids=str,
)
def test_what_nobody_said_under_their_name_stays_here(
    session: Session, values: dict[str, Any]
) -> None:
    connected(session)
    Keeper(make.survey(session), "api").store(session, given(**values), NOW)
    assert owed(session) == []


def test_only_nps_goes_and_only_where_it_is_wanted(session: Session) -> None:
    keeper = Keeper(make.survey(session), "api")
    keeper.store(session, given(), NOW)
    assert owed(session) == []  # nobody is connected
    connected(session, scores="no")
    keeper.store(session, given(external_id="b"), NOW)
    assert owed(session) == []
    session.get_one(Integration, "salesforce").config = {"scores": "yes"}
    csat = Keeper(make.survey(session, "csat"), "other")
    csat.store(session, given(5), NOW)
    assert owed(session) == []


def test_an_import_sends_nothing(session: Session) -> None:
    connected(session)
    run = make.import_run(session)
    Keeper(make.survey(session), "file", run.id).store(session, given(), NOW)
    assert session.exec(select(Response)).one() and owed(session) == []


def test_an_answer_that_is_not_the_last_word_is_not_told(session: Session) -> None:
    connected(session)
    keeper = Keeper(make.survey(session), "api")
    earlier = as_text(NOW - timedelta(days=9))
    both = batch(
        answer("new", score=9, band=1, email_norm=MAIL),
        answer("old", answered_at=earlier, email_norm=MAIL), people=(MAIL,),
    )  # fmt: skip
    keeper.store(session, both, NOW)
    keeper.store(session, given(1, "late", answered_at=earlier), NOW)
    assert [each.payload["card"]["score"] for each in owed(session)] == [9]


def test_it_is_exported_and_erased_with_the_person(session: Session) -> None:
    connected(session)
    keeper = Keeper(make.survey(session), "api")
    keeper.store(session, given(), NOW)
    keeper.store(session, batch(
        answer("tom", email_norm="tom@acme.example"), people=("tom@acme.example",)
    ), NOW)  # fmt: skip
    dana = session.exec(select(Contact).where(Contact.email_norm == MAIL)).one()
    admin = make.actor("admin")
    told = json.loads(export(session, admin, dana.id or 0, now=NOW))
    assert [each["action"] for each in told["deliveries"]] == ["score"]
    erase(session, admin, dana.id or 0, now=NOW)
    session.expire_all()
    hers, toms = owed(session)
    assert MAIL not in str(hers.payload) and hers.state == "cancelled"
    assert "tom@acme.example" in str(toms.payload) and toms.state == "pending"


@pytest.mark.usefixtures("desk")
def test_a_lost_answer_leaves_one_score_and_one_case(
    desk: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the answer to the record there, with the connection cut after each was done."""
    assert desk
    monkeypatch.setattr(salesforce_org, "_tokens", {})
    clock = Clock()
    with engine.transaction() as session:
        connected(session)
        Keeper(make.survey(session), "api").store(session, given(), NOW)
    with standins.Salesforce().serving() as org:
        person = org.add("Contact", Email=MAIL)
        config = {field.name: field.default for field in Salesforce.fields if not field.secret}
        config |= {"consumer_key": standins.KEY, "base_url": org.url}
        vendor = Salesforce(config, {"consumer_secret": standins.SECRET}, frozenset({"127.0.0.1"}))
        org.fault("drop", "PATCH")
        states = []
        while claimed := sending.take("salesforce", "w", PACE, clock):
            ended = sending.attempt(vendor, claimed)
            states.append(sending.note(claimed, ended, PACE, clock))
            clock.on(60)
        assert states == [State.UNKNOWN, State.PENDING, State.SENT]
        assert org.records["Contact"][person]["NPS_Score__c"] == 9
        assert len(org.records["Contact"]) == 1
