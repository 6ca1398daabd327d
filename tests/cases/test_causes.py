"""The taxonomy of root causes: kept by those who lead, proposed by CSMs."""

import pytest
from sqlmodel import Session, col, select

from db.models import Audit, RootCause
from services.access import Forbidden, Refused
from services.cases import causes
from tests import builders as make
from tests.builders import NOW

BOSS, CSM = make.actor("manager"), make.actor("csm")


def names(session: Session) -> list[str]:
    return [name for _, name in causes.in_use(session, make.actor("support"))]


def test_a_new_desk_has_causes_to_begin_with(session: Session) -> None:
    assert len(names(session)) == 10 and names(session) == sorted(names(session), key=str.lower)


def test_what_a_csm_proposes_is_in_the_list_once_a_manager_takes_it(session: Session) -> None:
    proposed = causes.add(session, CSM, name="  Late   parts ", now=NOW)
    assert proposed.name == "Late parts" and "Late parts" not in names(session)
    with pytest.raises(Forbidden, match="may propose"):
        causes.accept(session, CSM, proposed.id or 0, now=NOW)
    causes.accept(session, BOSS, proposed.id or 0, now=NOW)
    assert "Late parts" in names(session)
    told = session.exec(select(Audit.verb).order_by(col(Audit.id))).all()
    assert told == ["cause.propose", "cause.accept"]


def test_a_retired_cause_is_kept_where_it_is_and_can_come_back(session: Session) -> None:
    cause = causes.add(session, BOSS, name="Weather", now=NOW)
    causes.retire(session, BOSS, cause.id or 0, now=NOW)
    assert "Weather" not in names(session)
    assert ("Weather", 0) in [(row.name, n) for row, n in causes.all_causes(session, CSM)]
    causes.accept(session, BOSS, cause.id or 0, now=NOW)
    assert "Weather" in names(session)


def test_the_last_cause_stays(session: Session) -> None:
    *rest, last = session.exec(select(RootCause.id)).all()
    for key in rest:
        causes.retire(session, BOSS, key or 0, now=NOW)
    with pytest.raises(Refused, match="The last root cause stays"):
        causes.retire(session, BOSS, last or 0, now=NOW)


def test_names_are_told_apart_and_renamed(session: Session) -> None:
    cause = causes.add(session, BOSS, name="Weather", now=NOW)
    for name in ("Billing", "", "x" * 61):
        with pytest.raises(Refused):
            causes.rename(session, BOSS, cause.id or 0, name=name, now=NOW)
    assert causes.rename(session, BOSS, cause.id or 0, name="Storm", now=NOW).name == "Storm"
    with pytest.raises(Refused, match="no root cause 999"):
        causes.accept(session, BOSS, 999, now=NOW)
