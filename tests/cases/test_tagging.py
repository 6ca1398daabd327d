"""Tags: made on first use, once however they are written, and taken back like anything else."""

import pytest
from sqlmodel import Session, select

from db.models import Tag
from services.access import Actor, Refused, actor_for
from services.cases import tagging, words
from services.cases.journal import Done, journal, state_hash
from services.cases.undo import possible, undo
from services.insights.case_filter import CaseFilter
from services.insights.queue import queue
from services.insights.verbatims import verbatims_of
from tests import builders as make
from tests.builders import NOW


@pytest.fixture
def me(session: Session) -> Actor:
    return actor_for(session, make.user(session, "support", name="Ann Bell"))


def tag(session: Session, who: Actor, name: str, number: int = 1) -> Done:
    return tagging.tag(session, who, number, name=name, now=NOW)


def tags(session: Session, number: int = 1) -> list[str]:
    known = tagging.in_use(session, make.actor())
    return sorted(known[key] for key in tagging.of_case(session, number))


def test_a_tag_is_made_once_however_it_is_written(session: Session, me: Actor) -> None:
    make.case(session)
    make.case(session)
    tag(session, me, "  Straße   2 ")
    tag(session, me, "STRASSE 2", 2)
    assert (tags(session, 1), tags(session, 2)) == (["Straße 2"], ["Straße 2"])
    assert session.exec(select(Tag.name)).all() == ["Straße 2"]
    with pytest.raises(Refused, match="has this tag already"):
        tag(session, me, "strasse 2")
    with pytest.raises(Refused, match="does not have this tag"):
        tagging.untag(session, me, 1, name="unknown", now=NOW)


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "a\u202eb", "a\x00b"])
def test_a_tag_is_a_short_word_that_can_be_read(session: Session, me: Actor, name: str) -> None:
    make.case(session)
    with pytest.raises(Refused, match="visible characters"):
        tag(session, me, name)


def test_the_journal_names_the_tag_and_keeps_its_id(session: Session, me: Actor) -> None:
    case = make.case(session)
    tag(session, me, "export")
    tagging.untag(session, me, 1, name="EXPORT", version=2, now=NOW)
    events = journal(session, case.id or 0)[1:]
    assert words.sentences(session, events, NOW.tzinfo) == [  # type: ignore[arg-type]
        "Ann Bell tagged it export", "Ann Bell took the tag export off",
    ]  # fmt: skip
    assert "export" not in str([event.data for event in events])


def test_a_tag_is_taken_back_and_put_in_again(session: Session, me: Actor) -> None:
    case = make.case(session)
    before = state_hash(session, case)
    done = tag(session, me, "export")
    after = state_hash(session, case)
    back = undo(session, me, 1, done.event_id, now=NOW)
    assert state_hash(session, case) == before != after
    undo(session, me, 1, back.event_id, now=NOW)
    assert (state_hash(session, case), tags(session)) == (after, ["export"])
    off = tagging.untag(session, me, 1, name="export", now=NOW)
    undo(session, me, 1, off.event_id, now=NOW)
    assert tags(session) == ["export"]


def test_a_tag_that_went_its_own_way_since_is_not_taken_back(session: Session, me: Actor) -> None:
    case = make.case(session)
    on = tag(session, me, "export")
    off = tagging.untag(session, me, 1, name="export", now=NOW)
    with pytest.raises(Refused, match="the tag changed since"):
        undo(session, me, 1, on.event_id, now=NOW)
    assert possible(session, me, case, journal(session, 1)) == {off.event_id}


def test_cases_are_listed_with_their_tags_and_found_by_them(session: Session, me: Actor) -> None:
    for _ in range(3):
        make.case(session)
    tag(session, me, "export, slow")
    tag(session, me, "Beta")
    tag(session, me, "beta", 3)
    by_name = {name: key for key, name in tagging.in_use(session, me).items()}
    page = queue(session, me, CaseFilter(), now=NOW, me=me.id)
    assert {row.number: row.tags for row in page.rows} == {
        1: ("Beta", "export, slow"), 2: (), 3: ("Beta",),
    }  # fmt: skip
    for name, found in (("Beta", {1, 3}), ("export, slow", {1})):
        filter, notices = CaseFilter.from_query({"tag": [str(by_name[name])]})
        page = queue(session, me, filter, now=NOW, me=me.id)
        assert ({row.number for row in page.rows}, page.total, notices) == (found, len(found), [])


def test_an_answer_tells_the_tags_of_its_case(session: Session, me: Actor) -> None:
    make.case(session)
    tag(session, me, "slow")
    tag(session, me, "Beta")
    (answer,) = verbatims_of(session, me, case_id=1)
    assert (answer.case_number, answer.case_tags) == (1, ("Beta", "slow"))
