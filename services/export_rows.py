"""The rows of an export: which columns a response has, and reading them lot by lot."""

import json
from array import array
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from db.engine import is_sqlite
from services.domain.scores import Band, Metric
from services.insights.selects import RESPONSE, Condition

TABLES = SQLModel.metadata.tables
SURVEY, ACCOUNT, CONTACT = TABLES["survey"], TABLES["account"], TABLES["contact"]
UNIT, EDIT = TABLES["unit"], TABLES["response_edit"]
CASE, LINK = TABLES["case"], TABLES["case_response"]
BATCH = 1000  # rows in memory at a time
_KINDS: dict[str, type] = {
    "id": int, "source": str, "external_id": str, "metric": str, "survey": str, "scale": str,
    "direction": str, "score_given": str, "score": int, "band": str, "comment": str,
    "channel": str, "touchpoint": str, "answered_at": datetime, "received_at": datetime,
    "followup": str, "anonymous": bool, "is_test": bool, "excluded_at": datetime,
    "excluded_by": int, "excluded_reason": str, "account_id": int, "account": str,
    "account_external_id": str, "contact_id": int, "contact": str, "email": str,
    "contact_external_id": str, "unit_id": int, "unit": str, "import_run_id": int, "case": int,
    "edits": int, "change_seq": int,
}  # fmt: skip
_ELSEWHERE: dict[str, Any] = {
    "metric": SURVEY.c.metric, "survey": SURVEY.c.name, "direction": SURVEY.c.direction,
    "account": ACCOUNT.c.name, "account_external_id": ACCOUNT.c.external_id,
    "contact": CONTACT.c.name, "email": CONTACT.c.email,
    "contact_external_id": CONTACT.c.external_id, "unit": UNIT.c.name,
}  # fmt: skip


class Column(NamedTuple):
    """A column of the file: its name and what it holds (int, str, bool or datetime)."""

    name: str
    kind: type


def columns(props: Sequence[str]) -> tuple[Column, ...]:
    """Every column of a file: those of all responses, then one for each property, as text."""
    own = (Column(name, kind) for name, kind in _KINDS.items())
    return (*own, *(Column(f"props.{key}", str) for key in props))


def property_names(session: Session, where: Sequence[Condition]) -> tuple[str, ...]:
    """The names of all properties that these responses have."""
    if is_sqlite(session):
        each = sa.func.json_each(RESPONSE.c.props).table_valued("key", name="pair")
    else:
        each = sa.func.jsonb_each(RESPONSE.c.props).table_valued("key", "value")
        each = each.render_derived("pair")
    joined = RESPONSE.join(each, sa.true())
    query = sa.select(each.c.key).select_from(joined).where(*where).distinct()
    return tuple(sorted(session.connection().execute(query).scalars()))


def ids(session: Session, query: sa.Select[Any]) -> "array[int]":
    """The ids that the query (of one column) finds, in order. Sorted alone they take 8 bytes a row:
    an engine that sorts whole rows keeps them all, with their texts."""
    streamed = session.connection().execute(query, execution_options={"yield_per": 10 * BATCH})
    found = array("q")
    for lot in streamed.scalars().partitions():
        found.extend(lot)
    return array("q", sorted(found))


def lots(known: Sequence[int]) -> Iterator[list[int]]:
    """The ids in lots that are in memory at a time."""
    return (list(known[at : at + BATCH]) for at in range(0, len(known), BATCH))


def found(session: Session, where: Sequence[Condition]) -> "array[int]":
    """The ids of the responses that are meant."""
    return ids(session, sa.select(RESPONSE.c.id).where(*where))


def rows(session: Session, known: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Each of these responses as a dict by column; `props` is the whole object."""
    for lot in lots(known):
        for row in session.connection().execute(_select(lot)).mappings():
            cells = dict(row)
            cells["band"] = Band(cells["band"]).label(Metric(cells["metric"]))
            yield cells


def flat(row: dict[str, Any], props: Sequence[str]) -> list[Any]:
    """The row's cells in the order of `columns(props)`."""
    own = [row[name] for name in _KINDS]
    return own + [_text(row["props"].get(key)) for key in props]


def _select(lot: Sequence[int]) -> sa.Select[Any]:
    edits = sa.select(sa.func.count()).where(EDIT.c.response_id == RESPONSE.c.id)
    case = sa.select(sa.func.min(CASE.c.number)).where(
        LINK.c.response_id == RESPONSE.c.id, LINK.c.case_id == CASE.c.id
    )
    made = {"edits": edits, "case": case}
    cell = _ELSEWHERE | {n: one.correlate(RESPONSE).scalar_subquery() for n, one in made.items()}
    cells = [(cell[n] if n in cell else RESPONSE.c[n]).label(n) for n in _KINDS]
    return (
        sa.select(*cells, RESPONSE.c.props)
        .join_from(RESPONSE, SURVEY, SURVEY.c.id == RESPONSE.c.survey_id)
        .outerjoin(ACCOUNT, ACCOUNT.c.id == RESPONSE.c.account_id)
        .outerjoin(CONTACT, CONTACT.c.id == RESPONSE.c.contact_id)
        .outerjoin(UNIT, UNIT.c.id == RESPONSE.c.unit_id)
        .where(RESPONSE.c.id.in_(lot))
        .order_by(RESPONSE.c.id)
    )


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)
