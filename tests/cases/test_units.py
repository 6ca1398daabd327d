"""A person who answers in two units has one case: each side is told its own units' answers only."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from db.models import Case
from services.access import Actor, Refused
from services.cases import merging, opening
from services.domain.scores import Metric
from services.insights import case_export
from services.insights.case_file import case_file
from services.insights.case_filter import CaseFilter, View
from services.insights.case_rows import ELSEWHERE, CaseRow
from services.insights.queue import cases_of, queue
from services.insights.verbatims import verbatims_of
from tests import builders as make
from tests.builders import NOW

LATER = NOW + timedelta(hours=1)
SECRET = "We leave for Rival"


class Two:
    """A case of the unit North that an answer of South has joined, and somebody on each side."""

    def __init__(self, session: Session) -> None:
        self.session = session
        north, south = make.unit(session, "North"), make.unit(session, "South")
        self.contact = make.contact(session)
        both = {"contact_id": self.contact.id}
        self.case = make.case(session, 5, unit_id=north.id, comment="Slow export", **both)
        make.case(session, 1, unit_id=south.id, comment=SECRET, now=LATER, **both)
        self.north = make.actor("csm", units=(north.id,))
        self.south = make.actor("csm", units=(south.id,))
        self.boss = make.actor("manager")

    def rows(self, who: Actor, **asked: object) -> tuple[CaseRow, ...]:
        wanted = CaseFilter(View.ANY, **asked)  # type: ignore[arg-type]
        return queue(self.session, who, wanted, now=LATER, me=None).rows


@pytest.fixture
def two(session: Session) -> Two:
    return Two(session)


def test_whoever_sees_both_units_reads_the_last_answer(two: Two) -> None:
    (row,) = two.rows(two.boss)
    assert (row.number, row.score, row.said, row.elsewhere) == (1, 1, SECRET, False)
    assert two.case.unit_id == two.north.units[0]  # type: ignore[index]


def test_nothing_of_an_answer_in_another_unit_is_told_in_a_list(session: Session, two: Two) -> None:
    of_contact = cases_of(session, two.north, contact_id=two.contact.id, now=LATER)
    for row in (*two.rows(two.north), *of_contact):
        assert (row.number, row.said, row.elsewhere) == (1, ELSEWHERE, True)
        assert (row.metric, row.score, row.scale, row.band) == (None,) * 4
        assert "lowest scores" not in row.why
    assert "lowest scores" in two.rows(two.boss)[0].why


def test_nothing_of_it_is_told_by_a_search_or_a_filter(two: Two) -> None:
    for asked in ({"text": "Rival"}, {"scores": (1,)}, {"metrics": (Metric.NPS,)}):
        assert len(two.rows(two.boss, **asked)) == 1
        assert two.rows(two.north, **asked) == ()
    assert len(two.rows(two.north, text="export")) == 1


def test_a_case_says_how_many_of_its_answers_are_elsewhere(session: Session, two: Two) -> None:
    file = case_file(session, two.north, 1, now=LATER)
    assert [answer.comment for answer in file.answers] == ["Slow export"]
    assert file.answers_elsewhere == 1 and SECRET not in str(file)
    whole = case_file(session, two.boss, 1, now=LATER)
    assert (len(whole.answers), whole.answers_elsewhere) == (2, 0)


def test_a_program_is_told_no_more_than_its_units(session: Session, two: Two) -> None:
    listed = case_export.export(session, two.north, CaseFilter(View.ANY), now=LATER, limit=9)
    whole = case_export.whole(session, two.north, 1, now=LATER)
    assert SECRET not in str(listed) + str(whole)
    (out,) = listed.cases
    assert (out.score, out.comment, out.metric, out.band, out.scale) == (None,) * 5
    assert [reason["code"] for reason in out.priority_reasons] == []
    assert case_export.one(session, two.boss, 1).comment == SECRET


def test_the_other_side_sees_no_case_but_that_there_is_one(session: Session, two: Two) -> None:
    assert two.rows(two.south) == ()
    with pytest.raises(Refused, match="There is no case"):
        case_file(session, two.south, 1, now=LATER)
    (answer,) = verbatims_of(session, two.south, contact_id=two.contact.id)
    assert (answer.comment, answer.case_number, answer.case_status) == (SECRET, None, None)
    assert answer.case_elsewhere
    for answer in verbatims_of(session, two.boss, contact_id=two.contact.id):
        assert (answer.case_number, answer.case_elsewhere) == (1, False)


def test_by_hand_nobody_joins_what_they_do_not_see(session: Session, two: Two) -> None:
    (theirs,) = verbatims_of(session, two.south, contact_id=two.contact.id)
    with pytest.raises(Refused, match="belongs to a case of another unit"):
        opening.open_by_hand(session, two.south, theirs.id, now=LATER)
    unit_id = two.south.units[0]  # type: ignore[index]
    more = make.response(session, 2, unit_id=unit_id, contact_id=two.contact.id)
    with pytest.raises(Refused, match="worked in another unit"):
        opening.open_by_hand(session, two.south, more.id or 0, now=LATER)
    assert opening.open_by_hand(session, two.boss, more.id or 0, now=LATER) == 1


def test_an_answer_without_a_unit_is_of_its_accounts(session: Session) -> None:
    unit = make.unit(session)
    acme = make.account(session, unit_id=unit.id)
    case = make.case(session, 2, account_id=acme.id, comment="Slow")
    who = make.actor("csm", units=(unit.id,))
    (row,) = queue(session, who, CaseFilter(View.ANY), now=NOW, me=None).rows
    assert (row.number, row.said, row.elsewhere) == (case.number, "Slow", False)
    assert session.exec(select(Case.unit_id)).one() == unit.id


def test_an_answer_of_another_unit_is_not_split_off(session: Session, two: Two) -> None:
    team = make.team(session).id
    two.case.team_id, hidden = team, two.case.response_id or 0
    mine, given = replace(two.north, team_id=team), {"version": two.case.version, "now": LATER}
    with pytest.raises(Refused, match="Choose answers of this case"):
        merging.split(session, mine, 1, responses=[hidden], **given)  # type: ignore[arg-type]
    merging.split(session, two.boss, 1, responses=[hidden], **given)  # type: ignore[arg-type]
