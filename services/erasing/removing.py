"""The statements that take away what is a person's own, table by table."""

import re
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from db.forgetting import rewriting
from db.models import metadata
from services.erasing.theirs import (
    CASE,
    DELIVERY,
    DRAFT,
    EDIT,
    INBOUND,
    MESSAGE,
    REF,
    REJECT,
    RESPONSE,
    Theirs,
)
from services.insights.selects import prop_text
from services.outbox.owing import ERASED

ATTEMPT, VALUE = metadata.tables["delivery_attempt"], metadata.tables["property_value"]
GONE = "(erased)"  # where a text must stand, or its absence would say something else
# What was said when something failed may quote an address.
LOOSE = (
    (metadata.tables["integration"], "last_error"), (metadata.tables["job"], "last_error"),
    (metadata.tables["import_run"], "error"), (metadata.tables["reconciliation"], "error"),
)  # fmt: skip


def everything(session: Session, theirs: Theirs, seq: int, now: datetime) -> None:
    """All of it. In this order: what says where something is goes after it."""
    _notices(session, theirs)
    _rejects(session, theirs)
    _loose(session, theirs)
    _attempts(session, theirs)
    _do(session, INBOUND, theirs.came, payload={}, note=_if_set(INBOUND, "note"))
    _do(session, DELIVERY, theirs.deliveries, payload=ERASED, last_error=_if_set(DELIVERY))
    _do(
        session, MESSAGE, theirs.messages, subject=None, body=None, message_id=None, erased_at=now
    )  # fmt: skip
    _answers(session, theirs, seq)
    for table, where in ((DRAFT, theirs.drafts), (REF, theirs.refs)):
        session.connection().execute(table.delete().where(where))
    _do(session, CASE, theirs.cases, change_seq=seq)


def _do(session: Session, table: sa.Table, where: sa.ColumnElement[bool], **values: Any) -> None:
    session.connection().execute(table.update().where(where).values(**values))


def _if_set(table: sa.Table, name: str = "last_error") -> Any:
    return sa.case((table.c[name].is_(None), sa.null()), else_=GONE)


def _answers(session: Session, theirs: Theirs, seq: int) -> None:
    """Their words, and the properties that they were given with; what the filters offer too."""
    query = sa.select(RESPONSE.c.id, RESPONSE.c.external_id, RESPONSE.c.props)
    rows = session.connection().execute(query.where(theirs.responses)).all()
    _do(session, EDIT, theirs.edits, before=None, after=None)
    _do(
        session, RESPONSE, theirs.responses, comment=None, props={}, change_seq=seq,
        excluded_reason=_if_set(RESPONSE, "excluded_reason"),
    )  # fmt: skip
    for row in rows:
        # Else the id stays: by it an import knows that this answer was here.
        if theirs.named_in(row.external_id):
            _do(session, RESPONSE, RESPONSE.c.id == row.id, external_id=f"erased:{row.id}")
    _offers(session, {pair for row in rows for pair in row.props.items()})


def _offers(session: Session, pairs: set[tuple[str, Any]]) -> None:
    """A property that nobody else has is offered no more: it would tell of them."""
    for key, value in sorted((k, v) for k, v in pairs if isinstance(v, str)):
        one = sa.and_(VALUE.c.name == f"props.{key}", VALUE.c.value == value)
        others = sa.select(RESPONSE.c.id).where(prop_text(key) == value).limit(1)
        offered = session.connection().execute(sa.select(VALUE.c.name).where(one)).first()
        if offered and session.connection().execute(others).first() is None:
            session.connection().execute(VALUE.delete().where(one))


def _attempts(session: Session, theirs: Theirs) -> None:
    """What vendors answered; the fingerprints of what was sent stay."""
    ids = sa.select(DELIVERY.c.id).where(theirs.deliveries)
    where = sa.and_(ATTEMPT.c.delivery_id.in_(ids), ATTEMPT.c.error.is_not(None))
    if session.connection().execute(sa.select(ATTEMPT.c.id).where(where).limit(1)).first():
        with rewriting(session, "delivery_attempt"):
            _do(session, ATTEMPT, where, error=GONE)


def _rejects(session: Session, theirs: Theirs) -> None:
    _do(session, REJECT, theirs.rejects, value="", cells=[], reason="a person's data was erased")


def _loose(session: Session, theirs: Theirs) -> None:
    for table, name in LOOSE:
        said = sa.func.lower(table.c[name])
        for address in theirs.addresses:
            quotes = said.contains(address.casefold(), autoescape=True)
            _do(session, table, quotes, **{name: GONE})


def _notices(session: Session, theirs: Theirs) -> None:
    """Notices to colleagues name the person beside the number of the case: that line goes."""
    lines = [re.compile(rf"^Case {number} \(.*", re.MULTILINE) for number in theirs.numbers]
    if not lines:
        return
    text = sa.cast(DELIVERY.c.payload, sa.Text)
    about = [text.like(f"%Case {number} (%") for number in theirs.numbers]
    query = sa.select(DELIVERY.c.id, DELIVERY.c.payload)
    found = session.connection().execute(
        query.where(DELIVERY.c.user_id.is_not(None), sa.or_(*about))
    )
    for row in found.all():
        told = {name: _without(value, lines) for name, value in row.payload.items()}
        _do(session, DELIVERY, DELIVERY.c.id == row.id, payload=told)


def _without(value: Any, lines: list[re.Pattern[str]]) -> Any:
    if not isinstance(value, str):
        return value
    for line in lines:
        value = line.sub("A case of a person who was erased.", value)
    return value
