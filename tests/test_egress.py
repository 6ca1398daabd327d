"""The desk connects only where it may, and to the very address that it judged."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which
from typing import Any

import httpx
import pytest
import requests

from services import egress

Names = dict[str, list[str]]


class _Handler(BaseHTTPRequestHandler):
    seen: list[str] = []

    def do_GET(self) -> None:  # noqa: N802 - named by the standard library
        self.seen.append(f"{self.headers['Host']}{self.path}")
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "/inside")
            self.end_headers()
            return
        body = b"x" * (egress.LARGEST + 1) if self.path == "/huge" else b"hello"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    _Handler.seen.clear()
    server = _Quiet(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """What the name service says; each question takes the next answer, the last one stays."""
    known: Names = {}
    real = socket.getaddrinfo

    def asked(host: str, port: int, *args: Any, **kw: Any) -> Any:
        answers = known.get(host)
        if answers is None:
            return real(host, port, *args, **kw)
        ips = answers.pop(0) if len(answers) > 1 else answers[0]
        return [entry for ip in ips.split() for entry in real(ip, port, *args, **kw)]

    monkeypatch.setattr(socket, "getaddrinfo", asked)
    return known


INSIDE = [
    "https://127.0.0.1/",
    "https://localhost/",
    "https://10.1.2.3/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/",
    "https://0.0.0.0/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://2130706433/",
    "https://127.1/",
    "https://0x7f000001/",
    "https://[::1]/",
    "https://[::]/",
    "https://[fe80::1]/",
    "https://[fc00::1]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::1]/",
]


@pytest.mark.parametrize("url", INSIDE)
def test_an_address_inside_is_refused(url: str) -> None:
    with pytest.raises(egress.Refusal, match="private network"):
        egress.check(url, frozenset())


WRONG = [
    ("http://93.184.216.34/", "https"),
    ("ftp://93.184.216.34/", "https"),
    ("file:///etc/passwd", "https"),
    ("https:///path", "https"),
    ("93.184.216.34", "https"),
    ("", "https"),
    ("https://user:secret@93.184.216.34/", "name or a password"),
    ("https://93.184.216.34\\@127.0.0.1/", "https"),
    ("https://93.184.216.34/\n", "web address"),
    ("https://exa mple.com/", "https"),
    ("https://93.184.216.34:99999/", "port"),
    ("https://nowhere.invalid/", "not a name"),
]


@pytest.mark.parametrize(("url", "words"), WRONG)
def test_an_address_that_is_not_as_it_should_be_is_refused_in_words(url: str, words: str) -> None:
    with pytest.raises(egress.Refusal, match=words):
        egress.check(url, frozenset())


@pytest.mark.parametrize(
    ("url", "ip", "port"),
    [
        ("https://93.184.216.34/a", "93.184.216.34", 443),
        ("https://93.184.216.34:8443/", "93.184.216.34", 8443),
        ("https://[2606:4700::1111]/", "2606:4700::1111", 443),
        ("https://[::ffff:93.184.216.34]/", "::ffff:93.184.216.34", 443),
    ],
)
def test_a_public_address_is_pinned(url: str, ip: str, port: int) -> None:
    pinned = egress.check(url, frozenset())
    assert (pinned.url, pinned.ip, pinned.port) == (url, ip, port)


@pytest.mark.parametrize(
    ("url", "allow"),
    [
        ("http://127.0.0.1:8080/", "127.0.0.1"),
        ("http://127.0.0.1:8080/", "127.0.0.1:8080"),
        ("https://[::1]/", "::1"),
        ("https://[::1]:9000/", "[::1]:9000"),
        ("http://localhost/", "localhost"),
        ("http://LOCALHOST/", "localhost"),
    ],
)
def test_a_host_that_an_admin_allows_may_be_private_and_plain(url: str, allow: str) -> None:
    assert egress.check(url, {allow}).url == url


@pytest.mark.parametrize("allow", ["127.0.0.1:8081", "localhost", "27.0.0.1"])
def test_allowing_one_host_allows_no_other(allow: str) -> None:
    with pytest.raises(egress.Refusal):
        egress.check("https://127.0.0.1:8080/", {allow})


def test_one_private_address_among_public_ones_is_enough_to_refuse(names: Names) -> None:
    names["both.example"] = ["93.184.216.34 10.0.0.1"]
    with pytest.raises(egress.Refusal):
        egress.check("https://both.example/", frozenset())


def _get_httpx(url: str, allow: set[str]) -> tuple[int, str]:
    with egress.client(allow) as client:
        answer = client.get(url)
        return answer.status_code, answer.text


def _get_requests(url: str, allow: set[str]) -> tuple[int, str]:
    with requests.Session() as session:
        session.mount("http://", egress.adapter(allow))
        session.mount("https://", egress.adapter(allow))
        answer = session.get(url, timeout=5)
        return answer.status_code, answer.text


Get = Callable[[str, set[str]], tuple[int, str]]
both = pytest.mark.parametrize("get", [_get_httpx, _get_requests], ids=["httpx", "requests"])


@both
def test_a_client_reaches_an_allowed_host_by_its_name(
    get: Get, server: ThreadingHTTPServer, names: Names
) -> None:
    names["desk.test"] = ["127.0.0.1"]
    host = f"desk.test:{server.server_port}"
    assert get(f"http://{host}/x?y=1", {host}) == (200, "hello")
    assert _Handler.seen == [f"{host}/x?y=1"]


@both
def test_a_client_refuses_what_is_not_allowed(get: Get, server: ThreadingHTTPServer) -> None:
    for scheme in ("http", "https"):
        with pytest.raises(egress.Refusal):
            get(f"{scheme}://127.0.0.1:{server.server_port}/", set())
    assert _Handler.seen == []


@both
def test_a_name_that_changes_its_mind_does_not_lead_inside(get: Get, names: Names) -> None:
    names["rebind.example"] = ["93.184.216.34", "127.0.0.1"]
    egress.check("https://rebind.example/", frozenset())
    with pytest.raises(egress.Refusal):
        get("https://rebind.example/", set())


@both
def test_the_connection_goes_to_the_very_address_that_was_judged(
    get: Get, server: ThreadingHTTPServer, names: Names
) -> None:
    names["twice.test"] = ["127.0.0.1", "127.0.0.2"]
    host = f"twice.test:{server.server_port}"
    assert get(f"http://{host}/", {host}) == (200, "hello")


@both
def test_without_tls_nobody_is_spoken_to(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", pytest.fail)
    with pytest.raises(egress.Refusal, match="https"):
        get("http://93.184.216.34/", set())


@both
def test_proxies_of_the_environment_are_not_used(
    get: Get, server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    assert get(f"http://127.0.0.1:{server.server_port}/", {"127.0.0.1"})[0] == 200


@both
def test_a_name_that_is_not_known_is_a_connection_that_failed(get: Get) -> None:
    with pytest.raises((httpx.ConnectError, requests.ConnectionError)):
        get("https://nowhere.invalid/", set())


def test_httpx_hands_a_redirect_back(server: ThreadingHTTPServer) -> None:
    assert _get_httpx(f"http://127.0.0.1:{server.server_port}/elsewhere", {"127.0.0.1"})[0] == 302
    assert len(_Handler.seen) == 1


def test_requests_stops_at_a_redirect(server: ThreadingHTTPServer) -> None:
    with pytest.raises(requests.TooManyRedirects):
        _get_requests(f"http://127.0.0.1:{server.server_port}/elsewhere", {"127.0.0.1"})
    assert len(_Handler.seen) == 1


def test_an_answer_without_end_is_cut(server: ThreadingHTTPServer) -> None:
    with pytest.raises(httpx.ReadError, match="too long"):
        _get_httpx(f"http://127.0.0.1:{server.server_port}/huge", {"127.0.0.1"})


def test_the_next_address_of_a_name_is_tried(server: ThreadingHTTPServer, names: Names) -> None:
    names["two.test"] = ["127.0.0.2 127.0.0.1"]
    host = f"two.test:{server.server_port}"
    assert _get_httpx(f"http://{host}/", {host}) == (200, "hello")


def test_making_a_client_asks_no_name_and_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("it was asked for")

    monkeypatch.setattr(socket, "getaddrinfo", never)
    monkeypatch.setattr(socket, "create_connection", never)
    egress.client(frozenset()).close()
    egress.adapter(frozenset()).close()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    if which("openssl") is None:
        pytest.skip("openssl is not installed, and makes the certificate")
    made = tmp_path / "made.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    command += f" -subj /CN=desk.test -addext subjectAltName=DNS:desk.test -keyout {made} -out -"
    done = subprocess.run(command.split(), capture_output=True, check=True, text=True)
    made.write_text(made.read_text() + done.stdout)
    return made


@both
@pytest.mark.parametrize(("name", "ok"), [("desk.test", True), ("other.test", False)])
def test_a_certificate_is_checked_against_the_name_and_not_the_number(
    get: Get, name: str, ok: bool, server: ThreadingHTTPServer, names: Names,
    certificate: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(certificate)
    server.socket = own.wrap_socket(server.socket, server_side=True)
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(egress, "tls", lambda: trusting)
    names[name] = ["127.0.0.1"]
    url = f"https://{name}:{server.server_port}/"
    if ok:
        assert get(url, {name}) == (200, "hello")
    else:
        with pytest.raises((httpx.ConnectError, requests.exceptions.SSLError)):
            get(url, {name})


@both
def test_a_certificate_of_nobody_known_is_refused(
    get: Get, server: ThreadingHTTPServer, names: Names, certificate: Path
) -> None:
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(certificate)
    server.socket = own.wrap_socket(server.socket, server_side=True)
    names["desk.test"] = ["127.0.0.1"]
    with pytest.raises((httpx.ConnectError, requests.exceptions.SSLError)):
        get(f"https://desk.test:{server.server_port}/", {"desk.test"})
