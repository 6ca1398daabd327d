"""Status and owner, which both sides can change: taken over, so already, too old, in conflict."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, func, select

from db.models import Inbound, RootCause, User
from services import calendars
from services.access import Actor
from services.cases import two_sides, verbs
from services.cases.journal import Held, journal, keep, legal
from services.domain import lifecycle, syncing
from services.domain.lifecycle import Move, Outcome, State, Status
from services.domain.syncing import Sides, Stand, Verdict, stand
from services.inbound import rows, threads


@dataclass(kw_only=True)
class Doing:
    """What is at work on a case: a change that came from `vendor`, or a person who takes theirs.

    `settings` are the vendor's; `last` is the event that was written last.
    """

    session: Session
    vendor: str
    actor: Actor
    settings: Mapping[str, Any]
    now: datetime
    last: int = 0

    def keep(self, case: Held, after: State, move: Move, **data: Any) -> None:
        """The new state and its event, which says where it came from."""
        given = {"there": self.vendor} | data
        done = keep(self.session, self.actor, case, after, move, now=self.now, **given)
        self.last = done.event_id


@dataclass(frozen=True)
class Here:
    """The case in hand, and how the field stands on both sides."""

    case: Held
    field: str
    theirs: Any
    ours: Any


def decide(came: Doing, row: Inbound, here: Here, take: Callable[[], None]) -> str | None:
    """Take what `row` says over, or why not; where both have changed, note both for a person."""
    session, vendor = came.session, came.vendor
    events = journal(session, here.case.case.id or 0)
    ours_at = two_sides.ours_at(events, vendor, here.field)
    waits = ours_at is not None and here.field == "status"
    verdict = syncing.judge(Sides(
        at=row.at or came.now, same=here.theirs == here.ours, ours_at=ours_at,
        theirs_at=rows.newest(session, row, here.field),
        unsent=waits and threads.unsent(session, vendor, here.case.case.id or 0),
    ))  # fmt: skip
    if verdict is Verdict.OLD:
        return "a later change from there was taken in before"
    if verdict is Verdict.SAME:
        return agree(came, here)
    if verdict is Verdict.TAKE:
        take()
        return None
    with legal():
        after = syncing.conflicted(here.case.state)
    came.keep(here.case, after, Move.CONFLICTED, field=here.field, **_both(here))
    return None


def _both(here: Here) -> dict[str, Any]:
    """People by the names that the journal has for them."""
    if here.field == "owner":
        return {"to": here.theirs, "owner": here.ours}
    return {"theirs": here.theirs, "ours": here.ours}


def agree(came: Doing, here: Here) -> str | None:
    """Both sides say the same: what waited for a person because they did not is over."""
    events = journal(came.session, here.case.case.id or 0)
    fields = {event.data["field"] for event in two_sides.open_conflicts(events)}
    if here.field not in fields:
        return f"the {here.field} was so here already"
    with legal():
        after = syncing.settled(here.case.state)
    came.keep(here.case, after, Move.SETTLED, field=here.field, agreed=True)
    return None


def standing(doing: Doing, case: Held) -> str:
    """How the case stands, in the words of both; solved is also what was solved there and waits."""
    events = journal(doing.session, case.case.id or 0)
    waits = case.state.status in lifecycle.UNRESOLVED and two_sides.asked(events) is not None
    return (Stand.SOLVED if waits else stand(case.state.status)).value


def own(doing: Doing, case: Held, to: int | None) -> None:
    """The owner over there owns it here, too."""
    user = doing.session.get(User, to) if to else None
    with legal():
        after = lifecycle.assigned(case.state, to, user.team_id if user else None)
    doing.keep(case, after, Move.ASSIGNED)


def move(doing: Doing, case: Held, to: str) -> None:
    """The status over there is the status here, too."""
    if to == Stand.SOLVED:
        return _solve(doing, case)
    if case.state.status is Status.RESOLVED:
        _reopen(doing, case)
    calendar = calendars.calendar_of(doing.session, case.state.team_id)
    if to == Stand.WAITING and case.state.status is not Status.WAITING:
        with legal():
            after = lifecycle.waited(case.state, doing.now)
        doing.keep(case, after, Move.WAITED)
    elif to == Stand.OPEN and case.state.status is Status.WAITING:
        with legal():
            after = lifecycle.resumed(case.state, doing.now, calendar)
        doing.keep(case, after, Move.RESUMED)
    elif standing(doing, case) != to:  # solved there for a while, and open again
        with legal():
            after = syncing.settled(case.state)
        doing.keep(case, after, Move.SETTLED, field="status", agreed=True)


def _reopen(doing: Doing, case: Held) -> None:
    verbs.refuse_a_second(doing.session, case.case)
    promised = verbs.promise(doing.session, case.state.team_id)
    with legal():
        after = lifecycle.reopened(case.state, doing.now, promised)
    doing.keep(case, after, Move.REOPENED)


def _solve(doing: Doing, case: Held) -> None:
    """Resolved with what an admin chose for that, else a person is asked how it ended."""
    cause = _cause(doing) if doing.settings.get("when_solved") == "resolve" else None
    if cause is None:
        with legal():
            after = syncing.done_there(case.state)
        doing.keep(case, after, Move.DONE_THERE)
        return
    calendar = calendars.calendar_of(doing.session, case.state.team_id)
    outcome = Outcome(doing.settings.get("solved_outcome") or Outcome.SOLVED)
    with legal():
        after = lifecycle.resolved(
            case.state, doing.now, calendar, outcome=outcome, root_cause_id=cause
        )
    doing.keep(case, after, Move.RESOLVED)


def _cause(doing: Doing) -> int | None:
    """The root cause that an admin named, while it is in the list."""
    name = str(doing.settings.get("solved_cause") or "").strip().casefold()
    query = select(RootCause).where(func.lower(RootCause.name) == name)
    found = doing.session.exec(query).first()
    fine = found is not None and found.accepted_at and not found.retired_at
    return found.id if found is not None and fine else None
