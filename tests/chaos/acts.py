"""What people do to a case that a vendor hears of."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from db.models import Case, RootCause
from services.access import SHELL
from services.cases import pushing, replying, verbs


@dataclass(frozen=True)
class At:
    """A case in hand, and when."""

    session: Session
    case: Case
    now: datetime

    def mark(self, what: str) -> str:
        """A text that nobody else writes."""
        return f"chaos-{self.case.number}-{what}"

    def push(self, vendor: str) -> None:
        pushing.push(self.session, SHELL, self.case.number, vendor=vendor, now=self.now)

    def note(self) -> None:
        verbs.note(self.session, SHELL, self.case.number, body=self.mark("note"), now=self.now)

    def wait(self) -> None:
        number, version = self.case.number, self.case.version
        verbs.wait(self.session, SHELL, number, version=version, now=self.now)

    def reply(self, way: str, what: str = "reply", then: str = "") -> None:
        end = {"outcome": "solved", "root_cause_id": self._cause()} if then == "resolve" else {}
        replying.reply(
            self.session, SHELL, self.case.number, way=way, body=self.mark(what), then=then,
            now=self.now, **end,
        )  # fmt: skip

    def resolve(self) -> None:
        verbs.resolve(
            self.session, SHELL, self.case.number, outcome="solved", root_cause_id=self._cause(),
            version=self.case.version, now=self.now,
        )  # fmt: skip

    def _cause(self) -> int:
        return self.session.exec(select(RootCause.id)).first() or 0
