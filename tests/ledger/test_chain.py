"""Chains on paper: whatever is done to the rows without the key is found, and named."""

from collections import namedtuple
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ledger import sealing
from services.ledger.chain import Defect, Fault, Walk
from services.ledger.sealing import COLUMNS

KEY = sealing.of(b"the desk's own")
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
Row = namedtuple("Row", [*COLUMNS, "hash"])
Head = namedtuple("Head", "case_id n hash key_id seal")
Chain = tuple[list[Row], list[Head]]


def chain(n: int, case_id: int = 1, key: sealing.Key = KEY) -> Chain:
    rows, prev = list[Row](), ""
    for seq in range(1, n + 1):
        values = [
            case_id, seq, NOW + timedelta(minutes=seq), "owed" if seq == 1 else "attempt", 7,
            None if seq == 1 else seq, "slack", "post", 3, {"event_id": 40 + seq}, "pending",
            f"C1:{seq}", "ab" * 32, key.id, prev,
        ]  # fmt: skip
        prev = key.row(values)
        rows.append(Row(*values, prev))
    return rows, [Head(case_id, n, prev, key.id, key.head(case_id, n, prev))]


def defects(rows: Sequence[Row], heads: Sequence[Head]) -> list[Defect]:
    return list(Walk(KEY).through(rows, heads))


def faults(rows: Sequence[Row], heads: Sequence[Head]) -> list[tuple[Fault, int | None]]:
    return [(each.fault, each.seq) for each in defects(rows, heads)]


def other(value: Any, at: int) -> Any:
    """Another value of the same kind; of a text, with one character changed."""
    if isinstance(value, str) and value:
        at %= len(value)
        return value[:at] + ("b" if value[at] != "b" else "c") + value[at + 1 :]
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1 + at)
    if isinstance(value, dict):
        return value | {"event_id": value["event_id"] + 1 + at}
    return "x" if value == "" else (value or 0) + 1 + at


def test_chains_that_nobody_touched_are_intact() -> None:
    (one, ends), (two, more) = chain(5), chain(3, case_id=2)
    walk = Walk(KEY)
    assert list(walk.through([*one, *two], [*ends, *more])) == []
    assert (walk.rows, walk.chains, walk.foreign) == (8, 2, 0)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 5), st.sampled_from(Row._fields), st.integers(0, 200))
def test_one_changed_byte_in_any_column_of_any_row_is_found(at: int, name: str, n: int) -> None:
    rows, heads = chain(6)
    rows[at] = rows[at]._replace(**{name: other(getattr(rows[at], name), n)})
    walk = Walk(KEY)
    assert list(walk.through(rows, heads)) or walk.foreign


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(Head._fields), st.integers(0, 200))
def test_one_changed_byte_in_the_head_is_found(name: str, n: int) -> None:
    rows, heads = chain(4)
    heads[0] = heads[0]._replace(**{name: other(getattr(heads[0], name), n)})
    walk = Walk(KEY)
    assert list(walk.through(rows, heads)) or walk.foreign


@settings(max_examples=100, deadline=None)
@given(st.sets(st.integers(0, 7), min_size=1))
def test_rows_that_were_taken_out_are_named_wherever_they_stood(gone: set[int]) -> None:
    rows, heads = chain(8)
    found = defects([row for at, row in enumerate(rows) if at not in gone], heads)
    named = {
        seq
        for each in found
        if each.fault in (Fault.MISSING, Fault.CUT_OFF)
        for seq in range(each.seq or 0, (each.last or 0) + 1)
    }
    assert named == {at + 1 for at in gone} and len(gone) < 8 or found


@settings(max_examples=100, deadline=None)
@given(st.permutations(range(6)))
def test_rows_in_another_order_are_found(order: list[int]) -> None:
    rows, heads = chain(6)
    put = [rows[was]._replace(seq=at + 1) for at, was in enumerate(order)]
    found = defects(put, heads)
    moved = {at + 1 for at, was in enumerate(order) if at != was}
    assert {each.seq for each in found if each.fault is Fault.REORDERED} == moved


def test_a_row_that_was_put_in_is_found() -> None:
    rows, heads = chain(3)
    forged = rows[2]._replace(seq=4, prev=rows[2].hash, hash="f" * 64)
    assert faults([*rows, forged], heads) == [(Fault.CHANGED, 4), (Fault.ADDED, 4)]


def test_rows_of_another_case_do_not_pass_as_rows_of_this_one() -> None:
    rows, heads = chain(3)
    moved = [row._replace(case_id=2) for row in rows]
    found = defects(moved, [heads[0]._replace(case_id=2)])
    assert {each.fault for each in found} == {Fault.CHANGED, Fault.HEAD}


def without_last(rows: list[Row], heads: list[Head]) -> Chain:
    return rows[:-1], heads


def without_all(_rows: list[Row], heads: list[Head]) -> Chain:
    return [], heads


def without_head(rows: list[Row], _heads: list[Head]) -> Chain:
    return rows, []


def with_forged_head(rows: list[Row], heads: list[Head]) -> Chain:
    return rows[:-1], [heads[0]._replace(n=3, hash=rows[2].hash)]


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (without_last, [(Fault.CUT_OFF, 4)]),
        (without_all, [(Fault.CUT_OFF, 1)]),
        (without_head, [(Fault.HEAD, None)]),
        (with_forged_head, [(Fault.HEAD, None)]),
    ],
)
def test_what_was_cut_off_at_the_end_is_found(
    act: Callable[[list[Row], list[Head]], Chain], told: list[tuple[Fault, int | None]]
) -> None:
    assert faults(*act(*chain(4))) == told


def test_rows_under_another_key_are_counted_and_their_order_is_still_checked() -> None:
    rows, heads = chain(3, key=sealing.of(b"another desk's"))
    walk = Walk(KEY)
    assert list(walk.through(rows, heads)) == [] and walk.foreign == 4
    assert faults([rows[0], rows[2]], heads) == [(Fault.MISSING, 2)]


def test_a_delivery_cannot_be_passed_off_as_older_than_the_ledger() -> None:
    rows, heads = chain(2)
    found = list(Walk(KEY, upto=7).through(rows, heads))
    assert [(each.fault, each.seq) for each in found] == [(Fault.START, 1)]
