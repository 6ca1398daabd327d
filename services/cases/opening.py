"""Opening cases: by the rule as answers come in, and by hand from an answer.

All answers of one data version are taken together, so a thousand cost a few statements. The data
version is held by then: no other writer can open a case for the same person meanwhile, and the
unique index would refuse it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.engine import bump, slices
from db.models import Case, CaseEvent, CaseResponse, Response, metadata
from services import settings
from services.access import SHELL, Actor, Refused, permitted
from services.cases.following import follow_joins
from services.cases.giving import Giver
from services.cases.journal import NOTHING, Held, append, ask_anew, rank_of, state_of, told
from services.cases.lineage import unresolved_of
from services.cases.ranking import Ranker, Told, answers, given, rank
from services.cases.verbs import promise
from services.domain import lifecycle, priority
from services.domain.lifecycle import Move, Promise, State
from services.domain.opening import DETRACTOR, FOLLOW_UP, Answered, Policy, why_not
from services.domain.roles import Verb
from services.domain.scores import Band, Metric

CASE, EVENT = metadata.tables["case"], metadata.tables["case_event"]
LINK = metadata.tables["case_response"]


@dataclass
class New:
    """A case about to be written, with all that happened to it so far."""

    number: int
    first: Told
    reason_key: str
    state: State
    events: list[dict[str, Any]]
    reasons: list[priority.Reason] = field(default_factory=list)
    responses: list[int] = field(default_factory=list)


def policy(session: Session, now: datetime, since: datetime | None = None) -> Policy:
    """The desk's rule at `now`; `since` in place of the age that settings allow."""
    on = {Metric.NPS}
    on |= {m for m in (Metric.CSAT, Metric.CES) if settings.get(session, f"{m.value}_opens_cases")}
    age = timedelta(days=int(settings.get(session, "case_age_days")))
    return Policy(since or now - age, frozenset(on))


def asked(answer: Told) -> Answered:
    """The answer as the rule looks at it."""
    return Answered(
        metric=answer.metric, band=Band(answer.band), answered_at=answer.answered_at,
        followup=answer.followup, known=answer.contact_id is not None,
        anonymous=answer.anonymous, is_test=answer.is_test, excluded=answer.excluded,
        do_not_contact=answer.do_not_contact,
    )  # fmt: skip


def open_written(
    session: Session, seq: int, rule: Policy, now: datetime, *, quiet: bool = False
) -> int:
    """Open or join the cases of the answers written under the data version `seq`; how many new.

    `quiet`: nobody is told of it (an import sends nothing to anybody).
    """
    low = (
        col(Response.change_seq) == seq, col(Response.band) == int(Band.DETRACTOR),
        col(Response.answered_at) >= rule.since,
    )  # fmt: skip
    due = [answer for answer in answers(session, *low) if why_not(asked(answer), rule) is None]
    return Opening(session, seq, now, quiet=quiet).take(due) if due else 0


@permitted(Verb.WORK_CASES)
def open_by_hand(session: Session, actor: Actor, response_id: int, *, now: datetime) -> int:
    """Open a case about any answer that the actor sees, or join the one that is open; its number.

    The clock starts now: nothing was owed before.
    """
    seq = bump(session)
    found = answers(session, col(Response.id) == response_id)
    if not found or not actor.sees(found[0].unit_id):
        raise Refused(f"There is no such response here. {NOTHING}")
    answer = found[0]
    if answer.is_test:
        raise Refused(f"A test is nobody's answer. {NOTHING}")
    link = select(Case).join(CaseResponse).where(CaseResponse.response_id == response_id)
    if (case := session.exec(link).first()) is not None:
        where = f"case {case.number}" if actor.sees(case.unit_id) else "a case of another unit"
        raise Refused(f"This answer belongs to {where}. {NOTHING}")
    reason = DETRACTOR if answer.band == Band.DETRACTOR else FOLLOW_UP
    for case in unresolved_of(session, [answer.contact_id or 0], reason).values():
        if not actor.sees(case.unit_id):
            raise Refused(f"The case of this person is worked in another unit. {NOTHING}")
    opening = Opening(session, seq, now, reason, actor, by="hand")
    opening.take([answer])
    return opening.numbers[0]


