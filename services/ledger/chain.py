"""Whether chains are as they were written: pure, row by row, in constant memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from operator import attrgetter
from typing import Any

from services.ledger.sealing import COLUMNS, SEQ, Key

NOWHERE = -2  # stands where a row names no case
NEAR = 100  # places on either side where a row is looked for that stands at the wrong one


class Fault(StrEnum):
    """What can be wrong."""

    CHANGED = "changed"
    MISSING = "missing"
    REORDERED = "reordered"
    UNLINKED = "unlinked"
    CUT_OFF = "cut_off"
    ADDED = "added"
    HEAD = "head"
    COUNT = "count"
    START = "start"
    NO_ROW = "no_row"
    OTHER = "other"
    NOTHING = "nothing"
    PAYLOAD = "payload"
    TRY_PAYLOAD = "try_payload"
    TRY_NO_ROW = "try_no_row"
    TRY_OTHER = "try_other"
    TRY_NOTHING = "try_nothing"


@dataclass(frozen=True)
class Defect:
    """Something that is not as it was written. `last` where it is rows from `seq` to it.

    No number stands where what is kept is none.
    """

    fault: Fault
    case_id: int
    seq: int | None = None
    last: int | None = None
    delivery_id: int | None = None
    attempt_id: int | None = None


@dataclass
class Walk:
    """Goes through chains. Rows have COLUMNS and `hash`, heads what LedgerHead has; both sorted.

    `foreign` counts rows and heads under another key, of which only the order can be judged.
    Deliveries up to the id `upto` are older than the ledger.
    """

    key: Key
    upto: int = 0
    rows: int = 0
    chains: int = 0
    foreign: int = 0

    def through(self, rows: Iterable[Any], heads: Iterable[Any]) -> Iterator[Defect]:
        """Everything that is wrong."""
        waiting = iter(heads)
        head = next(waiting, None)
        for case_id, chain in groupby(rows, key=attrgetter("case_id")):
            if whole(case_id) is None:
                yield from self._lost(chain)
                continue
            while head is not None and head.case_id < case_id:
                yield from self._headed(head.case_id, 0, "", head)
                head = next(waiting, None)
            mine = head if head is not None and head.case_id == case_id else None
            yield from self._chain(case_id, chain, mine)
            head = head if mine is None else next(waiting, None)
        while head is not None:
            yield from self._headed(head.case_id, 0, "", head)
            head = next(waiting, None)

    def _chain(self, case_id: int, rows: Iterable[Any], head: Any) -> Iterator[Defect]:
        self.chains += 1
        seq, before, sound = 0, "", True
        for row in rows:
            self.rows += 1
            if whole(row.seq) is None:
                yield _changed(case_id, row)
                continue
            if row.seq != seq + 1:
                yield Defect(Fault.MISSING, case_id, seq + 1, row.seq - 1)
                sound = False
            fault = self._fault(row, before if sound else None)
            if fault is not None:
                yield Defect(fault, case_id, row.seq, delivery_id=whole(row.delivery_id))
            seq, before, sound = row.seq, row.hash, fault is None
        yield from self._headed(case_id, seq, before, head)

    def _lost(self, rows: Iterable[Any]) -> Iterator[Defect]:
        for row in rows:
            self.rows += 1
            yield _changed(NOWHERE, row)

    def _fault(self, row: Any, before: str | None) -> Fault | None:
        """What is wrong with the row; `before` is the hash that it follows, where that is known."""
        if whole(row.delivery_id) is None:
            return Fault.CHANGED
        if row.key_id != self.key.id:
            self.foreign += 1
        elif row.hash != self.key.row(row[: len(COLUMNS)]):
            return Fault.REORDERED if self._is_elsewhere(row) else Fault.CHANGED
        if before is not None and row.prev != before:
            return Fault.UNLINKED
        if (row.kind == "owed") == (row.delivery_id <= self.upto) and row.kind in _BEGIN:
            return Fault.START
        return None

    def _is_elsewhere(self, row: Any) -> bool:
        """Whether it is a row of this chain, but of another place."""
        values = list(row[: len(COLUMNS)])
        for seq in range(max(1, row.seq - NEAR), row.seq + NEAR):
            values[SEQ] = seq
            if self.key.row(values) == row.hash:
                return True
        return False

    def _headed(self, case_id: int, n: int, last: str, head: Any) -> Iterator[Defect]:
        if head is None:
            yield Defect(Fault.HEAD, case_id)
            return
        if head.key_id != self.key.id:
            self.foreign += 1
        elif not self.key.sealed(head):
            yield Defect(Fault.HEAD, case_id)
            return
        if head.n > n:
            yield Defect(Fault.CUT_OFF, case_id, n + 1, head.n)
        elif head.n < n:
            yield Defect(Fault.ADDED, case_id, head.n + 1, n)
        elif head.hash != last:
            yield Defect(Fault.HEAD, case_id)


def whole(value: Any) -> int | None:
    """The number that is kept, if it is one."""
    return value if isinstance(value, int) else None


def case_of(value: Any) -> int:
    """The case that is kept: 0 where it is outside cases."""
    return value if isinstance(value, int) else 0 if value is None else NOWHERE


def _changed(case_id: int, row: Any) -> Defect:
    return Defect(Fault.CHANGED, case_id, whole(row.seq), delivery_id=whole(row.delivery_id))


_BEGIN = ("owed", "taken_over")
