"""A desk with rules, for tests: answers come in by the API, and rules have their turn."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, select

from db.engine import transaction
from db.models import Integration, Response, RuleLater
from services.ingest import ingest
from services.keys import ApiKey
from services.rules import keeping
from services.templates import save as save_template
from services.worker import ruling
from tests import builders as make
from tests.builders import NOW

MANAGER = make.actor("manager", id=None)
MINUTE = timedelta(minutes=1)
LOW = {"field": "band", "op": "is", "value": ["detractor"]}
HIGH = {"field": "band", "op": "is", "value": ["promoter"]}


def key() -> ApiKey:
    return ApiKey(name="shop", prefix="x", hash="x", scopes=["ingest"], created_at=NOW)


def answered(now: datetime, *given: dict[str, Any]) -> None:
    """Answers come in at `now`; the API takes them as it does every day."""
    with transaction() as session:
        items = [
            {"metric": "nps", "external_id": f"{now} {n}"} | one for n, one in enumerate(given)
        ]
        done = ingest(session, key(), items, now)
        assert not done.rejected, done.rejected


def rule(
    session: Session, name: str, conditions: Sequence[Any], actions: Sequence[Any], *,
    at: datetime = NOW - timedelta(days=400), live: bool = True, **more: Any,
) -> int:  # fmt: skip
    """A rule that acts (or is only kept)."""
    body = {"conditions": list(conditions), "actions": list(actions), **more}
    rule_id, n = keeping.save(session, MANAGER, name=name, body=body, now=at)
    if live:
        keeping.enable(session, MANAGER, rule_id, n, now=at)
    return rule_id


def mailing(
    session: Session, name: str = "Thanks", body: str = "Thank you for the {{score}}."
) -> None:
    """E-mail is connected, and there is a template that everybody may use."""
    if session.get(Integration, "email") is None:
        config = {"from_address": "desk@example.com"}
        session.add(Integration(name="email", config=config, connected_at=NOW))
    save_template(
        session, MANAGER, name=name, language="en", subject="Thank you", body=body, shared=True,
        now=NOW,
    )  # fmt: skip


def turn(now: datetime, state: dict[str, Any] | None = None) -> dict[str, Any]:
    """The rules have their turn until there is nothing more to do."""
    state = state or {}
    while True:
        state = dict(ruling.run(state, lambda: now))
        if not state.pop("more", False):
            return state


def turns_until(end: datetime, state: dict[str, Any] | None = None) -> dict[str, Any]:
    """Every message that waits has its turn at the minute in which it is due."""
    state = state or {}
    while (due := _next_due()) is not None and due <= end:
        state = turn(due, state)
    state = turn(end, state)
    due = _next_due()
    return turns_until(end, state) if due is not None and due <= end else state


def _next_due() -> datetime | None:
    with transaction() as session:
        query = select(RuleLater.due_at).where(RuleLater.state == "waiting")
        return min(session.exec(query), default=None)


def only_answer(session: Session) -> Response:
    return session.exec(select(Response)).one()