class Opening:
    """Opens cases for answers and joins further ones to those that are open."""

    def __init__(
        self,
        session: Session,
        seq: int,
        now: datetime,
        reason: str = DETRACTOR,
        actor: Actor | None = None,
        *,
        quiet: bool = False,
        by: str = "rule",
        gives: bool = True,
    ) -> None:
        self.session, self.seq, self.now, self.quiet = session, seq, now, quiet
        self.reason, self.actor, self.gives = reason, actor, gives
        self.by = {"by": by}
        self.numbers: list[int] = []
        self._joined: list[tuple[Case, CaseEvent]] = []
        self._promises: dict[int | None, Promise] = {}
        self._told: dict[int, Told] = {}  # the answers at hand, and those that cases are about
        self._giver = Giver(session, now)

    def take(self, found: Sequence[Told]) -> int:
        """Open or join; how many cases are new."""
        contacts = [answer.contact_id for answer in found if answer.contact_id]
        known = unresolved_of(self.session, contacts, self.reason)
        about = [case.response_id for case in known.values() if case.response_id]
        for ids in slices(about):
            self._told |= {one.id: one for one in answers(self.session, col(Response.id).in_(ids))}
        self._told |= {answer.id: answer for answer in found}
        ranker = Ranker(self.session, [*self._told.values()], self.now)
        top = self.session.connection().execute(sa.select(sa.func.max(CASE.c.number))).scalar()
        fresh: dict[Any, New] = {}
        for answer in found:
            key = answer.contact_id or ("nobody", answer.id)
            if (case := known.get(answer.contact_id or 0)) is not None:
                self._join(case, answer, ranker)
            elif key in fresh:
                self._join_new(fresh[key], answer, ranker)
            else:
                number = int(top or 0) + len(fresh) + 1
                fresh[key] = self._open(number, answer, ranker)
        self.session.flush()
        for case, event in self._joined:
            ask_anew(self.session, case, event)
        if not self.quiet:
            follow_joins(self.session, self._joined, self.now)
        _write(self.session, list(fresh.values()), self.seq, self.now, self.actor)
        self._giver.done(quiet=self.quiet)
        return len(fresh)

    def _promise(self, team_id: int | None) -> Promise:
        if team_id not in self._promises:
            self._promises[team_id] = promise(self.session, team_id)
        return self._promises[team_id]

    def _open(self, number: int, answer: Told, ranker: Ranker) -> New:
        state = lifecycle.opened(
            self.now, self._promise(answer.team_id), response_id=answer.id,
            team_id=answer.team_id, asked=answer.asked,
        )  # fmt: skip
        data = told(1, lifecycle.changes(None, state), self.actor, response_id=answer.id, **self.by)
        self.numbers.append(number)
        opened = [{"kind": Move.OPENED.value, "data": data}]
        reasons = ranker.reasons(answer)
        new = New(number, answer, self.reason, state, opened, reasons, [answer.id])
        return self._giver.give(new) if self.gives else new

    def _join_new(self, new: New, answer: Told, ranker: Ranker) -> None:
        after, about = self._with(new.state, answer)
        moved = lifecycle.changes(new.state, after)
        data = told(len(new.events) + 1, moved, self.actor, response_id=answer.id)
        new.events.append({"kind": Move.JOINED.value, "data": data})
        new.state, new.reasons = after, ranker.reasons(about, asked=after.asked)
        new.responses.append(answer.id)

    def _join(self, case: Case, answer: Told, ranker: Ranker) -> None:
        kept = Held(case, state_of(case), self.seq)  # the data version keeps others out
        after, about = self._with(kept.state, answer)
        rank(case, given(case, ranker.reasons(about, case.id, asked=after.asked)))
        link = CaseResponse(case_id=case.id or 0, response_id=answer.id, joined_at=self.now)
        event = append(
            self.actor or SHELL, kept, after, Move.JOINED, now=self.now, response_id=answer.id,
            of=None if answer.contact_id == case.contact_id else "another",
        )  # fmt: skip
        self.session.add_all((case, link, event))  # flushed together: one by one takes far longer
        self.numbers.append(case.number)
        self._joined.append((case, event))

    def _with(self, state: State, answer: Told) -> tuple[State, Told]:
        """The case with a further answer, and the one that it is about: the last of its person.

        Somebody else's answer comes to a case that theirs was merged into.
        """
        before = self._told.get(state.response_id or 0, answer)
        theirs = (before, answer) if before.contact_id == answer.contact_id else (before,)
        about = max(theirs, key=lambda one: (one.answered_at, one.id))
        calendar = self._promise(state.team_id).calendar
        after = lifecycle.joined(
            state, self.now, calendar, response_id=about.id, asked=answer.asked
        )  # fmt: skip
        return after, about


def _write(
    session: Session, fresh: list[New], seq: int, now: datetime, actor: Actor | None
) -> None:
    """Write new cases with their journals and answers, all together."""
    if not fresh:
        return
    connection = session.connection()
    connection.execute(CASE.insert(), [_row(new, seq) for new in fresh])
    first, last = fresh[0].number, fresh[-1].number
    query = sa.select(CASE.c.number, CASE.c.id).where(CASE.c.number.between(first, last))
    ids = {row.number: row.id for row in connection.execute(query)}
    common = {"actor_id": actor.id if actor else None, "at": now}
    events = [
        {"case_id": ids[new.number], **common, **event} for new in fresh for event in new.events
    ]
    connection.execute(EVENT.insert(), events)
    links = [
        {"case_id": ids[new.number], "response_id": one, "joined_at": now}
        for new in fresh
        for one in new.responses
    ]
    connection.execute(LINK.insert(), links)


def _row(new: New, seq: int) -> dict[str, Any]:
    """The row of a new case. Plain values: an import makes thousands, and objects cost the most."""
    state = {name: getattr(new.state, name) for name in lifecycle.FIELDS}
    return state | {
        "number": new.number, "contact_id": new.first.contact_id,
        "account_id": new.first.account_id, "unit_id": new.first.unit_id,
        "reason_key": new.reason_key, "version": len(new.events),
        "status": new.state.status.value, "priority": priority.hours(new.reasons),
        "priority_reasons": new.reasons, "rank_at": rank_of(new.state, new.reasons),
        "change_seq": seq, "steps": [], "idle_since": new.state.opened_at,
    }  # fmt: skip
