"""The rows of an export of cases: every field, and what belongs to each of them.

That is its tags, answers, notes and messages with their times and authors, and what became of what
was sent. Of a case that others were merged into, also what was written on those.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from db.models import Account, Contact, RootCause, Survey, Team, Unit, User, metadata
from services.domain import priority
from services.domain.lifecycle import Outcome
from services.domain.scores import Band, Metric
from services.export_rows import Column, ids, lots
from services.insights.case_selects import CASE, JOINED, OWNER
from services.insights.selects import RESPONSE, Condition

LINK, TAG, TAGGED = (metadata.tables[name] for name in ("case_response", "tag", "case_tag"))
MESSAGE, DELIVERY = metadata.tables["message"], metadata.tables["delivery"]
AUTHOR, TOLD = sa.orm.aliased(User, name="author"), sa.orm.aliased(User, name="told")
ROOT = CASE.alias("root")
_OWN: dict[str, type] = {
    "number": int, "version": int, "status": str, "reason_key": str, "contact_id": int,
    "account_id": int, "unit_id": int, "team_id": int, "assignee_id": int, "priority": int,
    "opened_at": datetime, "first_due": datetime, "close_due": datetime, "due_at": datetime,
    "paused_at": datetime, "paused_seconds": int, "snoozed_until": datetime,
    "contacted_at": datetime, "resolved_at": datetime, "contact_seconds": int,
    "close_seconds": int, "asked": bool, "breached_due": datetime, "escalated_at": datetime,
    "escalated_to_id": int, "escalation": int, "idle_since": datetime, "outcome": str,
    "root_cause_id": int, "play": str, "ideal_customer": bool, "play_result": str,
    "change_seq": int,
}  # fmt: skip
_NAMED: dict[str, Any] = {
    "contact": Contact.name, "email": Contact.email, "contact_external_id": Contact.external_id,
    "account": Account.name, "account_external_id": Account.external_id, "arr": Account.arr,
    "currency": Account.currency, "renewal_on": Account.renewal_on, "unit": Unit.name,
    "team": Team.name, "assignee": OWNER.name, "assignee_email": OWNER.email,
    "escalated_to": TOLD.name, "root_cause": RootCause.name, "metric": Survey.metric,
    "score_given": RESPONSE.c.score_given, "scale": RESPONSE.c.scale, "band": RESPONSE.c.band,
    "comment": RESPONSE.c.comment,
}  # fmt: skip
_LISTS = ("why", "steps", "tags", "answers", "notes", "deliveries")
COLUMNS = (
    Column("id", int),
    *(Column(name, kind) for name, kind in _OWN.items()),
    Column("merged_into", int),
    *(Column(name, str) for name in _NAMED),
    *(Column(name, str) for name in _LISTS),
)
Parts = dict[int, list[dict[str, Any]]]


def found(session: Session, where: Sequence[Condition]) -> Any:
    """The ids of the cases that are meant."""
    return ids(session, sa.select(CASE.c.id).select_from(JOINED).where(*where))


def rows(session: Session, known: Sequence[int], today: date) -> Iterator[dict[str, Any]]:
    """Each of these cases as a dict by column; what belongs to it are lists."""
    for lot in lots(known):
        alone, tellers = {one: {one} for one in lot}, _tellers(session, lot)
        parts = {
            "tags": _parts(session, _TAGS, alone),
            "answers": _parts(session, _ANSWERS, alone),
            "notes": _parts(session, _NOTES, tellers),
            "deliveries": _parts(session, _DELIVERIES, tellers),
        }
        for row in session.connection().execute(_ROWS.where(CASE.c.id.in_(lot))).mappings():
            yield _row(dict(row), parts, today)


def flat(row: Mapping[str, Any]) -> list[Any]:
    """The row's cells in the order of `COLUMNS`: a list is a line of text for each of its parts."""
    lines = {
        "why": row["why"], "steps": row["steps"], "tags": row["tags"],
        "answers": map(_answer, row["answers"]), "notes": map(_note, row["notes"]),
        "deliveries": map(_delivery, row["deliveries"]),
    }  # fmt: skip
    texts = {name: "\n".join(each) or None for name, each in lines.items()}
    return [texts[column.name] if column.name in texts else row[column.name] for column in COLUMNS]


def _row(row: dict[str, Any], parts: Mapping[str, Parts], today: date) -> dict[str, Any]:
    reasons, band = row.pop("priority_reasons") or (), row["band"]
    row["why"] = [priority.words(reason, today) for reason in reasons]
    row["steps"] = list(row["steps"] or ())
    row["band"] = None if band is None else Band(band).label(Metric(row["metric"]))
    row["outcome"] = Outcome(row["outcome"]).label if row["outcome"] else None
    for name, of in parts.items():
        row[name] = of.get(row["id"], [])
    row["tags"] = [tag["name"] for tag in row["tags"]]
    for name in ("arr", "renewal_on"):
        row[name] = None if row[name] is None else str(row[name])
    return row


