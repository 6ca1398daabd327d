"""Which rows are about one person: the conditions that both the export and the erasure use.

A note belongs to the person whose case it stands on, unless it was written to or by another one.
"""

import json
from collections.abc import Iterable
from functools import cached_property
from typing import Any
from urllib.parse import quote_plus

import sqlalchemy as sa
from sqlmodel import Session, select

from db.models import Contact, metadata
from db.search import named
from services import vendor_scores
from services.access import Actor, Refused
from services.insights.people import contact_seen
from services.person_fields import norm

NOTHING = "Nothing was changed."
TELLING = 5  # characters of a name or an id: a shorter one is found in what is about others
ASK, CASE, DELIVERY, DRAFT, EDIT, LINK, MESSAGE, REF, REJECT, RESPONSE, VIEW, USER = (
    metadata.tables[name]
    for name in (
        "ask", "case", "delivery", "draft", "response_edit", "case_response", "message",
        "external_ref", "import_reject", "response", "saved_view", "user",
    )
)  # fmt: skip
INBOUND = metadata.tables["inbound"]
Where = sa.ColumnElement[bool]


class Theirs:
    """The conditions for one person, as they are called now."""

    def __init__(self, session: Session, person: Contact) -> None:
        self.session, self.id = session, person.id or 0
        self.addresses = _told(person.email, person.email_norm, person.bounced_email)
        self.names = _told(person.name, person.external_id, least=TELLING)
        self.responses: Where = RESPONSE.c.contact_id == self.id
        self.cases: Where = CASE.c.contact_id == self.id
        self.asks: Where = ASK.c.contact_id == self.id
        self.drafts: Where = DRAFT.c.case_id.in_(self.case_ids)
        self.came: Where = INBOUND.c.case_id.in_(self.case_ids)
        self.edits: Where = EDIT.c.response_id.in_(self.response_ids)

    @property
    def case_ids(self) -> sa.Select[Any]:
        """Ids of the cases that are about them, merged ones too."""
        return sa.select(CASE.c.id).where(self.cases)

    @property
    def response_ids(self) -> sa.Select[Any]:
        """Ids of their answers."""
        return sa.select(RESPONSE.c.id).where(self.responses)

    @property
    def elsewhere(self) -> Where:
        """Cases about somebody else that hold an answer of theirs."""
        holds = sa.select(LINK.c.case_id).where(LINK.c.response_id.in_(self.response_ids))
        return sa.and_(CASE.c.id.in_(holds), CASE.c.contact_id.is_distinct_from(self.id))

    @property
    def messages(self) -> Where:
        """What was written to them, by them, or about them."""
        nobodys = sa.and_(MESSAGE.c.contact_id.is_(None), MESSAGE.c.case_id.in_(self.case_ids))
        return sa.or_(MESSAGE.c.contact_id == self.id, nobodys)

    @property
    def own_deliveries(self) -> Where:
        """What carried a message, a case or a score of theirs."""
        carried = sa.select(MESSAGE.c.id).where(self.messages)
        scores = vendor_scores.keys(self.responses)
        return sa.or_(
            DELIVERY.c.message_id.in_(carried), DELIVERY.c.idem_key.in_(scores),
            _told_of(self.cases),
        )  # fmt: skip

    @property
    def deliveries(self) -> Where:
        """Those, and what told of somebody else's case with an answer of theirs in it."""
        return sa.or_(self.own_deliveries, _told_of(self.elsewhere))

    @property
    def refs(self) -> Where:
        """What vendors call them."""
        return sa.and_(REF.c.entity == "contact", REF.c.entity_id == self.id)

    @property
    def rejects(self) -> Where:
        """Rows of imports that were not taken and name them: an address anywhere, a name or an id
        as a whole cell."""
        wanted = [*map(_inner, self.addresses), *(f'"{_inner(name)}"' for name in self.names)]
        cells = sa.cast(REJECT.c.cells, sa.Text)
        found = [self._says(cells, word) for word in _spelt(wanted)]
        return sa.or_(
            sa.false(), *found, *(self._says(REJECT.c.value, one) for one in self.addresses)
        )

    @property
    def views(self) -> Where:
        """Saved views that search for them."""
        words = map(quote_plus, self.addresses | self.names)
        return sa.or_(sa.false(), *(self._says(VIEW.c.query, word) for word in words))

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of their cases."""
        query = sa.select(CASE.c.number).where(self.cases).order_by(CASE.c.number)
        return tuple(self.session.connection().execute(query).scalars())

    def named_in(self, text: str) -> bool:
        """Whether a text holds their address, name or id."""
        return any(word.casefold() in text.casefold() for word in self.addresses | self.names)

    def _says(self, column: Any, text: str) -> Where:
        return named(self.session, column, text)


def seen(session: Session, actor: Actor, contact_id: int, *, lock: bool = False) -> Contact:
    """The person; Refused where there is none, or none any more. `lock`: until the end."""
    person = session.get(Contact, contact_id, with_for_update=lock or None, populate_existing=True)
    if person is None or not contact_seen(session, actor, person):
        raise Refused(f"There is no such person here. {NOTHING}")
    if person.erased_at:
        raise Refused(f"The person was erased. {NOTHING}")
    return person


def called(session: Session, who: str) -> int:
    """The id of the person with this id or e-mail address."""
    if who.isascii() and who.isdigit():
        return int(who)
    found = session.exec(select(Contact.id).where(Contact.email_norm == norm(who))).first()
    if found is None:
        raise Refused(f"Nobody here has this address. {NOTHING}")
    return found


def _told_of(cases: Where) -> Where:
    """Deliveries that say how these cases stand; notices to colleagues are others."""
    ids = sa.select(CASE.c.id).where(cases)
    alone = DELIVERY.c.user_id.is_(None) & DELIVERY.c.message_id.is_(None)
    return sa.and_(alone, DELIVERY.c.case_id.in_(ids))


def _told(*texts: str | None, least: int = 1) -> frozenset[str]:
    return frozenset(text.strip() for text in texts if text and len(text.strip()) >= least)


def _inner(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _spelt(words: Iterable[str]) -> set[str]:
    """As PostgreSQL writes JSON, and as Python does into SQLite: beyond ASCII with escapes."""
    return {form for word in words for form in (word, _escaped(word))}


def _escaped(text: str) -> str:
    return "".join(one if one.isascii() else json.dumps(one)[1:-1] for one in text)
