"""Everything that the desk holds of one person, as one JSON object, audited."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from db.models import Account, Case, RootCause, Rule, Survey, Tag, metadata
from services import audit
from services.access import Actor, permitted
from services.domain.roles import Verb
from services.erasing.theirs import (
    ASK,
    CASE,
    DELIVERY,
    DRAFT,
    EDIT,
    INBOUND,
    LINK,
    MESSAGE,
    REF,
    REJECT,
    RESPONSE,
    Theirs,
    seen,
)

CONTACT, ATTEMPT, LEDGER, TAGGED, FIRING = (
    metadata.tables[name]
    for name in ("contact", "delivery_attempt", "ledger", "case_tag", "rule_firing")
)
Rows = list[dict[str, Any]]
_CASE = (
    "number", "status", "reason_key", "opened_at", "first_due", "close_due", "due_at",
    "contacted_at", "resolved_at", "snoozed_until", "outcome", "asked", "play", "steps",
    "ideal_customer", "play_result",
)  # fmt: skip
_ANSWER = (
    "id", "source", "external_id", "score_given", "scale", "score", "band", "comment", "channel",
    "touchpoint", "answered_at", "received_at", "followup", "is_test", "excluded_at",
    "excluded_reason", "props",
)  # fmt: skip


@permitted(Verb.EXPORT)
def export(session: Session, actor: Actor, contact_id: int, *, now: datetime) -> str:
    """The text of the file. All of it is of one person: show it to nobody else.

    Names of colleagues are left out: it is about who answered. Refused where there is no such
    person, or none any more.
    """
    person = seen(session, actor, contact_id)
    found = _held(session, Theirs(session, person))
    audit.record(
        session, actor.id, "export.contact", now=now, entity="contact", entity_id=contact_id,
        answers=len(found["answers"]), cases=len(found["cases"]), messages=len(found["messages"]),
    )  # fmt: skip
    whole = {"made_at": now.isoformat()} | found
    return json.dumps(whole, indent=1, ensure_ascii=False)


def _held(session: Session, theirs: Theirs) -> dict[str, Any]:
    (person,) = _rows(session, _person(theirs))
    answers, deliveries = _rows(session, _answers(theirs)), _rows(session, _deliveries(theirs))
    cases = _rows(session, _cases(theirs))
    _give(answers, "edits", _rows(session, _edits(theirs)))
    _give(deliveries, "tries", _rows(session, _tries(theirs)))
    _give(deliveries, "steps", _rows(session, _steps(theirs)))
    _give(cases, "answers", _rows(session, _joined(theirs)))
    _give(cases, "tags", _rows(session, _tags(theirs)))
    return {
        "contact": person, "answers": answers, "cases": cases, "deliveries": deliveries,
        "messages": _rows(session, _messages(theirs)),
        "drafts": _rows(session, sa.select(
            DRAFT.c.kind, DRAFT.c.subject, DRAFT.c.body, DRAFT.c.updated_at
        ).where(theirs.drafts)),
        "asked_for": _rows(session, sa.select(
            ASK.c.kind, ASK.c.at, ASK.c.result, ASK.c.result_at, ASK.c.undone_at
        ).where(theirs.asks).order_by(ASK.c.id)),
        "rules": _rows(session, sa.select(
            col(Rule.name).label("rule"), FIRING.c.n.label("version"), FIRING.c.mode, FIRING.c.at,
            FIRING.c.effects,
        ).join(Rule, col(Rule.id) == FIRING.c.rule_id).where(FIRING.c.contact_id == theirs.id)
        .order_by(FIRING.c.id)),
        "from_vendors": _rows(session, sa.select(
            INBOUND.c.vendor, INBOUND.c.thread, INBOUND.c.received_at, INBOUND.c.state,
            INBOUND.c.payload,
        ).where(theirs.came).order_by(INBOUND.c.id)),
        "at_vendors": _rows(session, sa.select(REF.c.vendor, REF.c.remote_id).where(theirs.refs)),
        "rows_not_imported": _rows(session, sa.select(
            REJECT.c.record, REJECT.c.value, REJECT.c.cells
        ).where(theirs.rejects).order_by(REJECT.c.id)),
    }  # fmt: skip


def _rows(session: Session, query: sa.Select[Any]) -> Rows:
    return [
        {name: _plain(value) for name, value in row.items()}
        for row in session.connection().execute(query).mappings()
    ]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value


def _give(rows: Rows, name: str, parts: Rows) -> None:
    """To each row (by `id`) those of the parts that name it as `of`."""
    for row in rows:
        row[name] = []
    by_id: Mapping[Any, dict[str, Any]] = {row["id"]: row for row in rows}
    for part in parts:
        by_id[part.pop("of")][name].append(part)


def _person(theirs: Theirs) -> sa.Select[Any]:
    kept = [column for column in CONTACT.c if column.name not in ("email_norm", "erased_at")]
    joined = CONTACT.outerjoin(Account, col(Account.id) == CONTACT.c.account_id)
    query = sa.select(*kept, col(Account.name).label("account"))
    return query.select_from(joined).where(CONTACT.c.id == theirs.id)


def _answers(theirs: Theirs) -> sa.Select[Any]:
    query = sa.select(
        *(RESPONSE.c[name] for name in _ANSWER), col(Survey.metric),
        col(Survey.name).label("survey"), col(Survey.question),
    )  # fmt: skip
    joined = RESPONSE.join(Survey, col(Survey.id) == RESPONSE.c.survey_id)
    return query.select_from(joined).where(theirs.responses).order_by(RESPONSE.c.answered_at)


def _edits(theirs: Theirs) -> sa.Select[Any]:
    query = sa.select(
        EDIT.c.response_id.label("of"), EDIT.c.at, EDIT.c.field, EDIT.c.before, EDIT.c.after
    )
    return query.where(theirs.edits).order_by(EDIT.c.id)


def _cases(theirs: Theirs) -> sa.Select[Any]:
    query = sa.select(
        CASE.c.id, *(CASE.c[name] for name in _CASE), col(RootCause.name).label("root_cause")
    )
    joined = CASE.outerjoin(RootCause, col(RootCause.id) == CASE.c.root_cause_id)
    return query.select_from(joined).where(theirs.cases).order_by(CASE.c.number)


def _joined(theirs: Theirs) -> sa.Select[Any]:
    query = sa.select(LINK.c.case_id.label("of"), LINK.c.response_id, LINK.c.joined_at)
    both = sa.and_(LINK.c.case_id.in_(theirs.case_ids), LINK.c.response_id.in_(theirs.response_ids))
    return query.where(both).order_by(LINK.c.joined_at)


def _tags(theirs: Theirs) -> sa.Select[Any]:
    query = sa.select(TAGGED.c.case_id.label("of"), col(Tag.name)).select_from(
        TAGGED.join(Tag, col(Tag.id) == TAGGED.c.tag_id)
    )
    return query.where(TAGGED.c.case_id.in_(theirs.case_ids)).order_by(col(Tag.name))


def _messages(theirs: Theirs) -> sa.Select[Any]:
    query = sa.select(
        MESSAGE.c.id, col(Case.number).label("case"), MESSAGE.c.kind, MESSAGE.c.way,
        MESSAGE.c.subject, MESSAGE.c.body, MESSAGE.c.created_at, MESSAGE.c.undone_at,
    )  # fmt: skip
    joined = MESSAGE.outerjoin(Case, col(Case.id) == MESSAGE.c.case_id)
    return query.select_from(joined).where(theirs.messages).order_by(MESSAGE.c.id)


def _deliveries(theirs: Theirs) -> sa.Select[Any]:
    names = (
        "id", "vendor", "action", "state", "payload", "created_at", "ended_at", "remote_id",
        "link", "last_error",
    )  # fmt: skip
    query = sa.select(*(DELIVERY.c[name] for name in names))
    return query.where(theirs.own_deliveries).order_by(DELIVERY.c.id)


def _tries(theirs: Theirs) -> sa.Select[Any]:
    ids = sa.select(DELIVERY.c.id).where(theirs.own_deliveries)
    query = sa.select(
        ATTEMPT.c.delivery_id.label("of"), ATTEMPT.c.at, ATTEMPT.c.state, ATTEMPT.c.error
    )
    return query.where(ATTEMPT.c.delivery_id.in_(ids)).order_by(ATTEMPT.c.id)


def _steps(theirs: Theirs) -> sa.Select[Any]:
    """What the ledger has of them: it stays when the person is erased."""
    ids = sa.select(DELIVERY.c.id).where(theirs.own_deliveries)
    query = sa.select(LEDGER.c.delivery_id.label("of"), LEDGER.c.at, LEDGER.c.kind, LEDGER.c.state)
    return query.where(LEDGER.c.delivery_id.in_(ids)).order_by(LEDGER.c.case_id, LEDGER.c.seq)
