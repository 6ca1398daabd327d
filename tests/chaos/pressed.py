"""What was pressed and entered in Slack, held against the cases and what Slack shows of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, col, select

from db.engine import reading
from db.models import Case, CaseEvent, Message, RootCause, User
from services.access import SHELL
from services.domain.lifecycle import Move, Outcome
from services.ledger import verifying
from tests.chaos.coming import Came
from tests.standins.slack_agents import PEOPLE, Did
from tests.standins.slack_pressed import Pressed
from tests.standins.smtp import Smtp

_MOVES = {Move.ASSIGNED: "claim", Move.SNOOZED: "snooze", Move.RESOLVED: "resolve"}
Effect = tuple[str, str, str]  # what, by whom (Slack's name), and its mark


@dataclass
class Stood:
    """A case as it is in the end: `effects` by the version that each made; replies make none that
    matters, since a form of one may be sent whatever has happened since."""

    case: Case
    owner: str | None
    cause: str | None
    effects: dict[int, Effect | None] = field(default_factory=dict)
    replies: list[Effect] = field(default_factory=list)

    def all(self) -> Counter[Effect]:
        return Counter([*filter(None, self.effects.values()), *self.replies])

    def ended(self, version: int) -> bool:
        """Whether it was resolved by this version."""
        return any(made <= version for made, each in self.effects.items() if _what(each, "resolve"))


def judge(
    came: Came, slack: Pressed, mail: Smtp, did: Sequence[Did], numbers: Sequence[int]
) -> None:
    """Everything that is not as Slack knows it to be."""
    with reading() as session:
        for number in numbers:
            stood = _stood(session, number)
            mine = [one for one in did if one.number == number and one.what != "open"]
            _effects(came, stood, mine)
            _shown(came, stood, slack)
        if not verifying.verify(session, SHELL).intact:
            came.wrong["ledger"].append("not intact")
    mails = Counter(str(one.parsed["Message-ID"]) for one in mail.mails)
    came.wrong["doubled"] += [f"mail {name}" for name, n in mails.items() if n > 1]


def _effects(came: Came, stood: Stood, did: Sequence[Did]) -> None:
    """Each that was taken is there once or was rightly refused; nothing else is there."""
    name, seen = f"case {stood.case.number}", stood.all()
    came.wrong["lost"] += [f"{name}: {_effect(one)}" for one in did if _lost(stood, one)]
    came.wrong["doubled"] += [f"{name}: {what}" for what, n in seen.items() if n > 1]
    for what in ("claim", "resolve"):  # nobody gives a case back, or opens it again
        if (n := sum(_what(each, what) for each in stood.effects.values())) > 1:
            came.wrong["doubled"].append(f"{name}: {what} {n} times")
    meant = {_effect(one) for one in did if not one.forged and one.user in _here()}
    came.wrong["forged"] += [f"{name}: {what}" for what in seen if what not in meant]


def _lost(stood: Stood, did: Did) -> bool:
    """Whether it was taken, ought to be on the case, and is not.

    Refused rightly is a form of a version that somebody else has moved on from, whatever is done to
    a case that is resolved, and who claims what is owned.
    """
    if not did.taken or did.forged or did.user not in _here():
        return False
    if did.what == "reply":
        return _effect(did) not in stood.replies
    if did.what == "claim":
        return stood.owner is None and stood.case.status != "resolved"
    made = did.version + 1
    return made not in stood.effects and not stood.ended(did.version)


def _effect(did: Did) -> Effect:
    return did.what, did.user, did.mark


def _what(effect: Effect | None, what: str) -> bool:
    return effect is not None and effect[0] == what


def _here() -> set[str]:
    """Those of the people in Slack who work here."""
    return {user for email, user in PEOPLE.items() if email.endswith("@acme.example")}


def _stood(session: Session, number: int) -> Stood:
    case = session.exec(select(Case).where(Case.number == number)).one()
    owner = session.get(User, case.assignee_id) if case.assignee_id else None
    cause = session.get(RootCause, case.root_cause_id) if case.root_cause_id else None
    stood = Stood(case, owner and owner.name, cause and cause.name)
    users = {user.id: PEOPLE.get(user.email, user.email) for user in session.exec(select(User))}
    query = select(CaseEvent).where(CaseEvent.case_id == case.id)
    for event in session.exec(query.order_by(col(CaseEvent.id))):
        what, by = _MOVES.get(Move(event.kind)), users.get(event.actor_id, "the desk")
        made = (what, by, _mark(event, case)) if what else None
        stood.effects[event.data["version"]] = made
    said = select(Message).where(Message.case_id == case.id, Message.kind == "reply")
    for one in session.exec(said):
        stood.replies.append(("reply", users.get(one.author_id, "the desk"), one.body or ""))
    return stood


def _mark(event: CaseEvent, case: Case) -> str:
    marks: dict[str, Any] = {Move.SNOOZED: event.data.get("until"), Move.RESOLVED: case.outcome}
    return str(marks.get(event.kind) or "")


def _shown(came: Came, stood: Stood, slack: Pressed) -> None:
    """Whether there is one post, and how it says that the case stands."""
    case, number = stood.case, str(stood.case.number)
    posts = [
        one["blocks"]
        for one in slack.messages()
        if one["metadata"]["event_payload"].get("case") == number
    ]
    if len(posts) != 1:
        came.wrong["doubled" if posts else "lost"].append(f"case {number}: {len(posts)} posts")
        return
    told = " ".join(part["text"] for one in posts[0] for part in one.get("elements", ())
                    if one["type"] == "context").split(" · ")  # fmt: skip
    ought = [f"Status {case.status}", f"Owner {stood.owner or 'nobody'}"]
    if case.status == "resolved":
        ought += [f"Outcome {Outcome(case.outcome).label}", f"Cause {stood.cause}"]
    pressable = any(part.get("action_id") == "claim" for one in posts[0]
                    for part in one.get("elements", ()))  # fmt: skip
    if missing := [each for each in ought if each not in told]:
        came.wrong["unequal"].append(f"case {number} ought to say {missing}, says {told}")
    if pressable != (case.status != "resolved"):
        came.wrong["unequal"].append(f"case {number} is {case.status}, buttons: {pressable}")
