"""The rules of the demo company: what they met is told where it can be true."""

from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from db.models import CaseEvent, RuleFiring
from services import demo_rules
from services.domain.lifecycle import Move
from tests import builders as make
from tests.builders import NOW

DAY = timedelta(days=1)


@pytest.mark.parametrize(("minutes", "told"), [(0, [Move.OPENED, Move.RULED]), (60, [Move.OPENED])])
def test_a_case_says_that_a_rule_fired_unless_its_journal_went_on_since(
    session: Session, minutes: int, told: list[Move]
) -> None:
    for role in ("manager", "csm"):
        make.user(session, role)
    fell = make.contact(session).id
    make.response(session, 10, contact_id=fell, answered_at=NOW - 60 * DAY)
    answered = NOW - DAY
    case = make.case(session, 2, now=answered + timedelta(minutes=minutes), contact_id=fell,
                     answered_at=answered)  # fmt: skip
    assert demo_rules.play(session, NOW) == {"rules": 2}
    events = session.exec(
        select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(col(CaseEvent.id))
    ).all()
    assert [event.kind for event in events] == told
    assert [event.at for event in events] == sorted(event.at for event in events)
    modes = select(RuleFiring.mode).order_by(RuleFiring.mode)
    assert session.exec(modes).all() == ["live", "shadow"]
