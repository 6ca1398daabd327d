"""What a notice says to a colleague. Of names and numbers; what customers wrote stays here."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, select

from db.models import Account, Case, Contact, Notice
from services import config
from services.cases.card import link
from services.vendors import title

MOST = 30  # lines of one message
_SAID = {
    "assigned": "was assigned to you",
    "due": "has a promise that is due soon",
    "breached": "has a promise that was not kept",
    "escalated": "has a broken promise that nobody has taken up",
    "returned": "went back to its team",
    "rule": "met a rule that tells you of it",
    "answered": "has something new from the customer",
    "synced": "was changed by somebody elsewhere: say how it stands",
}


@dataclass(frozen=True)
class Told:
    """One message for one or several notices."""

    subject: str
    text: str
    link: str


def told(session: Session, found: Sequence[Notice]) -> Told:
    """The message that says all of these."""
    lines = [_line(session, notice) for notice in found[:MOST]]
    more = len(found) - len(lines)
    if more:
        lines.append(f"... and {more} more.")
    subject = lines[0] if len(found) == 1 else f"{len(found)} things on your desk"
    numbers = {notice.case_id for notice in found}
    only = numbers.pop() if len(numbers) == 1 else None
    case = session.get(Case, only) if only else None
    return Told(subject, "\n".join(lines), link(case.number) if case else config.load().base_url)


def _line(session: Session, notice: Notice) -> str:
    if notice.kind == "vendor":
        name = title(str(notice.data.get("vendor")))
        state = "no longer lets us in: reconnect it" if notice.data.get("broken") else "is failing"
        return f"{name} {state}. What is owed there waits."
    if notice.kind == "rule" and notice.case_id is None:
        return "A rule tells you of an answer: look at the newest verbatims."
    case = _case(session, notice.case_id)
    if notice.kind == "failed":
        name = title(str(notice.data.get("vendor")))
        unclear = notice.data.get("state") == "unknown"
        end = "may or may not have arrived: decide on it" if unclear else "could not be delivered"
        return f"{case}: your message by {name} {end}."
    return f"{case} {_SAID[notice.kind]}."


def _case(session: Session, case_id: int | None) -> str:
    query = (
        select(Case.number, Contact.name, Account.name)
        .outerjoin(Contact, Contact.id == Case.contact_id)  # type: ignore[arg-type]
        .outerjoin(Account, Account.id == Case.account_id)  # type: ignore[arg-type]
        .where(Case.id == case_id)
    )
    found = session.exec(query).first()
    if found is None:
        return "A case"
    who = ", ".join(name for name in found[1:] if name)
    return f"Case {found[0]} ({who})" if who else f"Case {found[0]}"
