"""What opens without a session, what does not, and how each refusal looks; over real sockets."""

import httpx
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from services import sessions
from tests.served import ServedDesk

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def stream(desk: ServedDesk, **headers: str) -> ClientConnection:
    origin = headers.pop("Origin", desk.url)
    return connect(
        desk.url.replace("http", "ws") + "/_stcore/stream",
        origin=origin or None,
        additional_headers=headers,
        subprotocols=["streamlit"],
    )


def cookie(desk: ServedDesk, role: str = "csm", **values: str) -> str:
    return f"loopdesk={desk.token(desk.user(role, **values))}"


def refused(desk: ServedDesk, **headers: str) -> int:
    with pytest.raises(InvalidStatus) as caught, stream(desk, **headers):
        pass
    return caught.value.response.status_code


def test_a_websocket_opens_for_a_session(served_desk: ServedDesk) -> None:
    with stream(served_desk, Cookie=cookie(served_desk)) as socket:
        assert socket.subprotocol == "streamlit"


def test_a_websocket_without_a_session_is_refused(served_desk: ServedDesk) -> None:
    assert refused(served_desk) == 403
    assert refused(served_desk, Cookie="loopdesk=made-up") == 403


def test_a_websocket_is_not_opened_by_the_identity_header(served_desk: ServedDesk) -> None:
    real = sessions.token_hash(served_desk.token(served_desk.user("admin")))
    assert refused(served_desk, **{"X-Loopdesk-Session": real}) == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "", "http://127.0.0.1:1"])
def test_a_websocket_from_another_origin_is_refused(served_desk: ServedDesk, origin: str) -> None:
    assert refused(served_desk, Origin=origin, Cookie=cookie(served_desk)) == 403


def test_a_page_knows_its_visitor_whatever_the_client_says(served_desk: ServedDesk) -> None:
    admin = served_desk.user("admin", name="Somebody Else")
    forged = sessions.token_hash(served_desk.token(admin))
    mine = cookie(served_desk, name="Robin Csm")
    with stream(served_desk, Cookie=mine, **{"X-Loopdesk-Session": forged}) as socket:
        socket.send(BackMsg(rerun_script={"query_string": ""}).SerializeToString())
        seen = b"".join(socket.recv(timeout=20, decode=False) for _ in range(6))
        while b"Robin Csm" not in seen:
            seen += socket.recv(timeout=20, decode=False)
    assert b"Somebody Else" not in seen


def test_an_upload_without_a_session_is_401(served_desk: ServedDesk) -> None:
    path = "/_stcore/upload_file/session/file"
    assert httpx.put(served_desk.url + path, content=b"x", headers=HTML).status_code == 401


@pytest.mark.parametrize(
    "path",
    ["/_stcore/health", "/_stcore/host-config", "/_stcore/metrics", "/_stcore/agent/openapi.json",
     "/_stcore/script-health-check", "/x/_stcore/stream"],
)  # fmt: skip
def test_the_core_paths_say_401_and_never_redirect(served_desk: ServedDesk, path: str) -> None:
    answer = httpx.get(served_desk.url + path, headers=HTML)
    assert answer.status_code == 401 and "location" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/media/abc.png", "/api/docs", "/api/openapi.json", "/component/x/y", "/static/js/x"]
)
def test_what_is_not_open_needs_a_session(served_desk: ServedDesk, path: str) -> None:
    assert httpx.get(served_desk.url + path).status_code == 401
    with served_desk.client(served_desk.user()) as client:
        assert client.get(path).status_code != 401


def test_a_person_without_a_session_is_led_to_the_sign_in_page(served_desk: ServedDesk) -> None:
    def led(path: str) -> str:
        answer = httpx.get(served_desk.url + path, headers=HTML)
        assert answer.status_code == 303
        return answer.headers["location"]

    assert led("/") == "/login"
    assert led("/verbatims?q=a%20b") == "/login?next=%2Fverbatims%3Fq%3Da%2520b"
    assert httpx.post(served_desk.url + "/verbatims", headers=HTML).status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/login", "/auth/static/forms.css"])
def test_the_open_paths_need_no_session(served_desk: ServedDesk, path: str) -> None:
    assert httpx.get(served_desk.url + path).status_code == 200


@pytest.mark.parametrize("path", ["/auth/login", "/auth/x", "/webhooks/email"])
def test_open_prefixes_without_a_door_are_not_found(served_desk: ServedDesk, path: str) -> None:
    for method in ("GET", "POST", "PUT", "OPTIONS"):
        answer = httpx.request(method, served_desk.url + path)
        assert (answer.status_code, answer.text) == (404, "Not found")


@pytest.mark.parametrize("path", ["/auth/../media/x", "/login/../media/x", "//login", "/setup/x"])
def test_no_way_of_writing_a_path_opens_it(served_desk: ServedDesk, path: str) -> None:
    url = httpx.URL(served_desk.url).copy_with(raw_path=path.encode())
    with httpx.Client() as client:
        assert client.send(httpx.Request("GET", url)).status_code in (401, 404)


def test_the_health_check_says_what_runs(served_desk: ServedDesk) -> None:
    said = httpx.get(served_desk.url + "/healthz").json()
    assert said["status"] == "ok" and said["version"] and said["data_version"] >= 0


def test_a_session_that_ended_opens_nothing(served_desk: ServedDesk) -> None:
    person = served_desk.user()
    with served_desk.client(person) as client:
        assert client.get("/api/docs").status_code != 401
        with served_desk.transaction() as session:
            sessions.end_all(session, person.id or 0)
        assert client.get("/api/docs").status_code == 401
