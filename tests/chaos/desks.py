"""A desk with cases, connected to a stand-in."""

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlmodel import select

from db import engine
from db.models import Integration, RootCause
from services import integrations, settings
from services.access import SHELL
from tests import builders as make

TOGETHER = 25  # cases in one transaction


def connect(vendor: str, entered: Mapping[str, str], **more: str) -> None:
    """Connect a vendor of this machine; a reply leaves at once. `more` is kept with its config."""
    now = datetime.now(UTC)
    with engine.transaction() as session:
        settings.put(session, "outgoing_allow", ["127.0.0.1"], actor_id=None, now=now)
        settings.put(session, "undo_seconds", 0, actor_id=None, now=now)
        integrations.connect(session, SHELL, vendor, entered, now=now)
        row = session.get(Integration, vendor)
        assert row is not None
        row.config = row.config | more


def cases(n: int) -> list[int]:
    """The numbers of new cases, each of somebody else; what they said names the number."""
    now, numbers = datetime.now(UTC), list[int]()
    with engine.transaction() as session:
        if session.exec(select(RootCause.id)).first() is None:
            session.add(RootCause(name="Support"))
    while len(numbers) < n:
        with engine.transaction() as session:
            for _ in range(min(TOGETHER, n - len(numbers))):
                said = f"It stopped working (chaos-{len(numbers) + 1}-push)"
                numbers.append(make.case(session, now=now, comment=said).number)
    return numbers
