"""Taking rows out of the desk: every one, whole, as CSV, JSON or Parquet, and audited.

A door has an export planned, then noted (committed before the first byte leaves), then written.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import islice
from typing import IO, Any

from sqlmodel import Session

from db.engine import one_moment, sparing
from services import audit, csv_text, export_cases, export_rows, settings
from services.access import Actor, permitted
from services.domain.roles import Verb
from services.export_rows import Column
from services.insights.case_filter import CaseFilter
from services.insights.cube import asked_surveys, where
from services.insights.filters import Filter
from services.insights.periods import span
from services.insights.queue import meant_by
from services.insights.selects import Condition, within


class Form(StrEnum):
    """What the file is."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


@dataclass(frozen=True)
class Sheet:
    """How rows of one kind are had: the ids that are meant, a row for each, a row's cells."""

    kind: str
    columns: Sequence[Column]
    found: Callable[[Session], Sequence[int]]
    rows: Callable[[Session, Sequence[int]], Iterator[dict[str, Any]]]
    flat: Callable[[dict[str, Any]], list[Any]]


@dataclass(frozen=True)
class Plan:
    """What an export will hold: `total` rows of a sheet, as things stand."""

    sheet: Sheet
    form: Form
    total: int


@dataclass(frozen=True)
class Noted:
    """A plan that stands in the audit trail, and so may be written."""

    plan: Plan


@dataclass(frozen=True)
class Written:
    """`n` rows were written, of the `of` that were meant when writing began."""

    n: int
    of: int

    def __str__(self) -> str:
        return f"{self.n} of {self.of} rows"


@permitted(Verb.EXPORT)
def plan(session: Session, actor: Actor, filter: Filter, form: Form, *, now: datetime) -> Plan:
    """Count the responses of the filter (of every metric) and find their properties; reads only."""
    meant = tuple(_meant(session, actor, filter, now))
    with sparing(session):
        props = export_rows.property_names(session, meant)
    sheet = Sheet(
        "responses", export_rows.columns(props), lambda reading: export_rows.found(reading, meant),
        export_rows.rows, lambda row: export_rows.flat(row, props),
    )  # fmt: skip
    return _planned(session, sheet, form)


@permitted(Verb.EXPORT)
def plan_cases(
    session: Session, actor: Actor, filter: CaseFilter | None, form: Form, *, now: datetime
) -> Plan:
    """Count the cases of the filter, as the queue shows them; None: all, merged ones too."""
    meant: Sequence[Condition] = ()
    if filter is not None:
        meant = meant_by(session, actor, filter, now, actor.id)
    today = now.astimezone(settings.reporting_zone(session)).date()
    sheet = Sheet(
        "cases", export_cases.COLUMNS, lambda reading: export_cases.found(reading, meant),
        lambda reading, known: export_cases.rows(reading, known, today), export_cases.flat,
    )  # fmt: skip
    return _planned(session, sheet, form)


@permitted(Verb.EXPORT)
def note(session: Session, actor: Actor, plan: Plan, *, now: datetime) -> Noted:
    """Put the export into the audit trail: its form and its counts, no values."""
    audit.record(
        session, actor.id, f"export.{plan.sheet.kind}", now=now, form=plan.form.value,
        rows=plan.total, columns=len(plan.sheet.columns),
    )  # fmt: skip
    return Noted(plan)


@permitted(Verb.EXPORT)
def write(session: Session, actor: Actor, noted: Noted, out: IO[bytes]) -> Written:
    """Write the rows to `out`, a lot at a time. All are of one moment."""
    plan = noted.plan
    one_moment(session)
    with sparing(session):
        known = plan.sheet.found(session)
        counted = _Counted(plan.sheet.rows(session, known), len(known))
        _WRITERS[plan.form](counted, plan.sheet, out)
    return Written(counted.n, counted.of)


def _planned(session: Session, sheet: Sheet, form: Form) -> Plan:
    with sparing(session):
        return Plan(sheet, form, len(sheet.found(session)))


def _meant(session: Session, actor: Actor, filter: Filter, now: datetime) -> list[Condition]:
    """The filter without its metric; "all" is all, also what is dated before or after the rest."""
    surveys = [s for s in asked_surveys(session) if not filter.surveys or s.id in filter.surveys]
    found = where(session, actor, filter, surveys)
    if filter.range == "all":
        return found
    return [*found, *within(span(session, filter, now, units=actor.units).current)]


class _Counted:
    """Rows that are counted as they go by, of those that are meant."""

    def __init__(self, rows: Iterator[dict[str, Any]], of: int) -> None:
        self.rows, self.of = rows, of
        self.n = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for row in self.rows:
            self.n += 1
            yield row


def _csv(rows: _Counted, sheet: Sheet, out: IO[bytes]) -> None:
    header = [column.name for column in sheet.columns]
    for record in csv_text.rows(header, map(sheet.flat, rows)):
        out.write(record.encode())


def _json(rows: _Counted, _sheet: Sheet, out: IO[bytes]) -> None:
    """One object with a row per line, so that it can be streamed and read by line as well."""
    out.write(b'{"rows": [')
    for row in rows:
        before = ",\n" if rows.n > 1 else "\n"
        out.write((before + json.dumps(row, default=_plain)).encode())
    out.write(f'\n], "n": {rows.n}, "of": {rows.of}}}\n'.encode())


def _plain(value: datetime | date | Decimal) -> str:
    return str(value) if isinstance(value, Decimal) else value.isoformat()


def _parquet(rows: _Counted, sheet: Sheet, out: IO[bytes]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    moment = pa.timestamp("us", tz="UTC")
    kinds = {int: pa.int64(), str: pa.string(), bool: pa.bool_(), datetime: moment}
    schema = pa.schema([(name, kinds[kind]) for name, kind in sheet.columns])
    flat = map(sheet.flat, rows)
    with parquet.ParquetWriter(_OneWay(out), schema) as writer:
        while batch := list(islice(flat, 2 * export_rows.BATCH)):
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


_WRITERS: dict[Form, Callable[[_Counted, Sheet, IO[bytes]], None]] = {
    Form.CSV: _csv,
    Form.JSON: _json,
    Form.PARQUET: _parquet,
}
