"""All chains counted together, so that one that is taken out whole, or put back, is missed.

The head of `ALL` holds how many rows there are and the sum of the seals of all heads.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from db.engine import upsert
from db.models import metadata
from services.ledger.chain import Defect, Fault, whole
from services.ledger.sealing import BROKEN, Key

HEAD, LEDGER = metadata.tables["ledger_head"], metadata.tables["ledger"]
ALL = -1  # stands where a head has its case
_WHOLE = 1 << 256
BATCH = 5000


@dataclass
class Sum:
    """What heads come to. `counted`: one of them says that it was counted with all."""

    key: Key
    n: int = 0
    seals: int = 0
    counted: bool = False

    def over(self, heads: Iterable[Any]) -> "Sum":
        """With these, too."""
        for head in heads:
            self.n += whole(head.n) or 0
            self.seals += _number(head.seal)
            known = (head.case_id, head.n, head.hash)
            self.counted = self.counted or head.seal == self.key.head(*known)
        return self

    @property
    def said(self) -> str:
        """The seals as the head of all has them."""
        return _said(self.seals)


def moved(session: Session, key: Key, n: int, gone: Iterable[str], came: Iterable[str]) -> None:
    """So many rows are written, and these seals of heads take the place of those. It is the last
    row that who appends locks, and counts before the heads are written."""
    new = {"case_id": ALL, "n": 0, "hash": "", "key_id": key.id, "seal": ""}
    insert = upsert(session, HEAD)
    lock = insert.on_conflict_do_update(index_elements=["case_id"], set_={"n": HEAD.c.n})
    row = session.connection().execute(lock.returning(HEAD), new).one()
    total, last = _known(session, row, key)
    total += n
    if last != BROKEN:
        change = sum(map(_number, came)) - sum(map(_number, gone))
        last = _said(_number(last) + change)
    ended = {"n": total, "hash": last, "key_id": key.id, "seal": key.head(ALL, total, last)}
    session.connection().execute(HEAD.update().where(HEAD.c.case_id == ALL).values(ended))


def _known(session: Session, row: Any, key: Key) -> tuple[int, str]:
    """Rows and seals up to here. What was not written by the desk says so for ever."""
    if row.seal == "":  # the first time: chains from before were not counted
        found = Sum(key).over(_heads(session))
        return found.n, BROKEN if found.counted else found.said
    return row.n, row.hash if _sound(session, row, key) else BROKEN


def _sound(session: Session, row: Any, key: Key) -> bool:
    """Whether the desk wrote it. If it was one with another key, rows say so as well."""
    if row.key_id == key.id:
        return bool(row.seal == key.head(ALL, row.n, row.hash))
    its = sa.select(HEAD.c.key_id).where(HEAD.c.case_id == ALL).scalar_subquery()
    others = sa.select(LEDGER.c.seq).where(LEDGER.c.key_id == its).limit(1)
    return session.connection().execute(others).first() is not None


def counted(session: Session, key: Key) -> Iterator[Defect]:
    """Whether the chains that are there are all that were written, as they were at the last."""
    row = session.connection().execute(sa.select(HEAD).where(HEAD.c.case_id == ALL)).first()
    found = Sum(key).over(_heads(session))
    if row is None or row.seal == "":
        sound = not found.counted
    else:
        sound = _sound(session, row, key) and (row.n, row.hash) == (found.n, found.said)
    if not sound:
        yield Defect(Fault.COUNT, ALL)


def _heads(session: Session) -> Iterator[Any]:
    query = sa.select(HEAD).where(HEAD.c.case_id != ALL)
    yield from session.connection().execute(query, execution_options={"yield_per": BATCH})


def _number(seal: str) -> int:
    try:
        return int(seal or "0", 16)
    except ValueError:  # nothing that was written here: so the sum is another one
        return 0


def _said(seals: int) -> str:
    return f"{seals % _WHOLE:064x}"
