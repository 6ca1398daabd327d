"""Append steps to the chains of their cases. The heads are locked here, and nothing after them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from db.engine import slices, upsert
from db.models import metadata
from services.ledger import counting, sealing
from services.ledger.sealing import BROKEN, COLUMNS, Key

LEDGER, HEAD = metadata.tables["ledger"], metadata.tables["ledger_head"]
_MOVED = (
    HEAD.update().where(HEAD.c.case_id == sa.bindparam("of"))
    .values({name: sa.bindparam(f"its_{name}") for name in ("n", "hash", "key_id", "seal")})
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """What happened to a delivery, as the ledger keeps it."""

    case_id: int
    delivery_id: int
    at: datetime
    kind: str
    vendor: str
    action: str
    state: str
    remote_id: str | None = None
    attempt_id: int | None = None
    payload_hmac: str | None = None
    actor_id: int | None = None
    why: dict[str, Any] = field(default_factory=dict)


@dataclass
class _Head:
    n: int
    last: str  # the hash of the last row
    prev: str  # what the next row says that it follows
    seal: str  # as it was


def settled(state: str) -> str:
    """A delivery in a worker's hand stands where it stood before: the claim is no step."""
    return "pending" if state == "sending" else state


def append(session: Session, steps: Sequence[Step]) -> None:
    """Write the steps, each as the next row of its case's chain."""
    if not steps:
        return
    key = sealing.desk_key()
    heads = _heads(session, sorted({step.case_id for step in steps}), key)
    rows = [_row(step, heads[step.case_id], key) for step in steps]
    ended = [_ended(of, head, key) for of, head in heads.items()]
    counting.moved(
        session, key, len(rows), [head.seal for head in heads.values()],
        [one["its_seal"] for one in ended],
    )  # fmt: skip
    connection = session.connection()
    connection.execute(LEDGER.insert(), rows)
    connection.execute(_MOVED, ended)


def _heads(session: Session, case_ids: Sequence[int], key: Key) -> dict[int, _Head]:
    """The ends of these chains, locked in the order of the ids; a new chain has none yet."""
    insert = upsert(session, HEAD)
    lock = insert.on_conflict_do_update(index_elements=["case_id"], set_={"n": HEAD.c.n})
    heads = {}
    for ids in slices(case_ids):
        new = [{"case_id": id_, "n": 0, "hash": "", "key_id": key.id, "seal": ""} for id_ in ids]
        for row in session.connection().execute(lock.returning(HEAD), new):
            prev = row.hash if _sound(session, row, key) else BROKEN
            heads[row.case_id] = _Head(row.n, row.hash, prev, row.seal)
    return heads


def _sound(session: Session, head: Any, key: Key) -> bool:
    """Whether the head is one that the desk wrote. If not, the next row says so for ever."""
    if (head.n, head.hash, head.seal) == (0, "", ""):
        return True
    if head.key_id == key.id:
        return key.sealed(head)
    # Of a desk with another key: that it is, its last row says as well.
    query = sa.select(LEDGER.c.key_id).where(
        LEDGER.c.case_id == head.case_id, LEDGER.c.seq == head.n
    )
    return bool(session.connection().execute(query).scalar() == head.key_id)


def _row(step: Step, head: _Head, key: Key) -> dict[str, Any]:
    row = asdict(step) | {"seq": head.n + 1, "key_id": key.id, "prev": head.prev}
    row["hash"] = key.row([row[name] for name in COLUMNS])
    head.n, head.last, head.prev = row["seq"], row["hash"], row["hash"]
    return row


def _ended(case_id: int, head: _Head, key: Key) -> Mapping[str, Any]:
    return {
        "of": case_id, "its_n": head.n, "its_hash": head.last, "its_key_id": key.id,
        "its_seal": key.head(case_id, head.n, head.last),
    }  # fmt: skip


def known(session: Session, delivery_ids: Iterable[int]) -> set[int]:
    """Those of these deliveries that have rows."""
    query = sa.select(LEDGER.c.delivery_id).where(LEDGER.c.delivery_id.in_(list(delivery_ids)))
    return set(session.connection().execute(query.distinct()).scalars())
