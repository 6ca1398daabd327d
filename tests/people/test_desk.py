"""The admin's choices."""

import pytest
from sqlmodel import Session, select

from db.engine import version
from db.models import Audit, Setting
from services import desk, settings
from services.access import Refused, actor_for
from tests import builders as make

NOW = make.NOW


def test_a_choice_says_who_changed_it_last_and_when(session: Session) -> None:
    mia = actor_for(session, make.user(session, "admin", name="Mia"))
    assert desk.choices(session, mia)["desk_name"] == desk.Choice("Loopdesk")
    assert desk.change(session, mia, "desk_name", "  Acme voice ", now=NOW)
    assert desk.choices(session, mia)["desk_name"] == desk.Choice("Acme voice", NOW, "Mia")
    assert settings.get(session, "desk_name") == "Acme voice"


def test_the_trail_tells_the_key_and_a_switch_but_no_text(session: Session) -> None:
    admin = make.actor("admin")
    desk.change(session, admin, "desk_name", "Acme voice", now=NOW)
    desk.change(session, admin, "csm_sees_all_units", False, now=NOW)
    data = [row.data for row in session.exec(select(Audit).order_by(Audit.id))]
    assert data == [{"key": "desk_name"}, {"key": "csm_sees_all_units", "on": False}]


def test_the_same_value_again_records_nothing(session: Session) -> None:
    before = version(session)
    assert not desk.change(session, make.actor("admin"), "reporting_zone", "UTC", now=NOW)
    assert (version(session), session.exec(select(Setting)).all()) == (before, [])


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("desk_name", " ", "1 to 60 characters. Nothing was changed"),
        ("reporting_zone", "Mars", "no time zone"),
        ("nothing", 1, "no such setting"),
    ],
)
def test_a_wrong_choice_is_refused_in_words(
    session: Session, key: str, value: object, said: str
) -> None:
    with pytest.raises(Refused, match=said):
        desk.change(session, make.actor("admin"), key, value, now=NOW)
    assert session.exec(select(Setting)).all() == []


def test_the_switches_decide_who_sees_all_units(session: Session) -> None:
    csm = make.user(session, "csm")
    assert actor_for(session, csm).units is None
    desk.change(session, make.actor("admin"), "csm_sees_all_units", False, now=NOW)
    assert actor_for(session, csm).units == ()
    assert actor_for(session, make.user(session, "support")).units is None
