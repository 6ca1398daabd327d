"""Agents and customers who do random things at a vendor, and a line to the desk that loses them.

`act` does one thing in a thread and says what must follow from it; `Line` carries what the vendor
tells of it to the desk: some of it never, twice, late, in another order, or forged by a stranger.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.standins import hooks
from tests.standins.hooks import Request
from tests.standins.intercom import Intercom
from tests.standins.zendesk import Zendesk

WORDS = ("We look into it", "Known since May", "Thanks", "It works now", "Still broken")


@dataclass(frozen=True)
class Done:
    """What was done: its kind (reply, note, answer, waiting, open, solved, owner) and its text."""

    kind: str
    text: str = ""


def act(vendor: Zendesk | Intercom, thread: str, chance: Random, nth: int) -> Done:
    """One random act in a ticket or a conversation; each text is its own."""
    text = f"{chance.choice(WORDS)} ({nth})"
    known = {Zendesk: _in_zendesk, Intercom: _in_intercom}
    return known[type(vendor)](vendor, thread, chance, text)


def _in_zendesk(there: Zendesk, thread: str, chance: Random, text: str) -> Done:
    number, agent = int(thread), chance.choice([there.ME, *there.agents])
    customer = there.tickets[number]["requester_id"]
    kind = chance.choice(("reply", "note", "answer", "waiting", "open", "owner"))
    if kind in ("reply", "note", "answer"):
        comment = {"html_body": f"<p>{text}</p>", "public": kind != "note"}
        by = customer if kind == "answer" else agent
        more = {"status": "open"} if kind == "answer" else {}
        there.does(number, by, comment=comment, **more)
        return Done(kind, text)
    if kind == "owner":
        there.does(number, agent, assignee_id=chance.choice([*there.agents, None]))
    else:
        there.does(number, agent, status="pending" if kind == "waiting" else "open")
    return Done(kind)


def _in_intercom(there: Intercom, thread: str, chance: Random, text: str) -> Done:
    kind = chance.choice(("reply", "note", "answer", "open", "owner"))
    if kind == "answer":
        there.does(thread, "comment", "user", f"<p>{text}</p>")
    elif kind in ("reply", "note"):
        part = {"reply": "comment", "note": "note"}[kind]
        there.does(thread, part, "992", f"<p>{text}</p>")
    elif kind == "owner":
        there.does(thread, "assignment", "992", to=chance.choice(("991", "992")))
    else:
        there.does(thread, "open", "992")
    return Done(kind, text if kind in ("reply", "note", "answer") else "")


@dataclass
class Line:
    """Between a vendor and the desk's door; `send` posts a request and gives the status."""

    vendor: str
    send: Callable[[Request], int]
    chance: Random
    late: list[Request] = field(default_factory=list)
    told: int = 0
    statuses: list[tuple[str, int]] = field(default_factory=list)

    def tell(self, thread: Any) -> None:
        """The vendor tells that something changed there; now and then the line fails."""
        self.told += 1
        kinds = ("sent", "sent", "dropped", "doubled", "late", "forged")
        kind = self.chance.choice(kinds)
        request = self._request(thread)
        if kind == "late":
            self.late.append(request)
        elif kind == "forged":
            self._post(kind, self._request(thread, "guessed"))
        elif kind != "dropped":
            for _ in range(2 if kind == "doubled" else 1):
                self._post(kind, request)

    def arrive(self) -> None:
        """What was late, in another order than it was told."""
        self.chance.shuffle(self.late)
        while self.late:
            self._post("late", self.late.pop())

    def _request(self, thread: Any, secret: str = hooks.SECRET) -> Request:
        made = hooks.zendesk if self.vendor == "zendesk" else hooks.intercom
        return made(thread, secret, n=self.told)

    def _post(self, kind: str, request: Request) -> None:
        self.statuses.append((kind, self.send(request)))
