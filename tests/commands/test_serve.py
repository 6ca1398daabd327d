"""How the desk is started: where it listens, and that it asks nobody outside who it is."""

import os
import sys
from collections.abc import Callable, Iterator

import pytest
from streamlit import config, net_util
from streamlit.web.server import server_util

from services.commands.serve import serve
from services.config import ROOT, load

Start = Callable[..., list[str]]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """What becomes of this process with such settings, instead of becoming it."""
    found: list[str] = []
    monkeypatch.setattr(os, "execv", lambda _path, args: found.extend(args))
    monkeypatch.chdir(ROOT)

    def started(**settings: str) -> list[str]:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        load.cache_clear()
        serve()
        return found

    yield started
    load.cache_clear()


def test_it_listens_where_the_settings_say(start: Start) -> None:
    started = start(PORT="8765", LOOPDESK_HOST="127.0.0.2", LOOPDESK_BASE_URL="")
    assert started[:5] == [sys.executable, "-m", "streamlit", "run", "app.py"]
    assert started[5:] == ["--server.port=8765", "--server.address=127.0.0.2"]


def test_a_page_of_its_own_address_is_known_without_asking_outside(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = start(LOOPDESK_BASE_URL="https://care.desk.example/")
    (named,) = [one for one in started if one.startswith("--browser.serverAddress=")]

    def ask() -> None:
        raise AssertionError("asked outside")

    monkeypatch.setattr(net_util, "get_external_ip", ask)
    monkeypatch.setattr(net_util, "get_internal_ip", lambda: None)
    before = config.get_option("browser.serverAddress")
    config.set_option("browser.serverAddress", named.partition("=")[2], "<test>")
    try:
        assert server_util.is_url_from_allowed_origins("https://care.desk.example")
    finally:
        config.set_option("browser.serverAddress", before)
