"""Zendesk Support: a case is a ticket there, and what is said about it are its comments."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from zenpy.lib.api_objects import Ticket

from services.domain.case_state import Outcome
from services.vendors import two_way, zendesk_in, zendesk_read
from services.vendors import zendesk_ticket as ticket_of
from services.vendors.base import (
    NAMED,
    Field,
    Message,
    Receipt,
    There,
    Unsure,
    Vendor,
    VendorError,
    external_id,
)
from services.vendors.words import line
from services.vendors.zendesk_desk import Desk, connected
from services.vendors.zendesk_session import home

_STRANGE = "The ticket of this number in Zendesk was not made by Loopdesk"


class Zendesk(Vendor):
    """Every effect carries its key in the ticket's audits, so a lost answer can be looked up."""

    name = "zendesk"
    title = "Zendesk"
    fields: ClassVar[tuple[Field, ...]] = (
        Field("subdomain", "Subdomain", "acme for acme.zendesk.com.", required=False),
        Field("email", "E-mail address", "Of the agent in whose name Loopdesk acts."),
        Field("token", "API token", "From Admin Center, API tokens.", secret=True),
        Field("tags", "Tags", "Put on every ticket, separated by spaces.", default="loopdesk",
              required=False),
        Field("group", "Group number", "Tickets go to this group.", required=False),
        Field("brand", "Brand number", "Tickets belong to this brand.", required=False),
        Field("base_url", "Address", "Only where it is not https://SUBDOMAIN.zendesk.com.",
              required=False),
        Field("follow_status", "The ticket follows the case",
              "A resolved case solves the ticket; a reopened one opens it.", default="yes",
              choices=("yes", "no")),
        Field("copy_notes", "Notes are copied",
              "Notes on the case become internal notes there.", default="no",
              choices=("yes", "no")),
        Field("webhook_secret", "Signing secret of the webhook",
              "From Zendesk, where you made the webhook.", secret=True, required=False),
        *two_way.fields("ticket", [*Outcome]),
    )  # fmt: skip
    actions: ClassVar[Mapping[str, Unsure]] = {
        "ticket": Unsure.LOOK,
        "reply": Unsure.LOOK,
        "note": Unsure.LOOK,
        "status": Unsure.AGAIN,
        "owner": Unsure.AGAIN,
    }

    @classmethod
    def wrong_field(cls, theirs: str) -> str | None:
        fine = theirs.isascii() and theirs.isdigit() and len(theirs) <= 18
        return None if fine else "A ticket field is named by its number"

    def check(self) -> str:
        ticket_of.opened(Message("check", "ticket", {"card": {"number": 0}}), self.config)
        with connected(self) as desk:
            me = desk.me()
        if me.role not in ("agent", "admin"):
            said = "Zendesk: this address belongs to an end user; it must be an agent's"
            raise VendorError(said, permanent=True)
        host = home(self.config).partition("://")[2]
        return f"Signed in to {host} as {line(me.name, 60)} ({me.role})"

    def payload(self, message: Message) -> dict[str, Any]:
        """Where the ticket is closed by then, the comment goes into a ticket that follows it."""
        return ticket_of.written(self._ticket(message))

    def send(self, message: Message) -> Receipt:
        wanted = self._ticket(message)
        with connected(self, message.key) as desk:
            if message.action == "ticket":
                return desk.create(wanted)
            now = desk.ticket(ticket_of.ticket_id(message))
            _is_ours(desk, now)
            if message.action == "reply":
                _reaches_somebody(desk, now)
            if now.status != "closed":
                return desk.update(wanted)
            if message.action in ("status", "owner"):
                return _closed(desk, message, now)
            return desk.create(ticket_of.followed(message, now))

    def there(self, messages: Sequence[Message]) -> dict[str, There]:
        """Each update is counted by its key."""
        with connected(self) as desk:
            return zendesk_read.there(desk, messages)

    def find(self, message: Message) -> Receipt | None:
        with connected(self) as desk:
            for number in _places(desk, message):
                if (audit := desk.audit(number, message.key)) is not None:
                    return desk.receipt(number, None if message.action == "ticket" else audit)
        return None

    def changes(self, thread: str, known: Collection[str]) -> list[two_way.Change]:
        """The audits of a ticket that are not known yet."""
        with connected(self) as desk, zendesk_in.readable():
            number = ticket_of.ticket_id(Message("", "read", {}, thread))
            audits = desk.audits(number)
            new = [one for one in audits if f"audit:{one['id']}" not in known]
            people = desk.people(zendesk_in.people_in(new))
            made = [zendesk_in.change(one, people) for one in new]
            if audits and not any(map(zendesk_in.ours, audits)):
                raise VendorError(_STRANGE, permanent=True)
            return made

    def changed(self, threads: Sequence[str], since: datetime) -> Iterator[tuple[str, datetime]]:
        """By the time of each ticket's last update: its list may be read by any agent."""
        numbers = [int(thread) for thread in threads if thread.isdigit()]
        with connected(self) as desk, zendesk_in.readable():
            for number, told in desk.updated(numbers):
                if (at := zendesk_in.moment(told)) >= since:
                    yield str(number), at

    def _ticket(self, message: Message) -> Ticket:
        if message.action == "ticket":
            return ticket_of.opened(message, self.config)
        if message.action == "status":
            return ticket_of.moved(message)
        if message.action == "owner":
            return ticket_of.owned(message)
        return ticket_of.commented(message)


def _places(desk: Desk, message: Message) -> list[int]:
    """The tickets in which this may have happened."""
    if message.action == "ticket":
        return desk.called(external_id(message))
    ticket = desk.ticket(ticket_of.ticket_id(message))
    return [int(ticket.id), *map(int, getattr(ticket, "followup_ids", None) or ())]


def _is_ours(desk: Desk, ticket: Ticket) -> None:
    """Numbers begin anew in each Zendesk: where the desk was connected to another one since, this
    number is a ticket of somebody else."""
    named = str(getattr(ticket, "external_id", None) or "").startswith(NAMED)
    if not named and not any(desk.keys(int(ticket.id))):
        raise VendorError(_STRANGE, permanent=True)


def _reaches_somebody(desk: Desk, ticket: Ticket) -> None:
    """A ticket without a customer belongs to us: a public reply would come back to nobody."""
    if ticket.requester_id == desk.me().id:
        said = "The ticket in Zendesk has no customer, so nobody would get this reply"
        raise VendorError(said, permanent=True)


def _closed(desk: Desk, message: Message, ticket: Ticket) -> Receipt:
    """Closed is more than solved, and for ever."""
    if message.body.get("status") == "solved":
        return desk.receipt(int(ticket.id), None)
    said = "The ticket in Zendesk is closed for good; the next reply opens one that follows it"
    raise VendorError(said, permanent=True)
