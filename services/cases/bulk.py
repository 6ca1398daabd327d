"""One act on many cases: what it would do, doing it, and taking all of it back at once.

Each case is done by the verb that people use on one case, so its rules are those rules; what it
would do is found by doing it and rolling that back. The caller hands over some cases at a time
(`LOT`), each lot in a transaction of its own, so that others get their turn between them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from sqlmodel import Session, col, or_, select

from db.engine import turn
from db.models import Case, CaseEvent, Contact
from services.access import Actor, Refused, permitted
from services.cases import bulk_sending, reach, tagging, undo, verbs
from services.cases.bulk_sending import Sent
from services.cases.journal import NOTHING, Done, held
from services.cases.standing import taken_back
from services.domain.lifecycle import Move
from services.domain.roles import Verb

MOST = 500  # cases of one act
LOT = 50  # cases of one transaction
_UNDONE = col(CaseEvent.kind) == Move.UNDONE


class Kind(StrEnum):
    """What can be done to many cases at once. To send is to reply with a template."""

    ASSIGN = "assign"
    TEAM = "team"
    TAG = "tag"
    UNTAG = "untag"
    SNOOZE = "snooze"
    WAKE = "wake"
    RESOLVE = "resolve"
    SEND = "send"


_VERBS: Mapping[Kind, Callable[..., Done]] = {
    Kind.ASSIGN: verbs.assign, Kind.TEAM: verbs.assign_team, Kind.TAG: tagging.tag,
    Kind.UNTAG: tagging.untag, Kind.SNOOZE: verbs.snooze, Kind.WAKE: verbs.wake,
    Kind.RESOLVE: verbs.resolve,
}  # fmt: skip


@dataclass(frozen=True)
class Act:
    """What is done to each case: `given` are the arguments of the verb for one."""

    kind: Kind
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Touched:
    """What becomes of one case: the event that was (or would be) written, or `why_not`.

    `version` is the one that was seen, on which the act is done. `who` is a customer's own text;
    `to` is where the message goes, `template_id` what it says, and `mark` which text that was.
    `told`: what was taken back.
    """

    number: int
    version: int
    who: str = ""
    event_id: int | None = None
    why_not: str = ""
    contact_id: int | None = None
    to: str = ""
    template_id: int | None = None
    mark: str = ""
    told: str = ""


@permitted(Verb.BULK)
def preview(
    session: Session, actor: Actor, act: Act, numbers: Sequence[int], *, now: datetime,
    before: Sequence[Touched] = (),
) -> list[Touched]:  # fmt: skip
    """What the act would do to these cases, after those of earlier lots. Nothing is kept."""
    with session.begin_nested() as trial:
        found = _Work(session, actor, act, now, before).all(dict.fromkeys(numbers))
        trial.rollback()
    return found


@permitted(Verb.BULK)
def do(
    session: Session, actor: Actor, act: Act, seen: Sequence[Touched], *, batch_id: str,
    now: datetime,
) -> list[Touched]:  # fmt: skip
    """Do what a preview promised; what has changed since is left as it is, and says so: also where
    only the text or the address of a message has.

    What was done under the same `batch_id` already is not done again.
    """
    turn(session)
    done = _done(session, batch_id, [one.number for one in seen])
    part = replace(actor, batch_id=batch_id)
    found = _Work(session, part, act, now, (), seen).all(
        {one.number: one.version for one in seen if one.number not in done}
    )
    new = {one.number: one for one in found}
    return [
        new.get(one.number) or replace(one, event_id=done[one.number], why_not="") for one in seen
    ]


@permitted(Verb.WORK_CASES)
def steps_of(session: Session, actor: Actor, batch_id: str) -> list[tuple[int, int]]:
    """(number, event id) of all that was done under this id and stands, the last first.

    What was taken back by itself does not, unless that was taken back in turn.
    """
    ours = select(CaseEvent.case_id).where(CaseEvent.batch_id == batch_id)
    query = (
        select(Case.number, CaseEvent)
        .join(CaseEvent, col(CaseEvent.case_id) == Case.id)
        .where(col(Case.id).in_(ours), or_(CaseEvent.batch_id == batch_id, _UNDONE))
        .order_by(col(CaseEvent.id))
    )
    if actor.units is not None:
        query = query.where(col(Case.unit_id).in_(actor.units))
    found = session.exec(query).all()
    gone = taken_back([event for _, event in found])
    return [
        (number, event.id or 0) for number, event in reversed(found)
        if event.batch_id == batch_id and event.id not in gone
    ]  # fmt: skip


@permitted(Verb.WORK_CASES)
def take_back(
    session: Session, actor: Actor, steps: Sequence[tuple[int, int]], *, now: datetime
) -> list[Touched]:
    """Take back these steps of one act, each as `undo` would: `why_not` where it refuses."""

    def one(number: int, event_id: int) -> Touched:
        done = undo.undo(session, actor, number, event_id, now=now)
        return Touched(number, done.version, event_id=done.event_id, told=done.told)

    return [
        _tried(session, partial(one, number, event_id), Touched(number, 0))
        for number, event_id in steps
    ]


def reason(refused: Refused) -> str:
    """Why, without what was not done: here much else was."""
    words = str(refused)
    for rest in (NOTHING, "Nothing was sent."):
        words = words.removesuffix(rest).strip()
    return words


def _tried(session: Session, act: Callable[[], Touched], of: Touched) -> Touched:
    """What came of it; what is refused leaves nothing behind."""
    try:
        with session.begin_nested():
            return act()
    except Refused as refused:
        return replace(of, why_not=reason(refused))


class _Work:
    """One act on some cases, in their order."""

    def __init__(
        self, session: Session, actor: Actor, act: Act, now: datetime, before: Sequence[Touched],
        promised: Sequence[Touched] = (),
    ) -> None:  # fmt: skip
        self.session, self.actor, self.act, self.now = session, actor, act, now
        self.written = {one.contact_id: one.number for one in before if not one.why_not}
        self.promised = {one.number: one for one in promised}

    def all(self, versions: Mapping[int, int | None]) -> list[Touched]:
        """Each case of its version (None: the one it has)."""
        turn(self.session)
        known = {case.number: (case, contact) for case, contact in self._read(list(versions))}
        return [
            self._one(number, version, *known.get(number, (None, None)))
            for number, version in versions.items()
        ]

    def _read(self, numbers: list[int]) -> Sequence[tuple[Case, Contact | None]]:
        query = select(Case, Contact).outerjoin(Contact, col(Contact.id) == Case.contact_id)
        query = query.where(col(Case.number).in_(numbers))
        return self.session.exec(query.execution_options(populate_existing=True)).all()

    def _one(
        self, number: int, version: int | None, case: Case | None, contact: Contact | None
    ) -> Touched:
        if case is None or not self.actor.sees(case.unit_id):
            return Touched(number, version or 0, why_not=f"There is no case {number} here.")
        who = (contact and (contact.name or contact.email)) or ""
        seen = Touched(number, version or case.version, who, contact_id=case.contact_id)
        return _tried(self.session, lambda: self._done(case, seen), seen)

    def _done(self, case: Case, seen: Touched) -> Touched:
        _refuse_far(self.actor, case)
        if self.act.kind is Kind.SEND:
            return self._sent(seen)
        done = _VERBS[self.act.kind](
            self.session, self.actor, seen.number, version=seen.version, now=self.now,
            **self.act.given,
        )  # fmt: skip
        return replace(seen, event_id=done.event_id)

    def _sent(self, seen: Touched) -> Touched:
        """One message a person, however many cases of theirs are among these."""
        held(self.session, self.actor, seen.number, seen.version)  # to reply asks for no version
        if (other := self.written.get(seen.contact_id)) is not None:
            raise Refused(f"The same person is written to from case {other}.")
        sent = bulk_sending.send(
            self.session, self.actor, seen.number, now=self.now, **self.act.given
        )
        _refuse_unseen(self.promised.get(seen.number), sent)
        self.written[seen.contact_id] = seen.number
        return replace(
            seen, event_id=sent.done.event_id, to=sent.to, template_id=sent.template_id,
            mark=sent.mark,
        )  # fmt: skip


def _refuse_far(actor: Actor, case: Case) -> None:
    if not reach.within(actor, case):
        raise Refused("It is neither yours nor your team's: work on it by itself.")


def _done(session: Session, batch_id: str, numbers: Sequence[int]) -> dict[int, int]:
    """The events of this act, by the numbers of their cases."""
    query = select(Case.number, CaseEvent.id).join(CaseEvent, col(CaseEvent.case_id) == Case.id)
    query = query.where(CaseEvent.batch_id == batch_id, col(Case.number).in_(numbers))
    return {number: event_id or 0 for number, event_id in session.exec(query)}


def _refuse_unseen(promised: Touched | None, sent: Sent) -> None:
    """Nobody is sent what was not previewed: neither another text nor to another address."""
    if promised is None:
        return
    if promised.to != sent.to:
        raise Refused("Its address is another one than the preview showed.")
    if promised.mark != sent.mark:
        raise Refused("Its text is another one than the preview showed.")
