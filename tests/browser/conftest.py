"""Fixtures of the browser tests: a real desk, a real Chromium, and a place for screenshots."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from services.config import ROOT
from tests.chromium import chromium
from tests.served import ServedDesk, serve, served_desk

__all__ = ["chromium", "served_desk"]

WIDE, NARROW = {"width": 1280, "height": 1000}, {"width": 390, "height": 844}
expect.set_options(timeout=15_000)  # shared machines are slow now and then
Shoot = Callable[[Page, str], None]


@pytest.fixture
def own_desk(tmp_path: Path) -> Iterator[ServedDesk]:
    """A desk where nobody else writes."""
    with serve(tmp_path) as desk:
        yield desk


@pytest.fixture(scope="session")
def shoot() -> Shoot:
    """Save a page in light and dark, wide and narrow, whole: SCREENSHOTS or var/screenshots."""
    folder = Path(os.environ.get("SCREENSHOTS", ROOT / "var" / "screenshots"))
    folder.mkdir(parents=True, exist_ok=True)

    def save(page: Page, name: str) -> None:
        for width, size in (("wide", WIDE), ("narrow", NARROW)):
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                page.set_viewport_size(size)  # type: ignore[arg-type]
                page.wait_for_timeout(600)  # charts draw themselves anew
                page.set_viewport_size({"width": size["width"], "height": _height(page, size)})
                page.wait_for_timeout(400)
                page.screenshot(path=folder / f"{name}-{scheme}-{width}.png")
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(WIDE)  # type: ignore[arg-type]

    return save


def _height(page: Page, size: dict[str, int]) -> int:
    """Streamlit scrolls inside its own frame: as tall a window as the content needs."""
    tall = page.evaluate(
        "() => Math.max(...[...document.querySelectorAll('[data-testid=stMain], body')]"
        ".map(part => part.scrollHeight))"
    )
    return max(size["height"], min(int(tall), 5000))
