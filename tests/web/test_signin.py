"""Signing in and out, over real sockets."""

from datetime import UTC, datetime

import httpx
import pytest
from sqlmodel import select

from db.models import Audit, SignInFailure, UserSession
from services import lockout, passwords, sessions
from services.web.signin import local
from tests.served import PASSWORD, ServedDesk, csrf


def sign_in(client: httpx.Client, email: str, password: str, **more: str) -> httpx.Response:
    form = {"csrf": csrf(client.get("/login")), "email": email, "password": password}
    return client.post("/login", data=form | more)


def test_the_right_password_opens_the_desk(served_desk: ServedDesk) -> None:
    person = served_desk.user(password=PASSWORD)
    with served_desk.client() as client:
        answer = sign_in(client, f"  {person.email.upper()} ", PASSWORD, next="/verbatims?q=x")
        assert (answer.status_code, answer.headers["location"]) == (303, "/verbatims?q=x")
        assert client.get("/api/docs").status_code != 401
        assert client.get("/login").status_code == 303


def test_the_cookie_is_for_this_desk_alone(served_desk: ServedDesk) -> None:
    person = served_desk.user(password=PASSWORD)
    with served_desk.client() as client:
        set_cookie = sign_in(client, person.email, PASSWORD).headers["set-cookie"]
    assert set_cookie.startswith("loopdesk=")
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(set_cookie.split("; "))
    assert "Secure" not in set_cookie  # the test speaks HTTP, see the next one


def test_over_https_every_cookie_is_secure(served_desk: ServedDesk) -> None:
    person = served_desk.user(password=PASSWORD)
    with served_desk.client(headers={"X-Forwarded-Proto": "https"}) as client:
        page = client.get("/login")
        assert "Secure" in page.headers["set-cookie"]
        assert "max-age" in page.headers["strict-transport-security"]
        form = {"csrf": csrf(page), "email": person.email, "password": PASSWORD}
        client.headers["Cookie"] = page.headers["set-cookie"].partition(";")[0]
        assert "Secure" in client.post("/login", data=form).headers["set-cookie"]


def test_only_the_hash_of_the_token_is_stored(served_desk: ServedDesk) -> None:
    person = served_desk.user(password=PASSWORD)
    with served_desk.client() as client:
        sign_in(client, person.email, PASSWORD)
        token = client.cookies["loopdesk"]
    with served_desk.transaction() as session:
        row = session.exec(select(UserSession).where(UserSession.user_id == person.id)).one()
    assert row.token_hash == sessions.token_hash(token)
    assert token not in repr(row.model_dump())
    database = served_desk.log.parent
    kept = b"".join(f.read_bytes() for f in database.iterdir() if f.is_file())
    assert token.encode() not in kept and row.token_hash.encode() in kept


def test_wrong_and_unknown_read_the_same(served_desk: ServedDesk) -> None:
    known = served_desk.user(password=PASSWORD).email
    disabled = served_desk.user(password=PASSWORD, disabled_at=datetime.now(UTC)).email
    without = served_desk.user().email
    seen = set()
    for email in (known, disabled, without, "nobody@example.com"):
        with served_desk.client() as client:
            answer = sign_in(client, email, "something else")
            assert answer.status_code == 401 and "set-cookie" not in answer.headers
            seen.add(answer.text.replace(email, "").replace(csrf(answer), ""))
    assert len(seen) == 1 and sessions.WRONG in seen.pop()


@pytest.mark.parametrize("known", [True, False])
def test_an_account_is_locked_after_five_failures(served_desk: ServedDesk, known: bool) -> None:
    email = served_desk.user(password=PASSWORD).email if known else "lock@example.com"
    for _ in range(lockout.PER_ACCOUNT):
        with served_desk.client() as client:  # each from another address
            assert sign_in(client, email, "wrong").status_code == 401
    with served_desk.client() as client:
        answer = sign_in(client, email, PASSWORD)
    assert answer.status_code == 429 and "Try again in 15 minutes." in answer.text
    assert 840 < int(answer.headers["retry-after"]) <= 901


def test_an_address_is_locked_after_twenty_failures(served_desk: ServedDesk) -> None:
    person = served_desk.user(password=PASSWORD)
    with served_desk.client() as client:
        for n in range(lockout.PER_ADDRESS):
            assert sign_in(client, f"spray{n}@example.com", "wrong").status_code == 401
        assert sign_in(client, person.email, PASSWORD).status_code == 429
        assert client.get("/auth/reset?token=x").status_code == 429
    with served_desk.client() as client:
        assert sign_in(client, person.email, PASSWORD).status_code == 303


def test_no_address_and_no_name_is_kept_of_a_failure(served_desk: ServedDesk) -> None:
    with served_desk.client() as client:
        sign_in(client, "private@example.com", "wrong")
        host = client.headers["x-forwarded-for"]
    with served_desk.transaction() as session:
        kept = " ".join(row.subject for row in session.exec(select(SignInFailure)))
    assert "private" not in kept and host not in kept
    assert lockout.account("private@example.com") in kept


