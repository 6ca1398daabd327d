"""Who else has a case open: told while they are heard of, to those who may see the case."""

from datetime import timedelta

from sqlmodel import Session, select

from db.engine import version
from db.models import Presence
from services import presence
from services.access import actor_for
from services.presence import OLD, Here
from tests import builders as make
from tests.builders import NOW


def test_others_are_told_as_long_as_they_are_heard_of(session: Session) -> None:
    ann, bob = (actor_for(session, make.user(session, "csm", name=name)) for name in ("Ann", "Bob"))
    case, other = make.case(session), make.case(session)
    before = version(session)
    presence.arrive(session, ann, case.number, writing=False, now=NOW)
    assert presence.others(session, ann, [case.number], now=NOW) == {}
    numbers = [case.number, other.number]
    told = {case.number: [Here("Ann", False)]}
    assert presence.others(session, bob, numbers, now=NOW + OLD) == told
    assert presence.others(session, bob, numbers, now=NOW + OLD + timedelta(seconds=1)) == {}
    presence.arrive(session, ann, case.number, writing=True, now=NOW)
    assert presence.others(session, bob, numbers, now=NOW) == {case.number: [Here("Ann", True)]}
    assert version(session) == before  # nobody's page is drawn anew for it


def test_whoever_goes_on_is_gone_and_leaves_no_history(session: Session) -> None:
    ann, bob = (actor_for(session, make.user(session, "csm", name=name)) for name in ("Ann", "Bob"))
    case, other = make.case(session), make.case(session)
    presence.arrive(session, ann, case.number, writing=True, now=NOW)
    presence.leave(session, ann, case.number)
    assert presence.others(session, bob, [case.number], now=NOW) == {}
    presence.arrive(session, ann, case.number, writing=False, now=NOW)
    presence.arrive(session, ann, other.number, writing=False, now=NOW + 2 * OLD)
    assert len(session.exec(select(Presence)).all()) == 1


def test_nobody_is_told_of_a_case_of_another_unit(session: Session) -> None:
    unit = make.unit(session)
    case = make.case(session, unit_id=unit.id)
    ann = actor_for(session, make.user(session, "manager", name="Ann"))
    presence.arrive(session, ann, case.number, writing=False, now=NOW)
    stranger = make.actor("csm", id=make.user(session, "csm").id, units=())
    assert presence.others(session, stranger, [case.number], now=NOW) == {}
    inside = make.actor("csm", id=stranger.id, units=(unit.id,))
    assert presence.others(session, inside, [case.number], now=NOW) == {
        case.number: [Here("Ann", False)]
    }
