"""A desk with a few answers in the reporting zone Europe/Berlin."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session

from db.models import Response
from services import settings
from tests import builders as make
from tests.builders import NOW

Answer = Callable[..., Response]


@pytest.fixture
def berlin(session: Session) -> Session:
    """The empty desk, reporting in Berlin."""
    settings.put(session, "reporting_zone", "Europe/Berlin", actor_id=None, now=NOW)
    return session


@pytest.fixture
def answer(berlin: Session) -> Answer:
    """Add one response: `answer(9, channel="email")`."""

    def add(score: int, metric: str = "nps", **values: Any) -> Response:
        return make.response(berlin, score, metric, **values)

    return add
