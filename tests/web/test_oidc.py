"""Signing in with another account, over real sockets, with a provider of identities of our own."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlmodel import col, select, update

from db.models import Audit, Identity, SignInStart, User
from services import people, sessions, settings
from services.access import SHELL
from services.sign_in import configuring
from services.sign_in.entering import REFUSALS
from services.sign_in.talking import AWAY, ODD, UNTRUE
from services.web.oidc import DENIED, OLD
from tests.served import PASSWORD, ServedDesk, csrf, serve
from tests.standins.oidc import CLIENT, SECRET, Oidc, new_key
from tests.web.test_signin import sign_in

START = "/auth/oidc/start"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDesk]:
    """A desk of its own: how people sign in is a choice of the whole desk."""
    with serve(tmp_path_factory.mktemp("oidc")) as served:
        served.user("admin", name="First Admin")
        yield served


@pytest.fixture(scope="module")
def serving() -> Iterator[Oidc]:
    with Oidc().serving() as standin:
        yield standin


@pytest.fixture
def provider(desk: ServedDesk, serving: Oidc) -> Iterator[Oidc]:
    """A provider that the desk knows; each test has somebody of their own signed in there."""
    serving.person = {"sub": f"s{time.monotonic_ns()}", "email_verified": True}
    serving.twist, serving.more, serving.without = {}, {}, ()
    serving.alg, serving.signer = "RS256", None
    configure(desk, serving)
    yield serving
    assert not serving.faults


def configure(desk: ServedDesk, provider: Oidc, **more: Any) -> None:
    entered = {"issuer": provider.url, "client_id": CLIENT, "client_secret": SECRET} | more
    host = provider.url.removeprefix("http://")
    with desk.transaction() as session:
        settings.put(session, "outgoing_allow", [host], actor_id=None, now=now())
        configuring.keep(session, SHELL, entered, now=now())


def now() -> datetime:
    return datetime.now(UTC)


def somebody(desk: ServedDesk, provider: Oidc, **values: Any) -> User:
    """A person of the desk, signed in at the provider."""
    person = desk.user(**values)
    provider.person["email"] = person.email
    return person


def going(client: httpx.Client, path: str = "/") -> str:
    """Off to the provider and through it: where it sends the browser."""
    away = client.get(START, params={"next": path})
    assert away.status_code == 303, away.text
    there = httpx.get(away.headers["location"])
    assert there.status_code == 302, there.text
    back = httpx.URL(there.headers["location"])
    return f"{back.path}?{back.query.decode()}"


def come_in(desk: ServedDesk, path: str = "/") -> httpx.Response:
    with desk.client() as client:
        return client.get(going(client, path))


def trail(desk: ServedDesk, verb: str) -> list[Audit]:
    with desk.transaction() as session:
        return list(session.exec(select(Audit).where(Audit.verb == verb).order_by(col(Audit.id))))


def identities(desk: ServedDesk, user: User) -> list[str]:
    with desk.transaction() as session:
        return list(session.exec(select(Identity.subject).where(Identity.user_id == user.id)))


def refused(desk: ServedDesk, answer: httpx.Response, said: str, why: str) -> None:
    """A page in words that lets nobody in, and a line in the trail."""
    assert answer.status_code == 403 and said in answer.text.replace("&#39;", "'"), answer.text
    assert "loopdesk=" not in answer.headers.get("set-cookie", "")
    assert trail(desk, "sign_in.refused")[-1].data == {"why": why}


def test_an_address_that_was_checked_says_who_comes_in_first(
    desk: ServedDesk, provider: Oidc
) -> None:
    person = somebody(desk, provider)
    answer = come_in(desk, "/verbatims?q=x")
    assert (answer.status_code, answer.headers["location"]) == (303, "/verbatims?q=x")
    kept = answer.headers["set-cookie"]
    assert kept.startswith("loopdesk=") and {"HttpOnly", "SameSite=lax"} <= set(kept.split("; "))
    assert desk.admits(answer.cookies["loopdesk"])
    assert identities(desk, person) == [provider.person["sub"]]
    line = trail(desk, "sign_in.link")[-1]
    assert (line.actor_id, line.data) == (person.id, {})
    assert trail(desk, "session.begin")[-1].actor_id == person.id


def test_later_only_the_subject_says_who_it_is(desk: ServedDesk, provider: Oidc) -> None:
    person, other = somebody(desk, provider), desk.user()
    come_in(desk)
    provider.person |= {"email": other.email, "email_verified": False}
    assert come_in(desk).status_code == 303
    assert trail(desk, "session.begin")[-1].actor_id == person.id
    assert identities(desk, other) == []


def test_an_address_given_to_somebody_else_lets_nobody_in(desk: ServedDesk, provider: Oidc) -> None:
    person = somebody(desk, provider)
    come_in(desk)
    provider.person["sub"] = "the one who has the address now"
    answer = come_in(desk)
    assert answer.status_code == 403 and REFUSALS["taken"] in answer.text
    assert len(identities(desk, person)) == 1
    assert trail(desk, "sign_in.refused")[-1].entity_id == person.id


@pytest.mark.parametrize("known", [False, True])
def test_the_disabled_stay_outside(desk: ServedDesk, provider: Oidc, known: bool) -> None:
    person = somebody(desk, provider)
    if known:
        come_in(desk)
    with desk.transaction() as session:
        people.disable(session, SHELL, person.id or 0, now=now())
    answer = come_in(desk)
    assert answer.status_code == 403 and REFUSALS["disabled"] in answer.text
    assert trail(desk, "sign_in.refused")[-1].data == {"why": "disabled"}


@pytest.mark.parametrize(
    "said", [{"email_verified": False}, {"email_verified": None}, {"email": ""}]
)
def test_an_address_that_nobody_checked_is_nobodys(
    desk: ServedDesk, provider: Oidc, said: dict[str, Any]
) -> None:
    person = somebody(desk, provider)
    provider.twist = said
    refused(desk, come_in(desk), REFUSALS["email"], "email")
    assert identities(desk, person) == []


def test_strangers_and_other_domains_stay_outside(desk: ServedDesk, provider: Oidc) -> None:
    provider.person["email"] = "stranger@example.com"
    refused(desk, come_in(desk), REFUSALS["unknown"], "unknown")
    configure(desk, provider, domains=["acme.example"])
    somebody(desk, provider)
    refused(desk, come_in(desk), REFUSALS["domain"], "domain")


def test_newcomers_are_made_where_an_admin_wants_it(desk: ServedDesk, provider: Oidc) -> None:
    configure(desk, provider, makes_people=True, role="support")
    provider.person |= {"email": "New.Comer@example.com", "name": "Nell <b>\nComer"}
    assert come_in(desk).status_code == 303
    with desk.transaction() as session:
        made = session.exec(select(User).where(User.email_norm == "new.comer@example.com")).one()
    assert (made.name, made.role, made.password_hash) == ("Nell <b> Comer", "support", None)
    assert trail(desk, "user.add")[-1].data["by"] == "sign_in"


def test_groups_over_there_give_roles_here(desk: ServedDesk, provider: Oidc) -> None:
    given = {"Leads": "manager", "Everybody": "support"}
    configure(desk, provider, role_claim="realm_access.roles", roles=given)
    person = somebody(desk, provider)
    roles = []
    for groups in (["Everybody", "Leads"], ["Everybody"], ["Nothing"]):
        provider.person["realm_access"] = {"roles": groups}
        come_in(desk)
        with desk.transaction() as session:
            roles.append(session.get_one(User, person.id).role)
    assert roles == ["manager", "support", "support"]


@pytest.mark.parametrize(
    ("twist", "why"),
    [({"nonce": "of another sign-in"}, "token: invalid_claim"),
     ({"nonce": None}, "token: missing_claim"),
     ({"aud": "another desk"}, "token: invalid_claim"),
     ({"aud": [CLIENT, "another desk"]}, "token: missing_claim"),
     ({"azp": "another desk"}, "token: invalid_claim"),
     ({"exp": 1_700_000_000}, "token: expired_token"),
     ({"exp": None}, "token: missing_claim"),
     ({"iat": 4_000_000_000}, "token: invalid_claim"),
     ({"iss": "https://other.example"}, "token: invalid_claim"),
     ({"sub": ""}, "subject")],
)  # fmt: skip
def test_a_token_that_is_not_for_this_sign_in_is_refused(
    desk: ServedDesk, provider: Oidc, twist: dict[str, Any], why: str
) -> None:
    somebody(desk, provider)
    provider.twist = twist
    refused(desk, come_in(desk), UNTRUE, why)


@pytest.mark.parametrize("how", ["none", "HS256", "another key"])
def test_a_token_that_the_provider_did_not_sign_is_refused(
    desk: ServedDesk, provider: Oidc, how: str
) -> None:
    somebody(desk, provider)
    provider.alg = "RS256" if how == "another key" else how
    provider.signer = new_key() if how == "another key" else None
    answer = come_in(desk)
    assert answer.status_code == 403 and UNTRUE in answer.text
    assert trail(desk, "sign_in.refused")[-1].data["why"].startswith("token: ")


def test_a_clock_that_is_a_little_late_is_no_reason(desk: ServedDesk, provider: Oidc) -> None:
    somebody(desk, provider)
    provider.twist = {"exp": int(time.time()) - 40, "iat": int(time.time()) + 40}
    assert come_in(desk).status_code == 303


def test_a_key_that_was_changed_is_known_at_once(desk: ServedDesk, provider: Oidc) -> None:
    somebody(desk, provider)
    assert come_in(desk).status_code == 303
    provider.key = new_key()
    assert come_in(desk).status_code == 303


def test_a_code_is_good_once(desk: ServedDesk, provider: Oidc) -> None:
    somebody(desk, provider)
    with desk.client() as client:
        back = going(client)
        code = back.partition("code=")[2].partition("&")[0]
        del provider.codes[code]  # somebody was faster
        refused(desk, client.get(back), ODD, "invalid_grant")


@pytest.mark.parametrize(
    ("kind", "at", "said", "why"),
    [("500", "/token", ODD, "answer"), ("html", "/token", ODD, "answer"),
     ("json", "/token", ODD, "answer"), ("drop", "/token", AWAY, "away"),
     ("500", "/keys", ODD, "answer"), ("json", "/keys", ODD, "answer"),
     ("429", "configuration", ODD, "answer")],
)  # fmt: skip
def test_a_provider_that_fails_ends_in_a_page(
    desk: ServedDesk, provider: Oidc, kind: str, at: str, said: str, why: str
) -> None:
    somebody(desk, provider)
    with desk.client() as client:
        back = going(client)
        provider.fault(kind, at)
        refused(desk, client.get(back), said, why)


def test_nobody_is_sent_to_a_provider_that_does_not_answer(
    desk: ServedDesk, provider: Oidc
) -> None:
    with desk.client() as client:
        provider.fault("before", "configuration")
        answer = client.get(START)
        assert answer.status_code == 403 and AWAY in answer.text
        configure(desk, provider, issuer=f"{provider.url}/")
        assert "calls itself by another address" in client.get(START).text


def test_a_state_works_once_and_in_its_own_browser(desk: ServedDesk, provider: Oidc) -> None:
    somebody(desk, provider)
    with desk.client() as client, desk.client() as other:
        back = going(client)
        going(other)  # which makes it a browser that the desk knows
        refused(desk, other.get(back), OLD, "state")
        assert client.get(back).status_code == 303
        client.cookies.delete("loopdesk")
        refused(desk, client.get(back), OLD, "state")
        refused(desk, client.get("/auth/oidc/callback?code=x"), OLD, "state")


def test_a_state_is_good_for_ten_minutes(desk: ServedDesk, provider: Oidc) -> None:
    somebody(desk, provider)
    with desk.client() as client:
        back = going(client)
        with desk.transaction() as session:
            session.exec(update(SignInStart).values(expires_at=now() - timedelta(seconds=1)))
        refused(desk, client.get(back), OLD, "state")
        going(client)
    with desk.transaction() as session:
        assert len(session.exec(select(SignInStart)).all()) == 1


@pytest.mark.usefixtures("provider")
def test_guessed_states_lock_their_address_out(desk: ServedDesk) -> None:
    with desk.client() as client:
        seen = [client.get("/auth/oidc/callback?state=x&code=x").status_code for _ in range(21)]
    assert seen == [403] * 20 + [429]


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_next_leads_nowhere_else(desk: ServedDesk, provider: Oidc, path: str) -> None:
    somebody(desk, provider)
    assert come_in(desk, path).headers["location"] == "/"


@pytest.mark.usefixtures("provider")
def test_whoever_stops_over_there_is_told_so(desk: ServedDesk) -> None:
    with desk.client() as client:
        state = going(client).partition("state=")[2].partition("&")[0]
        answer = client.get(
            "/auth/oidc/callback",
            params={"state": state, "error": "access_denied", "error_description": "<b>no</b>"},
        )
        refused(desk, answer, DENIED, "denied")
        assert "no</b>" not in answer.text
        back = going(client).partition("&iss=")[0]
        refused(desk, client.get(f"{back}&iss=https://other.example"), OLD, "issuer")


def test_what_a_short_token_leaves_out_is_asked_for(desk: ServedDesk, provider: Oidc) -> None:
    person = desk.user()
    provider.more = {"email": person.email, "email_verified": True, "sub": provider.person["sub"]}
    assert come_in(desk).status_code == 303
    provider.person["sub"] += "x"
    provider.more["sub"] = "somebody else"
    refused(desk, come_in(desk), UNTRUE, "userinfo")


def test_passwords_can_be_off_and_a_link_that_works_once_still_opens(
    desk: ServedDesk, provider: Oidc
) -> None:
    person = desk.user(password=PASSWORD)
    configure(desk, provider, passwords_off=True, button="Acme <account>")
    with desk.client() as client:
        page = client.get("/login?next=/loop")
        assert "Acme &lt;account&gt;" in page.text and 'name="password"' not in page.text
        assert 'href="/auth/oidc/start?next=%2Floop"' in page.text
        with desk.transaction() as session:
            token = sessions.reset_link(session, person, now=now())
        form = client.get(f"/auth/reset?token={token}")
        assert form.status_code == 200
    configure(desk, provider)
    with desk.client() as client:
        form = {"csrf": csrf(client.get("/login")), "email": person.email, "password": PASSWORD}
        configure(desk, provider, passwords_off=True)
        answer = client.post("/login", data=form)  # of a page that was opened before
        assert answer.status_code == 403 and "loopdesk=" not in answer.headers.get("set-cookie", "")
    configure(desk, provider)
    with desk.client() as client:
        assert sign_in(client, person.email, PASSWORD).status_code == 303


def test_leaving_the_desk_leads_on_to_the_provider(desk: ServedDesk, provider: Oidc) -> None:
    with desk.client() as client:
        assert 'href="/auth/oidc/out"' in client.get("/login?out=1").text
        away = httpx.URL(client.get("/auth/oidc/out").headers["location"])
        assert str(away).startswith(f"{provider.url}/end?")
        assert away.params["post_logout_redirect_uri"].endswith("/login?out=1")
        provider.without = ("end_session_endpoint",)
        assert client.get("/auth/oidc/out").status_code == 404


@pytest.mark.usefixtures("provider")
def test_without_a_provider_there_is_no_such_way(desk: ServedDesk) -> None:
    with desk.transaction() as session:
        configuring.forget(session, SHELL, now=now())
    with desk.client() as client:
        assert client.get(START).status_code == 403
        assert "oidc" not in client.get("/login").text


def test_no_token_and_no_address_is_ever_written_down(desk: ServedDesk, provider: Oidc) -> None:
    person = somebody(desk, provider)
    come_in(desk)
    provider.twist = {"nonce": "x"}
    come_in(desk)
    told = desk.log.read_text() + "".join(str(line.data) for line in trail(desk, "sign_in.link"))
    assert len(provider.secrets) > 8
    for text in (SECRET, person.email, *provider.secrets):
        assert text not in told
