"""What the demo company wrote to its customers and handed to vendors, by the same verbs.

Nothing leaves: what a vendor would have said is made up, so that each state has something to show.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from db.models import Case, Delivery, Integration, Message, Template, User
from services.access import Actor, Refused, actor_for
from services.cases import answered, pushing, replying
from services.demo_odds import Dice
from services.domain.lifecycle import UNRESOLVED
from services.domain.retrying import Pace
from services.outbox.claiming import Claimed
from services.outbox.recording import Ended, record
from services.vendors.base import Receipt, Update, VendorError

CONNECTED = {
    "email": {"from_address": "care@ostervale.example.com", "from_name": "Ostervale Care"},
    "slack": {"mode": "token", "channel": "#feedback"},
    "zendesk": {"subdomain": "ostervale", "email": "care@ostervale.example.com"},
}
TEMPLATES = (
    ("First reply", "en", "Your feedback, {{contact.first_name|and what we do about it}}",
     "Hello {{contact.first_name|there}},\n\nthank you for telling us. I read what you wrote and "
     "would like to understand it better: do you have ten minutes this week?\n\nKind regards,\n"
     "{{agent.first_name|Your team}}"),
    ("It is fixed", "en", "It works again",
     "Hello {{contact.first_name|there}},\n\nwhat you told us about on {{answer.date|that day}} is "
     "fixed. Could you have a look whether it now does what you need?\n\nKind regards,\n"
     "{{agent.first_name|Your team}}"),
    ("Erste Antwort", "de", "Ihre Rückmeldung",
     "Guten Tag {{contact.name|}},\n\nvielen Dank für Ihre offene Rückmeldung. Ich möchte sie "
     "besser verstehen: Haben Sie diese Woche zehn Minuten?\n\nFreundliche Grüße\n{{agent.name}}"),
)  # fmt: skip
ANSWERS = (
    "Thank you for coming back to me so quickly. Thursday at ten would work.",
    "I tried it again this morning and it still stops halfway.",
    "Thanks, that explains it. Please keep me posted.",
)
DOWN = VendorError("Zendesk answered 422: the field 360019 is unknown", permanent=True)
BROKE = VendorError("the connection broke before the server said yes", unsure=True)
MOST = 60  # cases that something is sent about


def play(session: Session, now: datetime, seed: int = 7) -> dict[str, int]:
    """Connect the demo's vendors, and send and fail about its open cases; how many deliveries."""
    for name, config in CONNECTED.items():
        session.add(Integration(name=name, config=config, connected_at=now - timedelta(days=400)))
    for name, language, subject, body in TEMPLATES:
        session.add(Template(name=name, language=language, subject=subject, body=body, shared=True))
    session.flush()
    dice = Dice(f"{seed}:deliveries")
    found = _cases(session)
    times = sorted(now - timedelta(minutes=dice.randrange(8, 90)) for _ in found)
    for (case, agent), at in zip(found, times, strict=True):
        _about(session, case, agent, at, dice)
    return {"deliveries": len(session.exec(select(Delivery.id)).all())}


def _cases(session: Session) -> Sequence[tuple[Case, Actor]]:
    """Open cases that somebody owns, the newest first."""
    query = (
        select(Case, User).join(User, col(User.id) == Case.assignee_id)
        .where(col(Case.status).in_(UNRESOLVED), col(Case.contacted_at).is_not(None))
        .order_by(col(Case.number).desc()).limit(MOST)
    )  # fmt: skip
    return [(case, actor_for(session, user)) for case, user in session.exec(query)]


def _about(session: Session, case: Case, agent: Actor, at: datetime, dice: Dice) -> None:
    pick = dice.randrange(0, 10)
    try:
        if pick < 4:
            _reply(session, case, agent, at, dice)
        elif pick < 7:
            _push(session, case, agent, "slack", at, None)
        elif pick < 9:
            _push(session, case, agent, "zendesk", at, DOWN if dice.happens(0.25) else None)
    except Refused:  # some customers must not be written to
        return


def _reply(session: Session, case: Case, agent: Actor, at: datetime, dice: Dice) -> None:
    template = dice.choice(TEMPLATES[:2])
    body = template[3].replace("{{contact.first_name|there}}", "there").replace(
        "{{answer.date|that day}}", "that day"
    ).replace("{{agent.first_name|Your team}}", agent.name.partition(" ")[0])  # fmt: skip
    waits = "wait" if case.status != "waiting" else ""
    replying.reply(
        session, agent, case.number, way="email", body=body, subject="Your feedback", then=waits,
        now=at,
    )  # fmt: skip
    ended = Ended(error=BROKE) if dice.happens(0.1) else None
    _leave(session, case, ended, at + timedelta(seconds=31))
    if ended is None and dice.happens(0.4):
        ours = _last(session, case).message_id
        message = session.get(Message, ours)
        assert message is not None and message.message_id is not None
        answer = Update(
            "answer", f"<{case.number}@customer.example.com>", at, (message.message_id,),
            text=dice.choice(ANSWERS),
        )  # fmt: skip
        answered.take(session, answer, at + timedelta(minutes=dice.randrange(2, 7)))


def _push(
    session: Session, case: Case, agent: Actor, vendor: str, at: datetime,
    error: VendorError | None,
) -> None:  # fmt: skip
    pushing.push(session, agent, case.number, vendor=vendor, now=at)
    _leave(session, case, Ended(error=error) if error else None, at + timedelta(seconds=1))


def _leave(session: Session, case: Case, ended: Ended | None, at: datetime) -> None:
    """As a worker would have it, with what the vendor would have said."""
    delivery = _last(session, case)
    delivery.state, delivery.leased_by, delivery.attempts = "sending", "demo", 1
    session.add(delivery)
    session.flush()
    claimed = Claimed(
        delivery.id or 0, delivery.idem_key, delivery.vendor, delivery.action, delivery.payload,
        None, "demo", 1, 0, False, at,
    )  # fmt: skip
    remote = {"slack": f"C0FEED:{case.number}.000100", "zendesk": str(8000 + case.number)}
    there = remote.get(delivery.vendor)
    receipt = Receipt(there or f"demo-{delivery.id}", thread=there)
    state = record(session, claimed, ended or Ended(receipt=receipt), Pace(), at, 0.5)
    if state == "unknown":
        delivery.look_at = None  # mail cannot be looked up: a person decides
        session.add(delivery)
        session.flush()


def _last(session: Session, case: Case) -> Delivery:
    query = select(Delivery).where(Delivery.case_id == case.id)
    found = session.exec(query.order_by(col(Delivery.id).desc())).first()
    assert found is not None
    return found
