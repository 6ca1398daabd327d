"""A real desk in a process of its own, for tests over real sockets and in real browsers.

Import the fixtures into a conftest: `from tests.served import served_desk  # noqa: F401`.
"""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from db.engine import make_engine
from db.models import User
from services import passwords, sessions
from services.config import ROOT
from tests import builders as make

PASSWORD = "correct horse battery"
_addresses = count(1)


@dataclass
class ServedDesk:
    """A running desk: its address, its database, and ways to be somebody."""

    url: str
    database_url: str
    log: Path
    process: subprocess.Popen[bytes]
    cookie_name: str = "loopdesk"
    engine: sa.Engine = field(init=False)

    def __post_init__(self) -> None:
        self.engine = make_engine(self.database_url)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session on the desk's database, committed at the end."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def user(self, role: str = "csm", *, password: str | None = None, **values: Any) -> User:
        """Somebody new who works here, with `password` if they are to use the form."""
        if password is not None:
            values["password_hash"] = passwords.hashed(password)
        with self.transaction() as session:
            return make.user(session, role, **values)

    def token(self, user: User) -> str:
        """The token of a new session of `user`: the value of their cookie."""
        with self.transaction() as session:
            return sessions.begin(session, user.id or 0, now=datetime.now(UTC))

    def cookie(self, user: User) -> dict[str, str]:
        """The cookie of a new session of `user`, by name."""
        return {self.cookie_name: self.token(user)}

    def client(self, user: User | None = None, **options: Any) -> httpx.Client:
        """A browser of `user`, or of a stranger; each has an address of its own."""
        n = next(_addresses)
        headers = {"X-Forwarded-For": f"10.1.{n // 250}.{n % 250}", "Origin": self.url}
        headers |= options.pop("headers", {})
        client = httpx.Client(base_url=self.url, headers=headers, timeout=20, **options)
        if user is not None:
            client.cookies.set(self.cookie_name, self.token(user), domain="127.0.0.1")
        return client

    def admits(self, token: str) -> bool:
        """Whether the session of `token` opens what needs one."""
        answer = httpx.get(f"{self.url}/media/x", cookies={self.cookie_name: token})
        return answer.status_code != 401

    def said(self, pattern: str) -> str:
        """What the first group of `pattern` matches in the desk's console."""
        found = re.search(pattern, self.log.read_text())
        assert found, self.log.read_text()
        return found[1]


def csrf(page: httpx.Response) -> str:
    """The token that the form on `page` brings back."""
    found = re.search(r'name="csrf" value="(\w+)"', page.text)
    assert found, page.text
    return found[1]


def launch(
    port: int, folder: Path, log: Path, *, script: str = "app.py", **env: str
) -> subprocess.Popen[bytes]:
    """Start the desk as the Makefile does."""
    address = env.pop("address", "127.0.0.1")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("LOOPDESK_", "DATABASE_"))}
    clean |= {"LOOPDESK_VAR": str(folder), "LOOPDESK_KEY": "of-the-tests", **env}
    command = [sys.executable, "-m", "streamlit", "run", script]
    command += ["--server.port", str(port), "--server.address", address]
    with log.open("wb") as out:
        return subprocess.Popen(command, cwd=ROOT, env=clean, stdout=out, stderr=out)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serve(folder: Path, **env: str) -> Iterator[ServedDesk]:
    """A desk with an empty SQLite database of its own; `env` are settings."""
    port, log = free_port(), folder / "log"
    url = f"http://127.0.0.1:{port}"
    name = "demo.db" if env.get("LOOPDESK_DEMO") else "loopdesk.db"
    process = launch(port, folder, log, **env)
    cookie = "loopdesk_demo" if env.get("LOOPDESK_DEMO") else "loopdesk"
    try:
        wait_until_up(url, process, log)
        desk = ServedDesk(url, f"sqlite:///{folder / name}", log, process, cookie)
        yield desk
        desk.engine.dispose()
    finally:
        process.terminate()
        process.wait(10)


def wait_until_up(
    url: str, process: subprocess.Popen[bytes], log: Path, path: str = "/healthz"
) -> float:
    """Seconds until the desk answers."""
    start = time.monotonic()
    while time.monotonic() - start < 30 and process.poll() is None:
        try:
            if httpx.get(f"{url}{path}").status_code == 200:
                return time.monotonic() - start
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"the desk did not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
def served_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDesk]:
    """A running desk where one admin works already; shared, so make your own users."""
    with serve(tmp_path_factory.mktemp("served")) as desk:
        desk.user("admin", name="First Admin")
        yield desk
