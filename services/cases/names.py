"""What the ids in events of the journal are called, and who did them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col

from db.models import ApiKey, Case, CaseEvent, RootCause, Tag, Team, User
from services import settings
from services.access import Actor
from services.domain.lifecycle import Move
from services.rules.calling import names_of, told

DESK = "The desk"
VENDORS = {
    "email": "e-mail", "zendesk": "Zendesk", "intercom": "Intercom", "salesforce": "Salesforce",
    "slack": "Slack",
}  # fmt: skip


@dataclass(frozen=True)
class Names:
    """What ids in events are called; `fired` is why rules fired and what they did, in words."""

    people: Mapping[int, str] = field(default_factory=dict)
    causes: Mapping[int, str] = field(default_factory=dict)
    teams: Mapping[int, str] = field(default_factory=dict)
    keys: Mapping[int, str] = field(default_factory=dict)
    tags: Mapping[int, str] = field(default_factory=dict)
    rules: Mapping[int, str] = field(default_factory=dict)
    fired: Mapping[int, str] = field(default_factory=dict)
    zone: tzinfo = UTC

    def who(self, event: CaseEvent) -> str:
        """Who did it: a person, a program by its key, or the desk itself."""
        if event.actor_id is not None:
            return self.people.get(event.actor_id, "Somebody")
        if "rule" in event.data:
            return f"The rule “{self.rules.get(event.data['rule']['id'], 'that is gone')}”"
        key = event.data.get("key_id")
        if "there" in event.data and event.kind != Move.SETTLED:
            return VENDORS[event.data["there"]] if event.kind == Move.ANSWERED else "Somebody"
        if event.kind in (Move.ANSWERED, Move.BOUNCED):
            return "The mailbox"
        return f"The program {self.keys.get(key, 'of a key')}" if key else DESK


def zone_of(session: Session, actor: Actor) -> ZoneInfo:
    """The zone in which the actor is told times: their own, else the reporting zone."""
    own = actor.time_zone
    return ZoneInfo(own) if own else settings.reporting_zone(session)


def names(
    session: Session, events: Sequence[CaseEvent], zone: tzinfo, case: Case | None = None
) -> Names:
    """The names that these events need, and those that the case itself holds."""
    people = {e.actor_id for e in events} | _named(events, "assignee_id", "escalated_to_id")
    people |= {e.data.get(name) for e in events for name in ("to", "owner")}
    teams, causes = _named(events, "team_id"), _named(events, "root_cause_id")
    if case is not None:
        people |= {case.assignee_id, case.escalated_to_id}
        teams, causes = teams | {case.team_id}, causes | {case.root_cause_id}
    keys, tags = ({e.data.get(name) for e in events} for name in ("key_id", "tag_id"))
    wanted = {User: people, RootCause: causes, Team: teams, ApiKey: keys, Tag: tags}
    found = _names(session, wanted)
    ruled = [e.data["rule"] for e in events if "rule" in e.data]
    fired = [e.data["rule"]["firing"] for e in events if e.kind == Move.RULED]
    return Names(
        found[User], found[RootCause], found[Team], found[ApiKey], found[Tag],
        names_of(session, [one["id"] for one in ruled]) if ruled else {},
        told(session, fired) if fired else {}, zone,
    )  # fmt: skip


def value(moved: Mapping[str, Any], name: str) -> Any:
    return moved[name][1] if name in moved else None


def _named(events: Iterable[CaseEvent], *fields: str) -> set[Any]:
    return {value(e.data.get("changes", {}), name) for e in events for name in fields}


def _names(session: Session, wanted: Mapping[Any, set[Any]]) -> dict[Any, dict[int, str]]:
    """The names of rows of these tables, in one statement: a page asks for them all the time."""
    tables = [*wanted]
    queries = [
        sa.select(sa.literal_column(str(n)), col(table.id), col(table.name))
        .where(col(table.id).in_(wanted[table] - {None}))
        for n, table in enumerate(tables) if wanted[table] - {None}
    ]  # fmt: skip
    found: dict[Any, dict[int, str]] = {table: {} for table in tables}
    if queries:
        for n, id_, name in session.connection().execute(sa.union_all(*queries)):
            found[tables[n]][id_] = name
    return found
