"""A case that a stand-in of a vendor has too, and the desk's ways there and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import col, select

from db.engine import reading, transaction
from db.models import Case, CaseEvent, ExternalRef, Inbound, Message, User
from services import integrations, settings
from services.cases import pushing
from services.domain.retrying import Pace
from services.inbound import rows
from services.outbox import sending
from services.worker import inbound
from tests import builders as make
from tests.standins.hooks import SECRET
from tests.standins.intercom import Intercom
from tests.standins.zendesk import Zendesk

ADMIN = make.actor("admin")


@dataclass
class There:
    """Case `number` is `thread` there. `ana` and `bo` are agents, of whom only Ana works here."""

    vendor: str
    standin: Any
    now: datetime
    thread: str = ""
    ana: Any = 0
    bo: Any = 0
    customer: Any = 900
    number: int = 1

    def clock(self) -> datetime:
        return self.now

    def passes(self, **time: float) -> None:
        self.now += timedelta(**time)

    def does(self, by: Any, *what: Any, **given: Any) -> str:
        """An agent or the customer does something there, a minute later; what it is called."""
        self.passes(minutes=1)
        if self.vendor == "zendesk":
            return str(self.standin.does(int(self.thread), by, **given))
        return str(self.standin.does(self.thread, *what, by, **given))

    def told(self, *events: str) -> None:
        """The vendor tells that something changed, under these names."""
        told = [{"event_id": name, "thread": self.thread, "kind": "look"} for name in events]
        with transaction() as session:
            rows.keep(session, self.vendor, told, self.now)

    def takes(self) -> None:
        """The worker does what there is to do, and what waits a little."""
        for _ in range(3):
            while inbound.once(self.clock):
                pass
            self.passes(seconds=20)

    def sends(self) -> None:
        """What is owed to the vendor leaves."""
        self.passes(seconds=1)
        with reading() as session:
            vendor = integrations.built(session, self.vendor)
        while (claimed := sending.take(self.vendor, "w", Pace(), self.clock)) is not None:
            sending.note(claimed, sending.attempt(vendor, claimed), Pace(), self.clock)

    def case(self) -> Case:
        with reading() as session:
            return session.exec(select(Case).where(Case.number == self.number)).one()

    def events(self) -> list[CaseEvent]:
        with reading() as session:
            return list(session.exec(select(CaseEvent).order_by(col(CaseEvent.id))))

    def kinds(self) -> list[str]:
        """What happened to the case after it was sent there."""
        return [event.kind for event in self.events()][2:]

    def messages(self) -> list[tuple[str, str | None, str | None]]:
        with reading() as session:
            found = session.exec(select(Message).order_by(col(Message.id)))
            return [(one.kind, one.way, one.body) for one in found]

    def rows(self, kind: str = "change") -> list[Inbound]:
        with reading() as session:
            query = select(Inbound).where(Inbound.kind == kind).order_by(col(Inbound.id))
            return list(session.exec(query))

    def ana_here(self) -> User:
        with reading() as session:
            return session.exec(select(User).where(User.email == "ana@desk.example")).one()

    def stands(self) -> tuple[str, bool]:
        """Status and owner of the case: whether it waits, and whether Ana has it."""
        case, mine = self.case(), self.ana_here().id
        return "waiting" if case.status == "waiting" else "open", case.assignee_id == mine

    def stands_there(self) -> tuple[str, bool]:
        """The same over there: an agent who does not work here leaves ours as it was."""
        if self.vendor == "zendesk":
            ticket = self.standin.tickets[int(self.thread)]
            owned = [
                event["value"]
                for audit in self.standin.audits[int(self.thread)]
                for event in audit["events"] if event.get("field_name") == "assignee_id"
            ]  # fmt: skip
            known = [one for one in owned if one in (self.ana, None)]
            status = "waiting" if ticket["status"] == "pending" else "open"
            return status, bool(known and known[-1] == self.ana)
        parts = self.standin.conversations[self.thread]["parts"]
        return "open", self.ana in [
            one["assigned_to"]["id"] for one in parts if "assigned_to" in one
        ]


def begin(there: There, entered: dict[str, str]) -> There:
    """The vendor connected, and the case sent there."""
    now = there.now
    with transaction() as session:
        settings.put(session, "outgoing_allow", ["127.0.0.1"], actor_id=None, now=now)
        integrations.connect(session, ADMIN, there.vendor, entered, now=now)
        make.user(session, "csm", email="ana@desk.example", name="Ana", notify={"way": "email"})
        person = make.contact(session, "dana@acme.example", name="Dana")
        make.case(session, 2, now=now, contact_id=person.id)
        pushing.push(session, ADMIN, 1, vendor=there.vendor, now=now)
    there.sends()
    with reading() as session:
        query = select(ExternalRef.remote_id).where(ExternalRef.vendor == there.vendor)
        there.thread = session.exec(query).one()
    return there


def earlier() -> datetime:
    """Some hours ago, as vendors tell it: in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0) - timedelta(hours=5)


@contextmanager
def at_zendesk(**config: str) -> Iterator[There]:
    with Zendesk().serving() as standin:
        there = There("zendesk", standin, earlier())
        standin.clock = there.clock
        there.ana, there.bo = standin.hires("ana@desk.example"), standin.hires("bo@else.example")
        entered = {"base_url": standin.url, "email": standin.email, "token": standin.token,
                   "webhook_secret": SECRET} | config  # fmt: skip
        yield begin(there, entered)


@contextmanager
def at_intercom(**config: str) -> Iterator[There]:
    with Intercom().serving() as standin:
        there = There("intercom", standin, earlier(), ana="991", bo="992", customer="user")
        standin.clock = there.clock
        entered = {"base_url": standin.url, "token": standin.token, "admin_id": "991",
                   "client_secret": SECRET, "tag": ""} | config  # fmt: skip
        yield begin(there, entered)
