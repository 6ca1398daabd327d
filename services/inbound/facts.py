"""One fact that came from a vendor, made true of its case. What cannot be done is Refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from db.models import Case, Inbound, Message
from services import calendars
from services.access import actor_for
from services.cases import answered, lineage, verbs
from services.cases.journal import LONGEST, Held, held, legal
from services.domain import lifecycle, replies
from services.domain.lifecycle import Move, Status
from services.inbound import rows, sides, threads
from services.inbound.sides import Doing, Here
from services.vendors.two_way import Fact

_STRANGER = "who owns it there has no address that is known here"


@dataclass(kw_only=True)
class Came(Doing):
    """A change of a thread that is in hand, of `case`."""

    row: Inbound
    case: Case

    @property
    def at(self) -> datetime:
        """When it was done, as far as that can be: not before the case, not after now."""
        return min(max(self.row.at or self.now, self.case.opened_at), self.now)

    def hold(self) -> Held:
        """The case, or the one that it was merged into, locked."""
        root = lineage.root_of(self.session, self.case)
        return held(self.session, self.actor, root.number, None)


def apply(came: Came, fact: Fact) -> str | None:
    """Make it true; in a few words why it was left out, if it was."""
    return _APPLY[fact.what](came, fact)


def _reply(came: Came, fact: Fact) -> str | None:
    """An agent reached the customer: a contact at the time that the vendor says."""
    case = came.hold()
    calendar = calendars.calendar_of(came.session, case.state.team_id)
    with legal():
        after = lifecycle.contacted(case.state, came.at, calendar)
    message = _message(came, case.case, "reply", fact.text)
    came.keep(
        case, after, Move.CONTACTED, message_id=message.id, way=came.vendor,
        reached=came.at.isoformat(),
    )  # fmt: skip
    return None


def _note(came: Came, fact: Fact) -> str | None:
    case = came.hold()
    with legal():
        after = lifecycle.noted(case.state)
    message = _message(came, case.case, "note", fact.text)
    came.keep(case, after, Move.NOTED, message_id=message.id)
    return None


def _answer(came: Came, fact: Fact) -> str | None:
    """The customer wrote there: as if they had answered by mail."""
    found = answered.case_for(came.session, came.case)
    case = held(came.session, came.actor, found.number, None)
    promised = verbs.promise(came.session, case.state.team_id)
    newest = rows.newest(came.session, came.row, "status")
    with legal():
        after = replies.answered(case.state, came.now, promised)
    if newest and came.row.at and newest > came.row.at:  # it came late: they know of it there
        after = case.state
    message = _message(came, case.case, "inbound", fact.text)
    came.keep(
        case, after, Move.ANSWERED, message_id=message.id, way=came.vendor,
        reopened=case.state.status is Status.RESOLVED and after != case.state,
    )  # fmt: skip
    return None


def _message(came: Came, case: Case, kind: str, text: str) -> Message:
    made = Message(
        case_id=case.id or 0, kind=kind, way=came.vendor, author_id=came.actor.id,
        contact_id=came.case.contact_id, body=text.replace("\0", "")[:LONGEST] or None,
        created_at=came.now,
    )  # fmt: skip
    came.session.add(made)
    came.session.flush()
    return made


def _owner(came: Came, fact: Fact) -> str | None:
    if not fact.known:
        return _STRANGER
    user = threads.colleague(came.session, fact.to)
    if fact.to and user is None:
        return "who owns it there does not work here"
    case = came.hold()
    if user is not None and not actor_for(came.session, user).sees(case.case.unit_id):
        return f"{user.name}, who owns it there, does not see the cases of this unit"
    to = user.id if user else None
    here = Here(case, "owner", theirs=to, ours=case.state.assignee_id)
    return sides.decide(came, came.row, here, lambda: sides.own(came, case, to))


def _status(came: Came, fact: Fact) -> str | None:
    case = came.hold()
    ours = sides.standing(came, case)
    here = Here(case, "status", theirs=fact.to, ours=ours)
    return sides.decide(came, came.row, here, lambda: sides.move(came, case, str(fact.to)))


_APPLY: Mapping[str, Callable[[Came, Fact], str | None]] = {
    "reply": _reply, "note": _note, "answer": _answer, "owner": _owner, "status": _status,
}  # fmt: skip
