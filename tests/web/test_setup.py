"""One-time links: the first admin, and new passwords; over real sockets."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlmodel import select

from db.models import Audit, OneTimeLink, Setting, User
from services import passwords, sessions
from tests.served import PASSWORD, ServedDesk, csrf, serve

FORM = {
    "name": "Dana Reyes", "email": "dana@example.com", "password": PASSWORD,
    "desk_name": "Acme feedback", "zone": "Europe/Berlin",
}  # fmt: skip


@pytest.fixture
def new_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDesk]:
    """A desk where nobody works yet."""
    with serve(tmp_path_factory.mktemp("new")) as desk:
        yield desk


def setup_token(desk: ServedDesk) -> str:
    return desk.said(r"/setup\?token=(\S+)")


def reset_token(desk: ServedDesk, user: User, *, ago: timedelta = timedelta(0)) -> str:
    with desk.transaction() as session:
        return sessions.reset_link(session, user, now=datetime.now(UTC) - ago)


def test_two_who_set_up_at_once_make_one_admin(new_desk: ServedDesk) -> None:
    token = setup_token(new_desk)
    with new_desk.client() as first, new_desk.client() as second:
        clients = (first, second)
        forms = [
            FORM | {"token": token, "email": f"{n}@example.com",
                    "csrf": csrf(client.get(f"/setup?token={token}"))}
            for n, client in enumerate(clients)
        ]  # fmt: skip
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda c, f: c.post("/setup", data=f), clients, forms))
        assert sorted(answer.status_code for answer in answers) in ([303, 422], [303, 410])
        winner = [a.status_code for a in answers].index(303)
        assert clients[winner].get("/api/docs").status_code != 401
        assert first.get(f"/setup?token={token}").headers["location"] == "/login"
    with new_desk.transaction() as session:
        user = session.exec(select(User)).one()
        assert (user.role, user.email) == ("admin", f"{winner}@example.com")
        kept = {row.key: row.value for row in session.exec(select(Setting))}
        assert kept == {"desk_name": "Acme feedback", "reporting_zone": "Europe/Berlin"}
        verbs = [row.verb for row in session.exec(select(Audit))]
        assert verbs == ["desk.setup", "session.begin"]


def test_setting_up_says_what_is_wrong_and_keeps_the_rest(new_desk: ServedDesk) -> None:
    token = setup_token(new_desk)
    with new_desk.client() as client:
        assert "Nobody works here yet" in client.get("/login").text
        right = FORM | {"token": token, "csrf": csrf(client.get(f"/setup?token={token}"))}
        for wrong in (
            {"password": "short"}, {"password": "dana@example.com"}, {"email": "nobody"},
            {"name": " "}, {"desk_name": ""}, {"zone": "Mars/Base"},
        ):  # fmt: skip
            answer = client.post("/setup", data=right | wrong)
            assert answer.status_code == 422 and 'role="alert"' in answer.text
            assert PASSWORD not in answer.text
        assert 'value="Dana Reyes"' in answer.text
        assert client.post("/setup", data=right | {"token": "x"}).status_code == 410
        assert client.post("/setup", data=right).status_code == 303


def test_a_setup_link_is_shown_until_somebody_works_here(new_desk: ServedDesk) -> None:
    with new_desk.transaction() as session:
        row = session.exec(select(OneTimeLink)).one()
        assert row.token_hash == sessions.token_hash(setup_token(new_desk))
        left = row.expires_at - datetime.now(UTC)
    assert timedelta(hours=23) < left <= timedelta(hours=24)
    new_desk.user("admin")
    with new_desk.client() as client:
        assert client.get(f"/setup?token={setup_token(new_desk)}").status_code == 303


def use(client: httpx.Client, token: str, password: str = PASSWORD) -> httpx.Response:
    page = client.get(f"/auth/reset?token={token}")
    form = {"csrf": csrf(page), "token": token, "password": password}
    return client.post("/auth/reset", data=form)


def test_a_reset_link_sets_a_password_once(served_desk: ServedDesk) -> None:
    person = served_desk.user(password="an older password")
    token = reset_token(served_desk, person)
    with served_desk.client(person) as elsewhere, served_desk.client() as client:
        assert use(client, token).headers["location"] == "/"
        assert client.get("/api/docs").status_code != 401
        assert elsewhere.get("/api/docs").status_code == 401
        assert client.get(f"/auth/reset?token={token}").status_code == 410
    with served_desk.transaction() as session:
        kept = session.get_one(User, person.id).password_hash
    assert passwords.right(kept, PASSWORD)


def test_of_two_who_use_a_reset_link_one_wins(served_desk: ServedDesk) -> None:
    token = reset_token(served_desk, served_desk.user())
    with served_desk.client() as first, served_desk.client() as second:
        clients = (first, second)
        forms = [
            {"token": token, "password": f"{PASSWORD} {n}",
             "csrf": csrf(client.get(f"/auth/reset?token={token}"))}
            for n, client in enumerate(clients)
        ]  # fmt: skip
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda c, f: c.post("/auth/reset", data=f), clients, forms))
    assert [answer.status_code for answer in answers].count(303) == 1


def test_a_link_that_is_old_replaced_or_of_another_kind_is_dead(served_desk: ServedDesk) -> None:
    person = served_desk.user()
    old = reset_token(served_desk, person, ago=sessions.LINK_LIFE)
    first = reset_token(served_desk, person)
    second = reset_token(served_desk, person)
    with served_desk.transaction() as session:
        setup = sessions.new_link(session, "setup", None, now=datetime.now(UTC))
    with served_desk.client() as client:
        for dead in (old, first, setup, "", "made-up"):
            assert client.get(f"/auth/reset?token={dead}").status_code == 410
        assert client.get(f"/auth/reset?token={second}").status_code == 200


def test_a_weak_new_password_is_refused_and_the_link_lives_on(served_desk: ServedDesk) -> None:
    person = served_desk.user()
    token = reset_token(served_desk, person)
    with served_desk.client() as client:
        for weak in ("short", person.email.upper(), "aaaaaaaaaaaa", "x" * 201):
            assert use(client, token, weak).status_code == 422
        assert use(client, token).status_code == 303


def test_a_disabled_person_sets_no_password(served_desk: ServedDesk) -> None:
    person = served_desk.user()
    token = reset_token(served_desk, person)
    with served_desk.transaction() as session:
        session.get_one(User, person.id).disabled_at = datetime.now(UTC)
    with served_desk.client() as client:
        assert use(client, token).status_code == 422
