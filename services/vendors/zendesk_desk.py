"""The few calls to Zendesk that the desk makes: each gives what was asked for, or a VendorError."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from zenpy import Zenpy
from zenpy.lib.api_objects import Audit, Ticket, TicketAudit, User
from zenpy.lib.exception import APIException, ZenpyException

from services.vendors.base import Receipt, Vendor, VendorError
from services.vendors.over_requests import TIMEOUT
from services.vendors.zendesk_session import TITLE, Session, home
from services.vendors.zendesk_ticket import MARK

_AT_ONCE = 100
_MOST = 5000  # tickets or updates; a ticket holds 5,000 comments at most
# What zenpy raises, or stumbles over, where an answer is not of the shape it expects.
_ODD = (ZenpyException, APIException, AttributeError, KeyError, TypeError, ValueError)


class Desk:
    """One Zendesk, for as long as one message takes."""

    def __init__(self, session: Session, email: str, token: str) -> None:
        self._session = session
        # Where requests go is the session's to say; the name here only marks zenpy's own.
        self._zenpy = Zenpy(
            subdomain="loopdesk", email=email, token=token, session=session, timeout=TIMEOUT,
            disable_cache=True,
        )  # fmt: skip

    def me(self) -> User:
        """Who we are there. Zendesk answers strangers too, as nobody."""
        with self._understood():
            me = _a(User, self._zenpy.users.me())
        if me.id is None:
            raise VendorError(f"{TITLE} does not know who we are", reconnect=True)
        return me

    def ticket(self, number: int) -> Ticket:
        with self._understood():
            return _a(Ticket, self._zenpy.tickets(id=number))

    def called(self, external_id: str) -> list[int]:
        """The numbers of the tickets that carry this name."""
        with self._understood():
            return [int(one.id) for one in self._few(self._zenpy.tickets(external_id=external_id))]

    def audit(self, number: int, key: str) -> int | None:
        """The update of this ticket that was made under `key`."""
        with self._understood():
            audits = self._few(self._zenpy.tickets.audits(number))
            return next((int(audit.id) for audit in audits if _key(audit) == key), None)

    def keys(self, number: int) -> list[str | None]:
        """The key of every update of this ticket; none where it is not ours."""
        with self._understood():
            return [_key(audit) for audit in self._few(self._zenpy.tickets.audits(number))]

    def audits(self, number: int) -> list[dict[str, Any]]:
        """Every update of this ticket, the first one first, as plain values."""
        with self._understood():
            return [one.to_dict() for one in self._few(self._zenpy.tickets.audits(number))]

    def people(self, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
        """Users by their ids: agents and customers."""
        found: dict[int, dict[str, Any]] = {}
        for lot in _lots(sorted(ids)):
            with self._understood():
                for user in self._few(self._zenpy.users(ids=lot)):
                    found[int(user.id)] = {"email": user.email, "role": user.role}
        return found

    def updated(self, numbers: Sequence[int]) -> Iterator[tuple[int, str]]:
        """When each of these tickets was last updated; one that was deleted is left out."""
        for lot in _lots(numbers):
            with self._understood():
                found = [(int(one.id), str(one.updated_at))
                         for one in self._few(self._zenpy.tickets(ids=lot))]  # fmt: skip
            yield from found

    def create(self, ticket: Ticket) -> Receipt:
        with self._understood():
            made = _a(TicketAudit, self._zenpy.tickets.create(ticket))
            return self.receipt(int(made.ticket.id), None)

    def update(self, ticket: Ticket) -> Receipt:
        with self._understood():
            done = _a(TicketAudit, self._zenpy.tickets.update(ticket))
            return self.receipt(int(done.ticket.id), int(done.audit.id))

    def receipt(self, ticket: int, audit: int | None) -> Receipt:
        """For an update of a ticket, or for the ticket itself."""
        return Receipt(
            str(audit or ticket), thread=str(ticket), rest=self._session.rest,
            link=f"{self._session.base}/agent/tickets/{ticket}",
        )  # fmt: skip

    def _few(self, found: Iterable[Any]) -> Iterator[Any]:
        """All of them, unless there are so many that "it is not there" could not be said."""
        for nth, one in enumerate(found):
            if nth == _MOST:
                raise VendorError(f"{TITLE} has too many of these to look through", permanent=True)
            yield one

    @contextmanager
    def _understood(self) -> Iterator[None]:
        try:
            yield
        except _ODD:
            said = f"{TITLE} answered something else than was asked for"
            raise VendorError(said, unsure=self._session.writing) from None


@contextmanager
def connected(vendor: Vendor, key: str = "") -> Iterator[Desk]:
    """The Zendesk that an admin entered; `key` names what is about to be done there."""
    email, token = str(vendor.config.get("email") or ""), vendor.secrets.get("token") or ""
    if not email or not token:
        raise VendorError(f"{TITLE}: e-mail address or token is missing", reconnect=True)
    with Session(home(vendor.config), vendor.allow, key) as session:
        yield Desk(session, email, token)


def _lots(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """As many as one request may name."""
    return (ids[at : at + _AT_ONCE] for at in range(0, len(ids), _AT_ONCE))


def _a(kind: type[Any], answer: Any) -> Any:
    """zenpy gives back whatever it was told; a TypeError where it is not what was asked for."""
    if not isinstance(answer, kind):
        raise TypeError(kind.__name__)
    return answer


def _key(audit: Audit) -> str | None:
    custom = getattr(audit.metadata, "custom", None)
    return custom.get(MARK) if isinstance(custom, Mapping) else None
