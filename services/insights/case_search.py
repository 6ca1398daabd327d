"""What a search in the cases means: a number, whom a case is about, or words of their answers."""

import re
from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session, col

from db.models import Account, Case, CaseResponse, Contact, Response
from db.search import holds, matches, named
from services.insights.selects import Condition

_NUMBER = re.compile(r"(?P<named>case\s*#?|#)?\s*(?P<number>[0-9]{1,17})", re.IGNORECASE)


def number_in(text: str) -> int | None:
    """The number that a search is: "2407", "#2407" or "case 2407"; None for anything else."""
    found = _NUMBER.fullmatch(text.strip())
    return int(found["number"]) if found else None


def says(session: Session, text: str, units: Sequence[int] | None) -> Condition:
    """A case by its number (by that alone where the text says "#" or "case"), by who it is about,
    or by the words of its answers in `units` (None: all).
    """
    found = _NUMBER.fullmatch(text)
    number = int(found["number"]) if found else None
    if found and found["named"]:
        return col(Case.number) == number
    any_of = [*_about(session, text)]
    if number is not None:
        any_of.append(col(Case.number) == number)
    said = matches(session, text)
    if said is not None:
        link = sa.select(col(CaseResponse.case_id)).join(
            Response, col(Response.id) == col(CaseResponse.response_id)
        )
        own = [] if units is None else [col(Response.unit_id).in_(units)]
        any_of.append(col(Case.id).in_(link.where(said, *own)))
    return sa.or_(*any_of)


def _about(session: Session, text: str) -> tuple[Condition, Condition]:
    """By name or address, and by company: what is compared is folded as it is kept."""
    folded = text.casefold()
    # Each by itself: people and companies are fewer than what would have to be joined.
    people = sa.select(col(Contact.id)).where(
        sa.or_(named(session, col(Contact.name), text), holds(col(Contact.email_norm), folded))
    )
    companies = sa.select(col(Account.id)).where(holds(col(Account.name_norm), folded))
    return col(Case.contact_id).in_(people), col(Case.account_id).in_(companies)
