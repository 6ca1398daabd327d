"""Excluding a response: with a reason, written down, undone by restoring, and not by everybody."""

import pytest
from sqlmodel import Session, select

from db.engine import version
from db.models import Audit, Response, ResponseEdit
from services import exclusions, insights
from services.access import Forbidden, Refused
from services.insights import Filter, State
from tests import builders as make
from tests.builders import NOW
from tests.insights.conftest import Answer

JUNE = Filter(range="2026-06-01..2026-06-30")


def test_an_excluded_response_leaves_the_figures_and_comes_back(
    berlin: Session, answer: Answer
) -> None:
    boss = make.user(berlin, "manager")
    manager = make.actor("manager", id=boss.id)
    answer(10)
    bad = answer(0)
    before = version(berlin)

    exclusions.exclude(berlin, manager, bad.id or 0, "  a test by us ", now=NOW)
    assert (bad.excluded_at, bad.excluded_by, bad.excluded_reason) == (NOW, boss.id, "a test by us")
    assert bad.change_seq == version(berlin) == before + 1
    assert insights.headline(berlin, manager, JUNE, now=NOW).main.now.value == 100
    gone = JUNE.narrowed(state=State.EXCLUDED)
    assert insights.verbatims(berlin, manager, gone, now=NOW).total == 1

    exclusions.restore(berlin, manager, bad.id or 0, now=NOW)
    assert (bad.excluded_at, bad.excluded_by, bad.excluded_reason) == (None, None, None)
    assert bad.change_seq == before + 2
    assert insights.headline(berlin, manager, JUNE, now=NOW).main.now.value == 0


def test_each_change_is_kept_and_the_audit_holds_ids_only(berlin: Session, answer: Answer) -> None:
    boss = make.user(berlin, "manager")
    manager = make.actor("manager", id=boss.id)
    row = answer(0)
    exclusions.exclude(berlin, manager, row.id or 0, "Dana's own test", now=NOW)
    exclusions.restore(berlin, manager, row.id or 0, now=NOW)
    edits = [(e.field, e.before, e.after) for e in berlin.exec(select(ResponseEdit))]
    why = "Dana's own test"
    assert edits == [("excluded_reason", None, why), ("excluded_reason", why, None)]
    trail = list(berlin.exec(select(Audit)))
    assert [(a.verb, a.entity, a.entity_id, a.actor_id, a.data) for a in trail] == [
        ("response.exclude", "response", row.id, boss.id, {}),
        ("response.restore", "response", row.id, boss.id, {}),
    ]


@pytest.mark.parametrize("reason", ["", "  \n", "x" * (exclusions.LONGEST + 1)])
def test_a_reason_is_needed_and_has_an_end(berlin: Session, answer: Answer, reason: str) -> None:
    row = answer(0)
    with pytest.raises(Refused, match="reason"):
        exclusions.exclude(berlin, make.actor("manager"), row.id or 0, reason, now=NOW)
    assert row.excluded_at is None


def test_nothing_is_excluded_or_restored_twice(berlin: Session, answer: Answer) -> None:
    manager, row = make.actor("manager"), answer(0)
    with pytest.raises(Refused, match="not excluded"):
        exclusions.restore(berlin, manager, row.id or 0, now=NOW)
    exclusions.exclude(berlin, manager, row.id or 0, "spam", now=NOW)
    with pytest.raises(Refused, match="already excluded"):
        exclusions.exclude(berlin, manager, row.id or 0, "again", now=NOW)
    assert row.excluded_reason == "spam"


def test_a_response_of_another_unit_is_as_unknown_as_one_that_never_was(
    berlin: Session, answer: Answer
) -> None:
    north, south = make.unit(berlin, "North"), make.unit(berlin, "South")
    theirs, nobodys = answer(0, unit_id=south.id), answer(0)
    manager = make.actor("manager", units=(north.id,))
    said = set()
    for response_id in (theirs.id, nobodys.id, 987_654):
        with pytest.raises(Refused) as refused:
            exclusions.exclude(berlin, manager, response_id or 0, "spam", now=NOW)
        said.add(str(refused.value))
    assert len(said) == 1
    assert not [row for row in berlin.exec(select(Response)) if row.excluded_at]


@pytest.mark.parametrize("role", ["csm", "support"])
def test_who_may_not_exclude_is_refused_at_the_verb(
    berlin: Session, answer: Answer, role: str
) -> None:
    row = answer(0)
    with pytest.raises(Forbidden):
        exclusions.exclude(berlin, make.actor(role), row.id or 0, "spam", now=NOW)
    with pytest.raises(Forbidden):
        exclusions.restore(berlin, make.actor(role), row.id or 0, now=NOW)
