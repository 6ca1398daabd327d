"""Several changes of one case at once, as a program asks for them: all of them, or none.

Each is the verb that people use, with its permissions, its event and its version. What is as asked
already is left as it is.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypedDict

from sqlmodel import Session, select

from db.models import Team, User
from services.access import Actor, Refused, permitted
from services.cases import causes, verbs
from services.cases.journal import NOTHING, held
from services.domain.lifecycle import Status
from services.domain.roles import Verb
from services.person_fields import norm


class Wanted(TypedDict, total=False):
    """What the case shall be; what is not named stays.

    `assignee` is an e-mail address (None: nobody), `team` and `root_cause` are names, `status` is
    open, waiting or resolved (the last with outcome and root cause), `snoozed_until` None wakes.
    """

    assignee: str | None
    team: str
    status: str
    outcome: str
    root_cause: str
    snoozed_until: datetime | None


class Wrong(Refused):
    """A refusal because of one field of `Wanted`."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


@permitted(Verb.WORK_CASES)
def change(
    session: Session, actor: Actor, number: int, wanted: Wanted, *, version: int, now: datetime
) -> int:
    """Make the case as wanted; its version then. `Wrong` names the field, `Stale` as any verb.

    The caller's transaction is rolled back on either, so nothing is half done.
    """
    work = _Work(session, actor, number, version, now)
    _agree(wanted)
    if wanted.get("status") == Status.OPEN:
        work.take_up()
    work.hand_over(wanted)
    if "snoozed_until" in wanted:
        work.sleep(wanted["snoozed_until"])
    if "status" in wanted:
        work.end_as(wanted)
    return work.case.version


class _Work:
    """The case in hand: the first look checks the version, and the lock keeps it from then on."""

    def __init__(
        self, session: Session, actor: Actor, number: int, version: int, now: datetime
    ) -> None:
        self.session, self.actor, self.now = session, actor, now
        self.case = held(session, actor, number, version).case

    def take_up(self) -> None:
        """First of all, since a resolved case can be given to nobody."""
        if self.case.status == Status.WAITING:
            self._do("status", verbs.resume)
        elif self.case.status == Status.RESOLVED:
            self._do("status", verbs.reopen)

    def hand_over(self, wanted: Wanted) -> None:
        """A person brings their team along; a team by itself leaves the case without an owner."""
        email = wanted.get("assignee")
        person = None if email is None else self._person(email)
        team = self._team(wanted["team"]) if "team" in wanted else None
        if person and team and person.team_id not in (None, team.id):
            raise Wrong("team", f"{person.name} works in another team. {NOTHING}")
        brings_it = person is not None and person.team_id is not None
        if team and team.id != self.case.team_id and not brings_it:
            self._do("team", verbs.assign_team, team_id=team.id)
        if "assignee" in wanted:
            self._assign(person)

    def sleep(self, until: datetime | None) -> None:
        """Until then; None wakes it."""
        if until == self.case.snoozed_until:
            return
        if until is None:
            self._do("snoozed_until", verbs.wake)
        else:
            self._do("snoozed_until", verbs.snooze, until=until)

    def end_as(self, wanted: Wanted) -> None:
        """Last of all, since what is resolved can no longer be given or put to sleep."""
        if wanted["status"] == Status.RESOLVED:
            self._resolve(wanted["outcome"], self._cause(wanted["root_cause"]))
        elif wanted["status"] == Status.WAITING and self.case.status != Status.WAITING:
            self._do("status", verbs.wait)
        elif wanted["status"] == Status.OPEN and self.case.status != Status.OPEN:
            raise Wrong("status", f"A new case is opened by giving it to somebody. {NOTHING}")

    def _assign(self, person: User | None) -> None:
        case = self.case
        to = person.id if person else None
        team_id = person.team_id if person else None
        if (to, team_id or case.team_id) != (case.assignee_id, case.team_id):
            self._do("assignee", verbs.assign, to=to)

    def _resolve(self, outcome: str, cause_id: int) -> None:
        case = self.case
        now = (case.status, case.outcome, case.root_cause_id)
        if now != (Status.RESOLVED, outcome, cause_id):
            self._do("status", verbs.resolve, outcome=outcome, root_cause_id=cause_id)

    def _do(self, field: str, verb: Callable[..., Any], **values: Any) -> None:
        number, version = self.case.number, self.case.version
        try:
            verb(self.session, self.actor, number, version=version, now=self.now, **values)
        except Refused as refused:
            raise Wrong(field, str(refused)) from None

    def _person(self, email: str) -> User:
        found = self.session.exec(select(User).where(User.email_norm == norm(email))).one_or_none()
        if found is None:
            raise Wrong("assignee", f"Nobody here has this address. {NOTHING}")
        return found

    def _team(self, name: str) -> Team:
        found = self.session.exec(select(Team).where(Team.name == name)).one_or_none()
        if found is None:
            raise Wrong("team", f"There is no team of this name. {NOTHING}")
        return found

    def _cause(self, name: str) -> int:
        for cause_id, known in causes.in_use(self.session, self.actor):
            if known.casefold() == name.casefold():
                return cause_id
        raise Wrong("root_cause", f"There is no root cause of this name in the list. {NOTHING}")


def _agree(wanted: Wanted) -> None:
    """Refused where one field contradicts another."""
    resolves = wanted.get("status") == Status.RESOLVED
    for field in ("outcome", "root_cause"):
        if resolves and field not in wanted:
            raise Wrong(field, f"A case is resolved with an outcome and a root cause. {NOTHING}")
        if field in wanted and not resolves:
            raise Wrong(field, f"It goes with the status resolved. {NOTHING}")
    if resolves and wanted.get("snoozed_until"):
        raise Wrong("snoozed_until", f"What is resolved does not sleep. {NOTHING}")