def _tellers(session: Session, lot: Sequence[int]) -> dict[int, set[int]]:
    """By case, which of the lot tell its texts: itself, and what it was merged into."""
    tellers, last = {one: {one} for one in lot}, list(lot)
    while last:
        query = sa.select(CASE.c.id, CASE.c.merged_into).where(CASE.c.merged_into.in_(last))
        into = {row.id: row.merged_into for row in session.connection().execute(query)}
        known = {one: tellers.get(one, set()) | tellers[root] for one, root in into.items()}
        last = [one for one, all_of in known.items() if all_of != tellers.get(one)]
        tellers |= known
    return tellers


def _parts(session: Session, query: sa.Select[Any], tellers: Mapping[int, set[int]]) -> Parts:
    """What the query finds for these cases, by the cases that tell it."""
    parts: Parts = {}
    for lot in lots([*tellers]):
        for row in session.connection().execute(query, {"cases": lot}).mappings():
            part = dict(row)
            case_id = part.pop("case_id")
            if "band" in part:
                part["band"] = Band(part["band"]).label(Metric(part["metric"]))
            for teller in tellers[case_id]:
                parts.setdefault(teller, []).append(part)
    return parts


def _answer(one: Mapping[str, Any]) -> str:
    said = f": {one['comment']}" if one["comment"] else ""
    return (
        f"{_plain(one['answered_at'])} {one['survey']} {one['score_given']} "
        f"({one['scale']}, {one['band']}){said}"
    )


def _note(one: Mapping[str, Any]) -> str:
    by = f" by {one['author']}" if one["author"] else ""
    way = f", {one['way']}" if one["way"] else ""
    return f"{_plain(one['at'])} {one['kind']}{way}{by}: {one['text'] or ''}"


def _delivery(one: Mapping[str, Any]) -> str:
    ended = f" {_plain(one['ended_at'])}" if one["ended_at"] else ""
    error = f": {one['error']}" if one["error"] else ""
    return f"{_plain(one['at'])} {one['vendor']} {one['action']}, {one['state']}{ended}{error}"


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime | date) else str(value)


def _of(table: sa.Table) -> sa.ColumnElement[bool]:
    return table.c.case_id.in_(sa.bindparam("cases", expanding=True))


_ROWS = (
    sa.select(
        CASE.c.id, *(CASE.c[name] for name in _OWN), CASE.c.steps, CASE.c.priority_reasons,
        ROOT.c.number.label("merged_into"),
        *(sa.type_coerce(column, column.type).label(name) for name, column in _NAMED.items()),
    )
    .select_from(
        JOINED.outerjoin(Unit, col(Unit.id) == CASE.c.unit_id)
        .outerjoin(Team, col(Team.id) == CASE.c.team_id)
        .outerjoin(RootCause, col(RootCause.id) == CASE.c.root_cause_id)
        .outerjoin(TOLD, col(TOLD.id) == CASE.c.escalated_to_id)
        .outerjoin(ROOT, ROOT.c.id == CASE.c.merged_into)
    )
    .order_by(CASE.c.id)
)  # fmt: skip
_TAGS = (
    sa.select(TAGGED.c.case_id, TAG.c.name)
    .join(TAG, TAG.c.id == TAGGED.c.tag_id)
    .where(_of(TAGGED))
    .order_by(TAG.c.name)
)
_ANSWERS = (
    sa.select(
        LINK.c.case_id, RESPONSE.c.id, col(Survey.metric), col(Survey.name).label("survey"),
        *(RESPONSE.c[n] for n in ("score_given", "scale", "band", "comment", "answered_at")),
        LINK.c.joined_at, RESPONSE.c.contact_id,
    )
    .join(RESPONSE, RESPONSE.c.id == LINK.c.response_id)
    .join(Survey, col(Survey.id) == RESPONSE.c.survey_id)
    .where(_of(LINK))
    .order_by(RESPONSE.c.answered_at, RESPONSE.c.id)
)  # fmt: skip
_NOTES = (
    sa.select(
        MESSAGE.c.case_id, MESSAGE.c.created_at.label("at"), MESSAGE.c.kind, MESSAGE.c.way,
        col(AUTHOR.name).label("author"), MESSAGE.c.subject, MESSAGE.c.body.label("text"),
    )
    .outerjoin(AUTHOR, col(AUTHOR.id) == MESSAGE.c.author_id)
    .where(_of(MESSAGE), MESSAGE.c.undone_at.is_(None))
    .order_by(MESSAGE.c.id)
)  # fmt: skip
_DELIVERIES = (
    sa.select(
        DELIVERY.c.case_id, DELIVERY.c.created_at.label("at"), DELIVERY.c.vendor,
        DELIVERY.c.action, DELIVERY.c.state, DELIVERY.c.attempts, DELIVERY.c.ended_at,
        DELIVERY.c.last_error.label("error"),
    )
    .where(_of(DELIVERY), DELIVERY.c.action != "notice")
    .order_by(DELIVERY.c.id)
)  # fmt: skip
