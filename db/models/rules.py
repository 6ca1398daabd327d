"""Rules: what is done about an answer by itself, in which version, and every time that it was."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, UniqueConstraint
from sqlmodel import Field, SQLModel

from db.models.base import BigId, Json, id_field, index_while, json_field, one_of, owed, ref


class Rule(SQLModel, table=True):
    """A rule by its name and place in the order. What it says is in its versions.

    `live` is the version that acts, `shadow` one that only notes what it would have done; neither:
    the rule is off. It looks at answers that come in from `live_at` (`shadow_at`) on.
    """

    id: int | None = id_field()
    name: str = Field(unique=True)
    position: int = Field(sa_type=Integer)
    live: int | None = None
    live_at: datetime | None = None
    shadow: int | None = None
    shadow_at: datetime | None = None
    retired_at: datetime | None = None
    created_at: datetime
    created_by: int | None = ref("user.id", ondelete=None)


class RuleVersion(SQLModel, table=True):
    """What a rule says, numbered from 1; never changed. `body`: services/domain/rules/body.py."""

    __tablename__ = "rule_version"

    rule_id: int = Field(primary_key=True, foreign_key="rule.id", sa_type=BigId)
    n: int = Field(primary_key=True, sa_type=Integer)
    body: dict[str, Any] = json_field()
    made_at: datetime
    made_by: int | None = ref("user.id", ondelete=None)


class RuleFiring(SQLModel, table=True):
    """A rule met an answer, once: what it did (`mode` live) or would have done (shadow), and why.

    `because` and `effects` hold codes, ids and numbers, never texts of customers.
    """

    __tablename__ = "rule_firing"
    __table_args__ = (
        one_of("mode", "live", "shadow"),
        UniqueConstraint("response_id", "rule_id", "mode", name="uq_rule_firing_once"),
        Index("ix_rule_firing_rule", "rule_id", "id"),
    )

    id: int | None = id_field()
    rule_id: int = owed("rule.id")
    n: int = Field(sa_type=Integer)
    mode: str
    response_id: int = owed("response.id")
    contact_id: int | None = ref("contact.id", index=True)
    case_id: int | None = ref("case.id", index=True)
    at: datetime = Field(index=True)
    because: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    effects: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)


class RuleLater(SQLModel, table=True):
    """An effect of a firing that waits, so that the answer can still change, and what came of it.

    `nth` is its place among the firing's `effects`; `outcome` a code as they have one.
    """

    __tablename__ = "rule_later"
    __table_args__ = (
        one_of("state", "waiting", "done", "dropped"),
        index_while("ix_rule_later_due", "state = 'waiting'", "due_at", "id"),
    )

    id: int | None = id_field()
    firing_id: int = owed("rule_firing.id", index=True)
    nth: int = Field(sa_type=Integer)
    due_at: datetime
    state: str = "waiting"
    outcome: str | None = None
    ended_at: datetime | None = None
    ended_by: int | None = ref("user.id", ondelete=None)
    message_id: int | None = ref("message.id", index=True)
