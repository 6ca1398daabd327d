"""Adding, changing, disabling and enabling people."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlmodel import Session, select

from db.engine import transaction, version
from db.models import Audit, OneTimeLink, User, UserSession
from services import links, people, sessions
from services.access import Refused, actor_for
from tests import builders as make

NOW = make.NOW
ADMIN = make.actor("admin")


def added(session: Session, **fields: object) -> User:
    given = {"name": "Mia Keller", "email": "mia@example.com", "role": "csm"} | fields
    return people.add_user(session, ADMIN, now=NOW, **given)[0]


def trail(session: Session) -> list[tuple[str, int | None, dict[str, object]]]:
    rows = session.exec(select(Audit).order_by(Audit.id))
    return [(row.verb, row.entity_id, row.data) for row in rows]


def test_an_added_person_sets_a_password_by_the_link_within_seven_days(session: Session) -> None:
    user, token = people.add_user(
        session, ADMIN, name="  Mia  Keller ", email=" Mia@Example.COM ", role="csm", now=NOW
    )
    assert (user.name, user.email, user.email_norm) == (
        "Mia Keller", "Mia@example.com", "mia@example.com",
    )  # fmt: skip
    late = NOW + timedelta(days=6, hours=23)
    assert links.set_password(session, token, "hash", now=late).id == user.id
    assert session.exec(select(OneTimeLink)).one().expires_at == NOW + timedelta(days=7)


def test_the_link_is_dead_after_seven_days(session: Session) -> None:
    _, token = people.add_user(
        session, ADMIN, name="Mia", email="mia@example.com", role="csm", now=NOW
    )
    with pytest.raises(Refused):
        links.set_password(session, token, "hash", now=NOW + timedelta(days=7))


def test_an_added_person_has_team_units_and_zone(session: Session) -> None:
    team, emea, apac = make.team(session), make.unit(session), make.unit(session, "APAC")
    user = added(session, team_id=team.id, units=[apac.id, emea.id], time_zone="Europe/Berlin")
    found = people.everybody(session, ADMIN, now=NOW)[0]
    assert (found.user.id, found.team, found.units) == (user.id, "Team", (emea.id, apac.id))
    assert found.user.time_zone == "Europe/Berlin"
    assert actor_for(session, user).team_id == team.id


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "  "}, "1 to 80"),
        ({"name": "x" * 81}, "1 to 80"),
        ({"name": "Mia\x00"}, "1 to 80"),
        ({"name": "Mia \u202eaiM"}, "visible"),
        ({"email": "mia"}, "no e-mail address"),
        ({"email": "mia@"}, "no e-mail address"),
        ({"role": "owner"}, "no such role"),
        ({"team_id": 99}, "no such team"),
        ({"units": [99]}, "no such unit"),
        ({"time_zone": "Mars/Base"}, "no such time zone"),
        ({"capacity": -1}, "capacity"),
        ({"absent_until": NOW.replace(tzinfo=None)}, "time zone"),
    ],
)
def test_a_wrong_field_is_refused_in_words(
    session: Session, fields: dict[str, object], said: str
) -> None:
    with pytest.raises(Refused, match=said):
        added(session, **fields)
    assert session.exec(select(User)).all() == []


def test_a_name_may_hold_the_joiners_that_its_script_needs(session: Session) -> None:
    assert added(session, name="علی\u200cرضا").name == "علی\u200cرضا"


def test_a_missing_field_is_named(session: Session) -> None:
    with pytest.raises(Refused, match="name and email"):
        people.add_user(session, ADMIN, role="csm", now=NOW)


def test_an_address_is_taken_whatever_its_case_and_the_rest_is_kept(session: Session) -> None:
    added(session)
    with pytest.raises(Refused, match="already works here"):
        added(session, name="Another", email="MIA@EXAMPLE.com")
    assert len(session.exec(select(User)).all()) == 1
    added(session, email="tom@example.com")
    assert len(session.exec(select(User)).all()) == 2


@pytest.mark.usefixtures("desk")
def test_one_address_added_twice_at_the_same_moment_is_one_person() -> None:
    ready, refused = Barrier(2), []

    def add() -> None:
        ready.wait()
        try:
            with transaction() as session:
                added(session)
        except Refused as error:
            refused.append(str(error))

    threads = [Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == [people.TAKEN]
    with transaction() as session:
        assert len(session.exec(select(User)).all()) == 1
        assert len(session.exec(select(OneTimeLink)).all()) == 1


def test_a_change_keeps_what_it_does_not_name(session: Session) -> None:
    unit = make.unit(session)
    user = added(session, units=[unit.id], capacity=5)
    changed = people.change(session, ADMIN, user.id, role="manager", units=[], now=NOW)
    assert (changed.role, changed.capacity, changed.name) == ("manager", 5, "Mia Keller")
    assert people.everybody(session, ADMIN, now=NOW)[0].units == ()
    assert trail(session)[-1] == (
        "user.change",
        user.id,
        {
            "fields": ["role", "units"],
            "role": {"was": "csm", "now": "manager"}, "units": {"was": [unit.id], "now": []},
        },
    )  # fmt: skip


def test_saying_what_is_so_already_records_nothing(session: Session) -> None:
    user = added(session)
    before = version(session), trail(session)
    people.change(session, ADMIN, user.id, name="Mia Keller", role="csm", units=[], now=NOW)
    assert (version(session), trail(session)) == before


def test_an_address_can_be_corrected_but_not_taken(session: Session) -> None:
    added(session)
    tom = added(session, email="tmo@example.com")
    assert people.change(session, ADMIN, tom.id, email="Tom@example.com", now=NOW).email_norm == (
        "tom@example.com"
    )
    with pytest.raises(Refused, match="already works here"):
        people.change(session, ADMIN, tom.id, email="mia@example.com", now=NOW)


def test_disabling_ends_every_session_and_enabling_lets_in_again(session: Session) -> None:
    user = added(session)
    tokens = [sessions.begin(session, user.id, now=NOW) for _ in range(2)]
    people.disable(session, ADMIN, user.id, now=NOW)
    assert session.exec(select(UserSession)).all() == []
    hashed = sessions.token_hash(tokens[0])
    assert sessions.look_up(session, hashed, now=NOW) is None
    assert trail(session)[-1] == ("user.disable", user.id, {"sessions": 2})
    people.enable(session, ADMIN, user.id, now=NOW)
    assert user.disabled_at is None
    again = sessions.token_hash(sessions.begin(session, user.id, now=NOW))
    assert sessions.look_up(session, again, now=NOW) is not None


def test_nobody_disables_themselves(session: Session) -> None:
    mine, _other = make.user(session, "admin"), make.user(session, "admin")
    with pytest.raises(Refused, match="themselves"):
        people.disable(session, actor_for(session, mine), mine.id, now=NOW)


def test_a_reset_ends_sessions_and_earlier_links(session: Session) -> None:
    user, first = people.add_user(
        session, ADMIN, name="Mia", email="mia@example.com", role="csm", now=NOW
    )
    sessions.begin(session, user.id, now=NOW)
    second = people.reset(session, ADMIN, user.id, now=NOW)
    assert session.exec(select(UserSession)).all() == []
    with pytest.raises(Refused):
        links.set_password(session, first, "hash", now=NOW)
    assert links.set_password(session, second, "hash", now=NOW).id == user.id


def test_a_disabled_person_gets_no_link(session: Session) -> None:
    user = added(session)
    people.disable(session, ADMIN, user.id, now=NOW)
    with pytest.raises(Refused, match="enable them first"):
        people.reset(session, ADMIN, user.id, now=NOW)


def test_an_unknown_person_is_refused(session: Session) -> None:
    for verb in (people.disable, people.enable, people.reset, people.change):
        with pytest.raises(Refused, match="no person 99"):
            verb(session, ADMIN, 99, now=NOW)


def test_the_list_says_when_somebody_was_seen_last(session: Session) -> None:
    mia, tom = added(session), added(session, name="tom", email="tom@example.com")
    gone = added(session, name="Ada", email="ada@example.com")
    people.disable(session, ADMIN, gone.id, now=NOW)
    sessions.begin(session, mia.id, now=NOW - timedelta(hours=2))
    sessions.begin(session, mia.id, now=NOW - timedelta(hours=1))
    listed = people.everybody(session, ADMIN, now=NOW)
    assert [person.user.id for person in listed] == [mia.id, tom.id, gone.id]
    assert [person.sessions for person in listed] == [2, 0, 0]
    assert listed[0].last_seen_at == NOW - timedelta(hours=1)
    assert listed[1].last_seen_at is None


def test_the_trail_of_people_holds_no_text(session: Session) -> None:
    user = added(session)
    people.change(session, ADMIN, user.id, name="Zoe Unique", email="zoe@example.com", now=NOW)
    people.reset(session, ADMIN, user.id, now=NOW)
    for text in ("Mia", "Zoe", "example.com"):
        assert text not in repr(trail(session))
    assert [verb for verb, _, _ in trail(session)] == ["user.add", "user.change", "user.reset"]


def test_every_change_raises_the_data_version(session: Session) -> None:
    before = version(session)
    user = added(session)
    people.disable(session, ADMIN, user.id, now=NOW)
    people.enable(session, ADMIN, user.id, now=NOW)
    assert version(session) == before + 3
