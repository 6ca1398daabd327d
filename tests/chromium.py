"""A real Chromium that counts what a page fetches from elsewhere and what its policy blocks.

Import the fixtures into a conftest: `from tests.chromium import chromium  # noqa: F401`.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from db.models import User
from tests.served import ServedDesk

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Visit:
    """A page of a desk in a fresh profile, and what went wrong on it."""

    page: Page
    foreign: list[str] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)


# A module at a time: while Playwright runs, its event loop is in the way of asyncio.run.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the tests of a module; `visit` gives each a fresh profile."""
    path = found()
    if path is None:
        said = "no Chromium: set CHROMIUM to its path"
        if os.environ.get("CI") == "true":
            pytest.fail(said)
        pytest.skip(said)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


def found() -> str | None:
    """The browser of this machine: CHROMIUM, else the first of the usual names."""
    names = [os.environ.get("CHROMIUM", ""), *NAMES]
    return next((path for name in names if name and (path := shutil.which(name))), None)


@contextmanager
def visit(
    chromium: Browser, desk: ServedDesk, user: User | None = None, **options: Any
) -> Iterator[Visit]:
    """A browser of `user`, or of a stranger, at `desk`; `options` are those of `new_context`."""
    with watched(chromium, desk.url, **options) as seen:
        if user is not None:
            cookie = {"name": desk.cookie_name, "value": desk.token(user), "url": desk.url}
            seen.page.context.add_cookies([cookie])  # type: ignore[list-item]
        yield seen


@contextmanager
def watched(chromium: Browser, url: str, **options: Any) -> Iterator[Visit]:
    """A page in a fresh profile; `url` is home, everything else is foreign."""
    context = chromium.new_context(base_url=url, **options)
    seen = Visit(context.new_page())

    def asked(request: Request) -> None:
        if not request.url.startswith((url, url.replace("http", "ws"), "data:", "blob:")):
            seen.foreign.append(request.url)

    def said(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            seen.blocked.append(message.text)

    context.on("request", asked)
    context.on("console", said)
    yield seen
    context.close()
