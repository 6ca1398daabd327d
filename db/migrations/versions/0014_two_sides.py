"""What a case waits for because a vendor has it, too: a column, so that the queue can ask for it."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(JSONB(none_as_null=True), "postgresql")

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

CASE = sa.table(
    "case", sa.column("id", BigId), sa.column("status"), sa.column("two_sides", sa.String())
)
EVENT = sa.table(
    "case_event", sa.column("id", BigId), sa.column("case_id", BigId), sa.column("kind"),
    sa.column("data", Json), sa.column("undo_of", BigId),
)  # fmt: skip
_SAID = {"conflicted": "changed", "done_there": "solved"}
_DONE = ("resolved", "merged")


def upgrade() -> None:
    # SQLite adds a column with its check only like this, without copying the table.
    op.execute(
        'ALTER TABLE "case" ADD COLUMN two_sides VARCHAR CONSTRAINT ck_case_two_sides_known '
        "CHECK (two_sides IN ('changed', 'changed solved', 'solved'))"
    )
    op.execute(
        'CREATE INDEX ix_case_two_sides ON "case" (two_sides) WHERE two_sides IS NOT NULL'
    )
    _fill()


def _fill() -> None:
    """What waits already, as the journals of the few cases say it that ever asked."""
    desk, asked = op.get_bind(), sa.select(EVENT.c.case_id).where(EVENT.c.kind.in_(_SAID))
    query = (
        sa.select(EVENT, CASE.c.status)
        .join(CASE, CASE.c.id == EVENT.c.case_id)
        .where(EVENT.c.case_id.in_(asked))
        .order_by(EVENT.c.case_id, EVENT.c.id)
    )
    rows = desk.execute(query).all()
    for case_id, events in groupby(rows, lambda row: row.case_id):
        if waits := _waits([*events]):
            said = {"two_sides": " ".join(sorted(waits))}
            desk.execute(sa.update(CASE).where(CASE.c.id == case_id).values(said))


def _waits(events: list[Any]) -> set[str]:
    found: dict[str, str] = {}  # by what it is about
    for event in _standing(events):
        moved = event.data.get("changes", {})
        if event.kind == "conflicted":
            found[event.data["field"]] = "changed"
            continue
        settled = event.data.get("field") if event.kind == "settled" else None
        if settled == "status" or _stand(moved) or event.kind == "done_there":
            found = {about: said for about, said in found.items() if about == "owner"}
        if settled == "owner" or "assignee_id" in moved:
            found.pop("owner", None)
        if event.kind == "done_there" and event.status not in _DONE:
            found["solved"] = "solved"
    return {*found.values()}


def _standing(events: list[Any]) -> Iterable[Any]:
    gone = set[int]()
    for event in reversed(events):
        if event.undo_of is not None and event.id not in gone:
            gone.add(event.undo_of)
    return [event for event in events if event.id not in gone]


def _stand(moved: dict[str, Any]) -> bool:
    """Whether it stands otherwise in the words of both sides: new and open are one."""
    if "status" not in moved:
        return False
    before, after = (
        "solved" if status in _DONE else "waiting" if status == "waiting" else "open"
        for status in moved["status"]
    )
    return moved["status"][0] is None or before != after
