"""Fixtures of the web tests."""

from collections.abc import Iterator

import pytest

from services import config
from tests.chromium import chromium
from tests.served import served_desk

__all__ = ["chromium", "served_desk"]


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Settings that no file of this machine decides."""
    monkeypatch.setenv("LOOPDESK_KEY", "of-the-tests")
    config.load.cache_clear()
    yield
    config.load.cache_clear()