@pytest.mark.parametrize("token", [None, "", "0" * 64])
def test_a_form_without_its_token_is_refused(served_desk: ServedDesk, token: str | None) -> None:
    person = served_desk.user(password=PASSWORD)
    with served_desk.client() as client:
        client.get("/login")
        form = {"email": person.email, "password": PASSWORD}
        answer = client.post("/login", data=form if token is None else form | {"csrf": token})
    assert answer.status_code == 403 and "loopdesk" not in client.cookies


def test_a_form_of_another_browser_is_refused(served_desk: ServedDesk) -> None:
    with served_desk.client() as other, served_desk.client() as client:
        client.get("/login")
        form = {"csrf": csrf(other.get("/login")), "email": "x@example.com", "password": "x"}
        assert client.post("/login", data=form).status_code == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", ""])
def test_a_form_from_elsewhere_is_refused(served_desk: ServedDesk, origin: str) -> None:
    with served_desk.client() as client:
        token = csrf(client.get("/login"))
        answer = client.post("/login", data={"csrf": token}, headers={"Origin": origin})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "evil",
     "javascript:alert(1)", "/\n/evil.example", "", "/ok\r\nSet-Cookie: a=b"],
)  # fmt: skip
def test_next_leads_nowhere_else(served_desk: ServedDesk, path: str) -> None:
    assert local(path) == "/"
    person = served_desk.user(password=PASSWORD)
    with served_desk.client() as client:
        assert sign_in(client, person.email, PASSWORD, next=path).headers["location"] == "/"


def test_signing_out_takes_a_form_and_ends_the_session(served_desk: ServedDesk) -> None:
    person = served_desk.user(name="Robin <b>")
    with served_desk.client(person) as client:
        page = client.get("/auth/logout")
        assert "Robin &lt;b&gt;" in page.text and client.get("/api/docs").status_code != 401
        assert client.post("/auth/logout").status_code == 403
        token = client.cookies["loopdesk"]
        answer = client.post("/auth/logout", data={"csrf": csrf(page)})
        assert (answer.status_code, answer.headers["location"]) == (303, "/login?out=1")
        assert "loopdesk" not in client.cookies
    assert not served_desk.admits(token)


def test_disabling_somebody_ends_their_sessions(served_desk: ServedDesk) -> None:
    person = served_desk.user(password=PASSWORD)
    with served_desk.client(person) as client:
        assert client.get("/api/docs").status_code != 401
        with served_desk.transaction() as session:
            person.disabled_at = datetime.now(UTC)
            session.merge(person)
        assert client.get("/api/docs").status_code == 401
        assert sign_in(client, person.email, PASSWORD).status_code == 401


def test_signing_in_again_replaces_the_session(served_desk: ServedDesk) -> None:
    person = served_desk.user(password=PASSWORD)
    with served_desk.client() as client:
        form = {"csrf": "", "email": person.email, "password": PASSWORD}
        sign_in(client, person.email, PASSWORD)
        first = client.cookies["loopdesk"]
        form["csrf"] = csrf(client.get("/auth/logout"))
        assert client.post("/login", data=form).status_code == 303
        assert client.cookies["loopdesk"] != first
        assert served_desk.admits(client.cookies["loopdesk"]) and not served_desk.admits(first)


def test_an_outdated_hash_is_renewed_by_signing_in(served_desk: ServedDesk) -> None:
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    person = served_desk.user(password_hash=weak)
    with served_desk.client() as client:
        assert sign_in(client, person.email, PASSWORD).status_code == 303
    with served_desk.transaction() as session:
        kept = session.merge(person, load=True)
        session.refresh(kept)
        assert kept.password_hash != weak
        assert kept.password_hash and passwords.right(kept.password_hash, PASSWORD)


def test_coming_and_going_is_audited_by_id(served_desk: ServedDesk) -> None:
    person = served_desk.user(password=PASSWORD)
    with served_desk.client() as client:
        sign_in(client, person.email, PASSWORD)
        client.post("/auth/logout", data={"csrf": csrf(client.get("/auth/logout"))})
    with served_desk.transaction() as session:
        rows = session.exec(select(Audit).where(Audit.actor_id == person.id)).all()
    assert [row.verb for row in rows] == ["session.begin", "session.end"]
    assert all(row.entity == "session" and row.data == {} for row in rows)


def test_a_demo_door_is_shut_in_a_real_desk(served_desk: ServedDesk) -> None:
    person = served_desk.user("admin")
    with served_desk.client() as client:
        form = {"csrf": csrf(client.get("/login")), "user_id": str(person.id)}
        assert client.post("/auth/demo", data=form).status_code == 404
        assert "loopdesk" not in client.cookies


def test_the_console_names_nobody_and_no_token(served_desk: ServedDesk) -> None:
    with served_desk.client() as client:
        client.get("/auth/reset?token=very-secret")
        sign_in(client, "someone@example.com", "wrong")
    said = served_desk.log.read_text()
    assert "very-secret" not in said and "someone@example.com" not in said
