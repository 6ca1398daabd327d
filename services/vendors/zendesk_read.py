"""What Zendesk has of what was sent: its updates carry our keys, so each can be counted."""

from collections.abc import Sequence

from services.vendors.base import Message, There, external_id
from services.vendors.zendesk_desk import Desk
from services.vendors.zendesk_ticket import ticket_id

_ENDED = ("solved", "closed")


def there(desk: Desk, messages: Sequence[Message]) -> dict[str, There]:
    """Tickets by their name, comments by the ticket they belong to and those that follow it."""
    look = _Look(desk)
    told = [
        one
        for one in messages
        if one.action == "ticket" or (one.action in ("reply", "note") and one.thread)
    ]
    return {one.key: look.at(one) for one in told}


class _Look:
    """One look at some tickets, each of which is read once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._keys: dict[int, list[str | None]] = {}

    def at(self, message: Message) -> There:
        """How often the update with this key is there."""
        opens = message.action == "ticket"
        around = self._desk.called(external_id(message)) if opens else self._around(message)
        mine = [number for number in around for key in self._of(number) if key == message.key]
        if not opens or not mine:
            return There(len(mine))
        return There(len(mine), self._desk.ticket(mine[-1]).status in _ENDED)

    def _around(self, message: Message) -> list[int]:
        """The ticket and those that follow it; nothing where it was deleted."""
        number = ticket_id(message)
        if not list(self._desk.updated([number])):
            return []
        ticket = self._desk.ticket(number)
        return [number, *map(int, getattr(ticket, "followup_ids", None) or ())]

    def _of(self, number: int) -> list[str | None]:
        if number not in self._keys:
            self._keys[number] = self._desk.keys(number)
        return self._keys[number]
