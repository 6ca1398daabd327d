"""The rules: what each removes once it is old enough, in parts that are taken lot by lot.

Scores, dates, surveys and cases with their journals always stay, so that no figure changes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services import vendor_scores
from services.erasing.removing import GONE
from services.retention import removing
from services.retention.holding import free, people
from services.retention.removing import (
    ATTEMPT,
    CASE,
    CONTACT,
    DELIVERY,
    DRAFT,
    FAILURE,
    INBOUND,
    LINK,
    MESSAGE,
    NOTICE,
    ONCE,
    REJECT,
    RESPONSE,
    RUN,
    SIGNED_IN,
    Take,
)

Where = sa.ColumnElement[bool]
LONGEST = 240  # months


@dataclass(frozen=True)
class Part:
    """Rows of one table. `key` names them in lots, `at` is their age; `source` where it is read.

    `where` says which ones beyond their age; `take` removes what is theirs, and says how many.
    """

    name: str
    words: str
    key: Any
    at: sa.ColumnElement[Any]
    source: Any
    where: Callable[[datetime], tuple[Where, ...]]
    take: Take
    lot: int = 500


@dataclass(frozen=True)
class Rule:
    """What is removed after how many months (`least` at least), and what of it stays."""

    title: str
    says: str
    least: int
    usual: int
    parts: tuple[Part, ...]


_UNRESOLVED = CASE.c.status.not_in(("resolved", "merged"))


def _still_worked_on(_cutoff: datetime) -> tuple[Where, ...]:
    """Comments that no unresolved case is about."""
    held = (
        sa.select(LINK.c.case_id)
        .join(CASE, CASE.c.id == LINK.c.case_id)
        .where(LINK.c.response_id == RESPONSE.c.id, _UNRESOLVED)
    )
    return RESPONSE.c.comment.is_not(None), ~held.exists(), free(
        RESPONSE.c.contact_id, RESPONSE.c.account_id
    )  # fmt: skip


def _silent(cutoff: datetime) -> tuple[Where, ...]:
    """People of whom nothing was heard and with whom nothing was done. Who must not be contacted
    stays: forgotten, they would be a new person who may be."""
    open_ = sa.select(CASE.c.id).where(CASE.c.contact_id == CONTACT.c.id, _UNRESOLVED)
    seen = (
        sa.select(at).select_from(source).where(mine, at >= cutoff).correlate(CONTACT).exists()
        for source, mine, at in removing.signs_of_life()
    )
    return (
        CONTACT.c.erased_at.is_(None), CONTACT.c.do_not_contact.is_(False),
        CONTACT.c.created_at < cutoff, ~open_.exists(), *(~one for one in seen),
        free(CONTACT.c.id, CONTACT.c.account_id),
    )  # fmt: skip


_LAST = sa.func.coalesce(
    sa.select(sa.func.max(RESPONSE.c.answered_at))
    .where(RESPONSE.c.contact_id == CONTACT.c.id)
    .scalar_subquery(),
    CONTACT.c.created_at,
)
# A message on a case that lives on in another one is as old as that one's end.
_ROOT = CASE.alias("root")
_OF_CASE = CASE.outerjoin(_ROOT, _ROOT.c.id == CASE.c.merged_into)
_ENDED = sa.func.coalesce(_ROOT.c.resolved_at, CASE.c.resolved_at)
_OVER = sa.func.coalesce(_ROOT.c.status, CASE.c.status) == "resolved"
_FREE = free(CASE.c.contact_id, CASE.c.account_id)
_HELD = sa.select(CASE.c.id).where(~_FREE)
_EARLIER = INBOUND.alias("earlier")
# It says since when the desk hears of the vendor: what was done before is not caught up with.
_FIRST = (
    sa.select(sa.func.min(_EARLIER.c.id))
    .where(_EARLIER.c.vendor == INBOUND.c.vendor)
    .correlate(INBOUND)
    .scalar_subquery()
)
# What carried a message or a score outside cases is about whom that was about.
_UNHELD = (
    ~_HELD.where(CASE.c.id == DELIVERY.c.case_id).exists(),
    sa.func.coalesce(DELIVERY.c.message_id, 0)
    .not_in(sa.select(MESSAGE.c.id).where(MESSAGE.c.contact_id.in_(people()))),
    DELIVERY.c.idem_key.not_in(vendor_scores.keys(RESPONSE.c.contact_id.in_(people()))),
)  # fmt: skip
_LEFT = DELIVERY.c.state.in_(("sent", "failed", "cancelled"))
_FULL = DELIVERY.c.payload["erased"].as_string().is_(None)
_SAID = sa.and_(ATTEMPT.c.error.is_not(None), ATTEMPT.c.error != GONE)


def _deleted(
    name: str, words: str, table: sa.Table, at: Any, where: Sequence[Where] = (), **more: Any
) -> Part:
    """Rows that go as a whole."""
    key = more.pop("key", None)
    key = table.c.id if key is None else key
    return Part(
        name, words, key, at, more.pop("source", table), lambda _cutoff: tuple(where),
        removing.deleting(table, key, at if at.table is table else None),
    )  # fmt: skip


RULES: Mapping[str, Rule] = {
    "comments": Rule(
        "Comments of answers",
        "What customers wrote is removed, also from the search; score, date and survey stay. Not "
        "while a case about the answer is open.",
        6, 36,
        (Part("comments", "comments", RESPONSE.c.id, RESPONSE.c.answered_at, RESPONSE,
              _still_worked_on, removing.comments),),
    ),
    "contacts": Rule(
        "People not heard of",
        "Who has not answered, and on whose cases nothing was done, is erased as on the page "
        "Contact: name, addresses and words go, scores stay. Not while a case is open, and nobody "
        "who must not be contacted: the desk would forget that.",
        12, 36,
        (Part("contacts", "people", CONTACT.c.id, _LAST, CONTACT, _silent, removing.people,
              lot=10),),
    ),
    "messages": Rule(
        "Messages of closed cases",
        "Replies, notes and mails of cases that were resolved so long ago are emptied, and drafts "
        "on them removed; who wrote when stays in the journal.",
        6, 24,
        (Part("messages", "messages and notes", MESSAGE.c.id,
              sa.func.coalesce(_ENDED, MESSAGE.c.created_at),
              MESSAGE.outerjoin(CASE, CASE.c.id == MESSAGE.c.case_id)
              .outerjoin(_ROOT, _ROOT.c.id == CASE.c.merged_into),
              lambda _cutoff: (sa.or_(_OVER, MESSAGE.c.case_id.is_(None)),
                               MESSAGE.c.erased_at.is_(None), _FREE,
                               free(MESSAGE.c.contact_id, None)),
              removing.messages),
         Part("drafts", "cases with drafts", DRAFT.c.case_id, _ENDED,
              _OF_CASE.join(DRAFT, DRAFT.c.case_id == CASE.c.id),
              lambda _cutoff: (_OVER, _FREE), removing.deleting(DRAFT, DRAFT.c.case_id))),
    ),
    "deliveries": Rule(
        "What deliveries carried",
        "The texts that were sent to vendors, and what they answered to a try that failed. That "
        "something was sent, when and how it ended stays, and so does its fingerprint: the ledger "
        "stays valid. It cannot be sent again.",
        3, 12,
        (Part("deliveries", "deliveries", DELIVERY.c.id, DELIVERY.c.ended_at, DELIVERY,
              lambda _cutoff: (_LEFT, _FULL, *_UNHELD),
              removing.payloads),
         Part("attempts", "answers to tries", ATTEMPT.c.id, ATTEMPT.c.at, ATTEMPT,
              lambda _cutoff: (_SAID, sa.select(DELIVERY.c.id).where(
                  DELIVERY.c.id == ATTEMPT.c.delivery_id, *_UNHELD).exists()),
              removing.errors)),
    ),
    "inbound": Rule(
        "What came in from vendors",
        "That a vendor told of something, by its number there, and what became of it; the text of "
        "what failed, which then cannot be tried again. What it changed on cases stays there. What "
        "was done at a vendor before that is no longer caught up with.",
        3, 12,
        (Part("events", "events", INBOUND.c.id, INBOUND.c.received_at,
              INBOUND.outerjoin(CASE, CASE.c.id == INBOUND.c.case_id),
              lambda cutoff: (INBOUND.c.state != "new", INBOUND.c.id > _FIRST, _FREE,
                              sa.or_(INBOUND.c.at.is_(None), INBOUND.c.at < cutoff)),
              removing.deleting(INBOUND, INBOUND.c.id)),),
    ),
    "traces": Rule(
        "Traces of work",
        "Ended sign-ins, used links, counted failures to sign in, drafts that nobody went on with, "
        "notices that were sent, and rows that imports did not take.",
        1, 12,
        (_deleted("sessions", "ended sign-ins", SIGNED_IN, SIGNED_IN.c.expires_at),
         _deleted("links", "one-time links", ONCE, ONCE.c.expires_at),
         _deleted("failures", "failures to sign in", FAILURE, FAILURE.c.at),
         _deleted("drafts", "cases with old drafts", DRAFT, DRAFT.c.updated_at,
                  key=DRAFT.c.case_id),
         _deleted("notices", "notices", NOTICE, NOTICE.c.sent_at),
         _deleted("rejects", "rows of imports", REJECT, RUN.c.started_at,
                  source=REJECT.join(RUN, RUN.c.id == REJECT.c.import_run_id))),
    ),
}  # fmt: skip
