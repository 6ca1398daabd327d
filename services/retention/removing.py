"""The statements that remove what is too old, each for a lot of rows; how many there were."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from db.engine import bump
from db.forgetting import rewriting
from db.models import metadata
from services.access import Actor, Refused
from services.domain.roles import Role
from services.erasing.erase import erase
from services.erasing.removing import GONE
from services.outbox.owing import ERASED

(
    ASK, ATTEMPT, CASE, CONTACT, DELIVERY, DRAFT, EDIT, EVENT, FAILURE, INBOUND, LINK, MESSAGE,
    NOTICE, ONCE, REJECT, RESPONSE, RUN, SIGNED_IN,
) = (
    metadata.tables[name]
    for name in (
        "ask", "delivery_attempt", "case", "contact", "delivery", "draft", "response_edit",
        "case_event", "sign_in_failure", "inbound", "case_response", "message", "notice",
        "one_time_link", "import_reject", "response", "import_run", "session",
    )
)  # fmt: skip
DESK = Actor(id=None, name="retention", role=Role.ADMIN)


@dataclass(frozen=True)
class Times:
    """What is older than `cutoff` is removed, at `now`."""

    cutoff: datetime
    now: datetime


Take = Callable[[Session, Sequence[int], Times], int]


def signs_of_life() -> Iterator[tuple[Any, Any, Any]]:
    """(where, whether it is of the person, when) of all that says that somebody is around."""
    yield RESPONSE, RESPONSE.c.contact_id == CONTACT.c.id, RESPONSE.c.answered_at
    yield MESSAGE, MESSAGE.c.contact_id == CONTACT.c.id, MESSAGE.c.created_at
    yield ASK, ASK.c.contact_id == CONTACT.c.id, ASK.c.at
    done = EVENT.join(CASE, CASE.c.id == EVENT.c.case_id)
    yield done, CASE.c.contact_id == CONTACT.c.id, EVENT.c.at


def comments(session: Session, ids: Sequence[int], _times: Times) -> int:
    """What customers wrote in these answers; whoever follows the desk sees that it changed."""
    seq = bump(session)
    edits = sa.and_(EDIT.c.response_id.in_(ids), EDIT.c.field == "comment")
    _run(session, EDIT.update().where(edits).values(before=None, after=None))
    gone = RESPONSE.update().where(RESPONSE.c.id.in_(ids), RESPONSE.c.comment.is_not(None))
    return _run(session, gone.values(comment=None, change_seq=seq))


def people(session: Session, ids: Sequence[int], times: Times) -> int:
    """Erase them one by one, as a person would. To whom a message is leaving just now waits.

    The index of the search forgets them at the end of the run: it takes seconds on a large desk.
    """
    done = 0
    for contact_id in ids:
        try:
            erase(session, DESK, contact_id, now=times.now, last=False)
            done += 1
        except Refused:
            continue
    return done


def messages(session: Session, ids: Sequence[int], times: Times) -> int:
    """What was written on cases; that something was, when and by whom stays."""
    seq = bump(session)
    cases = sa.select(MESSAGE.c.case_id).where(MESSAGE.c.id.in_(ids))
    _run(session, CASE.update().where(CASE.c.id.in_(cases)).values(change_seq=seq))
    gone = MESSAGE.update().where(MESSAGE.c.id.in_(ids), MESSAGE.c.erased_at.is_(None))
    return _run(session, gone.values(subject=None, body=None, erased_at=times.now))


def payloads(session: Session, ids: Sequence[int], _times: Times) -> int:
    """What was sent, and the last thing that was said when it failed."""
    said = sa.case((DELIVERY.c.last_error.is_(None), sa.null()), else_=GONE)
    gone = DELIVERY.update().where(DELIVERY.c.id.in_(ids))
    return _run(session, gone.values(payload=ERASED, last_error=said))


def errors(session: Session, ids: Sequence[int], _times: Times) -> int:
    """What vendors answered to tries; the fingerprints of what was sent stay."""
    with rewriting(session, "delivery_attempt"):
        return _run(session, ATTEMPT.update().where(ATTEMPT.c.id.in_(ids)).values(error=GONE))


def deleting(table: sa.Table, key: Any, at: Any = None) -> Take:
    """Remove whole rows; those alone that are old by `at`, where one key names several."""

    def take(session: Session, ids: Sequence[int], times: Times) -> int:
        old = [] if at is None else [at < times.cutoff]
        return _run(session, table.delete().where(key.in_(ids), *old))

    return take


def _run(session: Session, statement: Any) -> int:
    return int(session.connection().execute(statement).rowcount)
