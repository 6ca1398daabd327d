"""A demo lets people in without a password, and so answers its own machine only."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlmodel import Session
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from db.engine import make_engine
from db.migrate import upgrade
from services.config import Settings
from tests import builders as make
from tests.served import ServedDesk, csrf, free_port, launch, serve


def marked(folder: Path, source: str = "demo", **somebody: str) -> Path:
    """The folder, with a database where a demo starts if its answer is the demo's."""
    engine = make_engine(f"sqlite:///{folder / 'demo.db'}")
    upgrade(engine)
    with Session(engine) as session, session.begin():
        make.response(session, source=source)
        if somebody:
            make.user(session, "admin", **somebody)
    engine.dispose()
    return folder


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDesk]:
    with serve(marked(tmp_path_factory.mktemp("demo")), LOOPDESK_DEMO="1") as desk:
        with desk.transaction() as session:
            team = make.team(session, "Enterprise")
            make.user(session, "csm", name="Robin <i>", team_id=team.id)
        desk.user("admin", name="Avery Admin")
        yield desk


def test_one_signs_in_as_anybody(demo: ServedDesk) -> None:
    with httpx.Client(base_url=demo.url, headers={"Origin": demo.url}) as client:
        page = client.get("/login?next=/verbatims")
        assert "Avery Admin" in page.text and "CSM in Enterprise" in page.text
        assert "Robin &lt;i&gt;" in page.text and 'type="password"' not in page.text
        form = {"csrf": csrf(page), "user_id": "1", "next": "/verbatims"}
        answer = client.post("/auth/demo", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/verbatims")
        assert "loopdesk_demo" in client.cookies and client.get("/media/x").status_code == 404


@pytest.mark.parametrize("wrong", ["99", "x", "", "1e9", "9" * 40])
def test_nobody_is_nobody(demo: ServedDesk, wrong: str) -> None:
    with httpx.Client(base_url=demo.url, headers={"Origin": demo.url}) as client:
        form = {"csrf": csrf(client.get("/login")), "user_id": wrong}
        assert client.post("/auth/demo", data=form).status_code in (404, 422)
        assert "loopdesk_demo" not in client.cookies


FOREIGN = [
    {"Host": "desk.example"},
    {"Host": "127.0.0.1.evil.example"},
    {"Host": "10.0.0.1"},
    {"Host": "["},
    {"Forwarded": "for=10.0.0.1"},
    {"X-Forwarded-For": "127.0.0.1"},
    {"X-Forwarded-Host": "localhost"},
    {"x-forwarded-anything": ""},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_demo_refuses_to_be_passed_on(demo: ServedDesk, headers: dict[str, str]) -> None:
    for path in ("/", "/login", "/healthz", "/_stcore/health", "/auth/static/forms.css"):
        assert httpx.get(demo.url + path, headers=headers).status_code == 403


@pytest.mark.parametrize("headers", FOREIGN[4:], ids=str)
def test_so_do_its_websockets(demo: ServedDesk, headers: dict[str, str]) -> None:
    cookie = f"loopdesk_demo={demo.token(demo.user())}"
    url = demo.url.replace("http", "ws") + "/_stcore/stream"
    with connect(url, origin=demo.url, additional_headers={"Cookie": cookie}):
        pass
    with pytest.raises(InvalidStatus) as caught:
        connect(url, origin=demo.url, additional_headers={"Cookie": cookie, **headers})
    assert caught.value.response.status_code == 403


def test_a_demo_answers_to_its_local_names(demo: ServedDesk) -> None:
    for host in ("localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:8501", "127.9.9.9"):
        assert httpx.get(f"{demo.url}/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("address", ["0.0.0.0", "::"])
def test_a_demo_does_not_start_for_others(
    tmp_path_factory: pytest.TempPathFactory, address: str
) -> None:
    folder = tmp_path_factory.mktemp("open")
    log = folder / "log"
    process = launch(free_port(), folder, log, address=address, LOOPDESK_DEMO="1")
    assert process.wait(20) != 0
    assert "listens on 127.0.0.1 only" in log.read_text()
    assert not (folder / "demo.db").exists()


def test_the_console_says_who_may_be_tried(
    demo: ServedDesk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    url, folder = demo.database_url, tmp_path_factory.mktemp("again")
    with serve(folder, LOOPDESK_DEMO="1", LOOPDESK_DEMO_DATABASE_URL=url) as again:
        said = again.log.read_text()
    assert "Avery Admin, admin" in said and "csm, Enterprise" in said and "setup" not in said


@pytest.mark.parametrize(
    ("source", "somebody", "said"),
    [
        ("csv", {}, "The demo company is not in this database"),
        ("demo", {"password_hash": "x"}, "Somebody has a password in this database"),
    ],
)
def test_a_real_desk_is_never_served_as_a_demo(
    tmp_path: Path, source: str, somebody: dict[str, str], said: str
) -> None:
    folder, log = marked(tmp_path, source, **somebody), tmp_path / "log"
    process = launch(free_port(), folder, log, LOOPDESK_DEMO="1")
    assert process.wait(20) != 0
    assert said in log.read_text()


@pytest.mark.parametrize(
    ("real", "given"),
    [
        ("sqlite:////tmp/desk.db", "sqlite:////tmp/../tmp/desk.db"),
        ("postgresql://me:secret@db/desk", "postgres://other@db:5432/desk"),
    ],
)
def test_the_demo_has_a_database_of_its_own(real: str, given: str) -> None:
    names = {"database_url": real, "loopdesk_demo_database_url": given}
    with pytest.raises(ValueError, match="a database of its own") as caught:
        Settings(loopdesk_demo=True, **names)
    assert "secret" not in str(caught.value)
    assert Settings(loopdesk_demo=False, **names).url == real
