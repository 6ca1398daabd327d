"""Taking responses out of the desk: every row, whole, as CSV, JSON or Parquet, and audited.

A door has an export planned, then noted (committed before the first byte leaves), then written.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import IO, Any

from sqlmodel import Session

from services import audit, csv_text, export_rows
from services.access import Actor, permitted
from services.domain.roles import Verb
from services.insights.cube import asked_surveys, where
from services.insights.filters import Filter
from services.insights.periods import span
from services.insights.selects import Condition, within


class Form(StrEnum):
    """What the file is."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


@dataclass(frozen=True)
class Plan:
    """What an export will hold: `total` rows, and a column for each property in `props`."""

    filter: Filter
    form: Form
    total: int
    props: tuple[str, ...]
    where: tuple[Condition, ...]


@dataclass(frozen=True)
class Noted:
    """A plan that stands in the audit trail, and so may be written."""

    plan: Plan


@permitted(Verb.EXPORT)
def plan(session: Session, actor: Actor, filter: Filter, form: Form, *, now: datetime) -> Plan:
    """Count the responses of the filter (of every metric) and find their properties; reads only."""
    meant = tuple(_meant(session, actor, filter, now))
    total, props = export_rows.count(session, meant), export_rows.property_names(session, meant)
    return Plan(filter, form, total, props, meant)


@permitted(Verb.EXPORT)
def note(session: Session, actor: Actor, plan: Plan, *, now: datetime) -> Noted:
    """Put the export into the audit trail: its form and its counts, no values."""
    audit.record(
        session, actor.id, "export.responses", now=now, form=plan.form.value, rows=plan.total,
        properties=len(plan.props),
    )  # fmt: skip
    return Noted(plan)


@permitted(Verb.EXPORT)
def write(session: Session, actor: Actor, noted: Noted, out: IO[bytes]) -> int:
    """Write the rows to `out`, a batch at a time; how many. All are of one moment."""
    plan = noted.plan
    counted = _Counted(export_rows.rows(session, plan.where))
    _WRITERS[plan.form](counted, plan, out)
    return counted.n


def _meant(session: Session, actor: Actor, filter: Filter, now: datetime) -> list[Condition]:
    """The filter without its metric; "all" is all, also what is dated before or after the rest."""
    surveys = [s for s in asked_surveys(session) if not filter.surveys or s.id in filter.surveys]
    found = where(session, actor, filter, surveys)
    if filter.range == "all":
        return found
    return [*found, *within(span(session, filter, now, units=actor.units).current)]


class _Counted:
    """Rows that are counted as they go by."""

    def __init__(self, rows: Iterator[dict[str, Any]]) -> None:
        self.rows = rows
        self.n = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for row in self.rows:
            self.n += 1
            yield row


def _csv(rows: _Counted, plan: Plan, out: IO[bytes]) -> None:
    header = [column.name for column in export_rows.columns(plan.props)]
    for record in csv_text.rows(header, (export_rows.flat(row, plan.props) for row in rows)):
        out.write(record.encode())


def _json(rows: _Counted, plan: Plan, out: IO[bytes]) -> None:
    """One object with a row per line, so that it can be streamed and read by line as well."""
    out.write(b'{"rows": [')
    for row in rows:
        before = ",\n" if rows.n > 1 else "\n"
        out.write((before + json.dumps(row, default=datetime.isoformat)).encode())
    out.write(f'\n], "n": {rows.n}, "of": {plan.total}}}\n'.encode())


def _parquet(rows: _Counted, plan: Plan, out: IO[bytes]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    moment = pa.timestamp("us", tz="UTC")
    kinds = {int: pa.int64(), str: pa.string(), bool: pa.bool_(), datetime: moment}
    schema = pa.schema([(name, kinds[kind]) for name, kind in export_rows.columns(plan.props)])
    flat = (export_rows.flat(row, plan.props) for row in rows)
    with parquet.ParquetWriter(_OneWay(out), schema) as writer:
        while batch := list(islice(flat, 10 * export_rows.BATCH)):
            cells = zip(*batch, strict=True)
            arrays = [pa.array(c, field.type) for c, field in zip(cells, schema, strict=True)]
            writer.write_table(pa.table(arrays, schema=schema))


class _OneWay:
    """What Parquet's writer needs of a file, for a pipe that cannot say where it is."""

    closed = False

    def __init__(self, out: IO[bytes]) -> None:
        self.out = out
        self.at = 0

    def write(self, data: bytes) -> int:
        self.out.write(data)
        self.at += len(data)
        return len(data)

    def tell(self) -> int:
        return self.at

    def flush(self) -> None:
        self.out.flush()

    def close(self) -> None:
        self.closed = True


_WRITERS: dict[Form, Callable[[_Counted, Plan, IO[bytes]], None]] = {
    Form.CSV: _csv,
    Form.JSON: _json,
    Form.PARQUET: _parquet,
}
