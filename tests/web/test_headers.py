"""What every answer carries, and how large a request may be; over real sockets."""

import asyncio
import re
from collections.abc import Iterator

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from services.web.security import KIB, SecurityHeaders, csp, inline_scripts
from tests.served import ServedDesk, csrf

EVERYWHERE = ["/healthz", "/metrics", "/login", "/", "/nowhere", "/_stcore/health",
              "/auth/static/forms.css", "/auth/reset?token=x", "/api/v1/nothing"]  # fmt: skip


def policy(answer: httpx.Response) -> dict[str, set[str]]:
    parts = (part.split() for part in answer.headers["content-security-policy"].split(";"))
    return {part[0]: set(part[1:]) for part in parts}


@pytest.mark.parametrize("signed_in", [True, False])
@pytest.mark.parametrize("path", EVERYWHERE)
def test_every_answer_is_dressed(served_desk: ServedDesk, path: str, signed_in: bool) -> None:
    with served_desk.client(served_desk.user() if signed_in else None) as client:
        answer = client.get(path)
    said = policy(answer)
    assert said["frame-ancestors"] == {"'none'"}
    scripts = said["script-src"]
    assert not scripts & {
        "'unsafe-inline'",
        "'unsafe-eval'",
        "*",
        "data:",
        "blob:",
        "https:",
        "http:",
    }
    assert said.get("object-src", said["default-src"]) == {"'none'"}
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "camera=()" in answer.headers["permissions-policy"]


def test_streamlits_page_may_run_its_own_inline_script_only(served_desk: ServedDesk) -> None:
    with served_desk.client(served_desk.user()) as client:
        answer = client.get("/")
    assert len(inline_scripts()) == len(re.findall(r"<script>", answer.text)) == 1
    assert set(inline_scripts()) < policy(answer)["script-src"]
    assert policy(answer)["connect-src"] == {
        "'self'",
        served_desk.url.replace("http", "ws"),
        served_desk.url.replace("http", "wss"),
    }


def test_a_made_up_host_cannot_write_into_the_policy() -> None:
    assert "evil" not in csp("x; script-src https://evil.example")
    assert "evil" not in csp("x https://evil.example")


@pytest.mark.parametrize("path", ["/login", "/auth/logout", "/auth/reset?token=x", "/setup"])
def test_own_pages_hold_no_script_and_are_not_cached(served_desk: ServedDesk, path: str) -> None:
    with served_desk.client(served_desk.user() if path == "/auth/logout" else None) as client:
        answer = client.get(path)
    assert answer.headers["cache-control"] == "no-store"
    assert all(tag == '<script src="/auth/static/forms.js" defer>' for tag in
               re.findall(r"<script[^>]*>", answer.text))  # fmt: skip
    assert not re.search(r"\son\w+=|style=|<style", answer.text)
    assert "https://" not in answer.text.replace("https://www.w3.org", "")


async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise RuntimeError("a secret")


def test_even_a_failure_is_dressed() -> None:
    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(SecurityHeaders(broken), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
            return await client.get("/")

    answer = asyncio.run(get())
    assert answer.status_code == 500 and "secret" not in answer.text
    assert "content-security-policy" in answer.headers
    assert answer.headers["cache-control"] == "private"


def chunks(size: int) -> Iterator[bytes]:
    """A body without a Content-Length."""
    yield from (b"x" * KIB for _ in range(size // KIB))


@pytest.mark.parametrize(
    ("path", "limit"),
    [("/login", 64), ("/auth/reset", 64), ("/setup", 64), ("/api/v1/responses", 1024),
     ("/webhooks/x", 1024)],
)  # fmt: skip
def test_a_body_is_counted_as_it_arrives(served_desk: ServedDesk, path: str, limit: int) -> None:
    with served_desk.client() as client:
        answer = client.post(path, content=chunks((limit + 1) * KIB))
        assert answer.status_code == 413
        assert client.post(path, content=chunks(limit * KIB)).status_code != 413


def test_a_false_length_is_no_way_around_the_limit(served_desk: ServedDesk) -> None:
    with served_desk.client() as client:
        answer = client.post("/login", content=b"x" * 65 * KIB)
    assert answer.status_code == 413


def test_a_form_of_a_thousand_fields_is_refused(served_desk: ServedDesk) -> None:
    with served_desk.client() as client:
        form = {"csrf": csrf(client.get("/login"))} | {f"f{n}": "" for n in range(1000)}
        assert client.post("/login", data=form).status_code == 403
