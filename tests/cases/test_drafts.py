"""What is being typed: one's own, kept with all that was filled in, until it is sent or emptied."""

import threading
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from db.engine import transaction
from db.engine import version as data_version
from db.models import Draft
from services.access import Actor, actor_for
from services.cases import drafts, verbs
from services.cases.drafts import Typed
from tests import builders as make
from tests.builders import NOW

LATER = NOW + timedelta(hours=2)


@pytest.fixture
def me(session: Session) -> Actor:
    return actor_for(session, make.user(session, "csm"))


def test_a_draft_is_ones_own_and_ends_when_it_is_emptied(session: Session, me: Actor) -> None:
    number = make.case(session).number
    bob = actor_for(session, make.user(session, "support"))
    before = data_version(session)
    drafts.save(session, me, number, kind="note", body="half a th", now=NOW)
    drafts.save(session, me, number, kind="note", body="half a thought", now=LATER)
    drafts.save(session, bob, number, kind="note", body="bob's", now=NOW)
    assert drafts.mine(session, me, number) == {
        "note": Typed("half a thought", None, None, None, LATER)
    }
    assert drafts.mine(session, bob, number)["note"].body == "bob's"
    drafts.save(session, me, number, kind="note", body=" ", now=LATER)
    assert drafts.mine(session, me, number) == {}
    assert data_version(session) == before  # nobody else's page shows a draft


def test_a_draft_of_a_call_keeps_its_way_and_time_and_one_of_a_reply_its_subject(
    session: Session, me: Actor
) -> None:
    number = make.case(session).number
    drafts.save(session, me, number, kind="contact", body="no", way="visit", at=NOW, now=NOW)
    drafts.save(session, me, number, kind="contact", body="Met", way="meeting", at=LATER, now=LATER)
    drafts.save(session, me, number, kind="reply", body="Dear", subject="Your answer", now=NOW)
    assert drafts.mine(session, me, number) == {
        "contact": Typed("Met", None, "meeting", LATER, LATER),
        "reply": Typed("Dear", "Your answer", None, None, NOW),
    }


def test_what_is_sent_is_no_draft_any_more_and_the_other_kind_stays(
    session: Session, me: Actor
) -> None:
    number = make.case(session).number
    for kind in ("note", "contact"):
        drafts.save(session, me, number, kind=kind, body="Called th", now=NOW)
    verbs.note(session, me, number, body="Called them", now=LATER)
    assert list(drafts.mine(session, me, number)) == ["contact"]


def test_a_draft_holds_no_character_that_a_database_cannot(session: Session, me: Actor) -> None:
    number = make.case(session).number
    drafts.save(session, me, number, kind="note", body="a\0b", subject="\0c", way="\0", now=NOW)
    assert drafts.mine(session, me, number)["note"] == Typed("ab", "c", "", None, NOW)


@pytest.mark.usefixtures("desk")
def test_two_browsers_of_one_person_may_begin_at_once() -> None:
    with transaction() as session:
        number = make.case(session).number
        who = actor_for(session, make.user(session, "csm"))
    together, errors = threading.Barrier(2), list[BaseException]()

    def write(text: str) -> None:
        try:
            for n in range(5):
                together.wait(10)
                with transaction() as session:
                    drafts.save(session, who, number, kind="note", body=f"{text}{n}", now=NOW)
        except BaseException as error:  # a thread's error is the test's
            errors.append(error)

    threads = [threading.Thread(target=write, args=(text,)) for text in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with transaction() as session:
        assert errors == [] and session.exec(select(Draft.body)).one() in ("a4", "b4")
