"""What a search in the cases means: a number, whom a case is about, or words of their answers."""

import re
from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session, col

from db.models import Account, Case, CaseResponse, Contact, Response
from db.search import Ids, holds, matching, named
from services.insights.selects import Condition

_NUMBER = re.compile(r"(?P<named>case\s*#?|#)?\s*(?P<number>[0-9]{1,17})", re.IGNORECASE)
_OTHER = sa.orm.aliased(Case, name="found")  # another name: the case that is asked about is "case"


def number_in(text: str) -> int | None:
    """The number that a search is: "2407", "#2407" or "case 2407"; None for anything else."""
    found = _NUMBER.fullmatch(text.strip())
    return int(found["number"]) if found else None


def says(session: Session, text: str, units: Sequence[int] | None) -> Condition:
    """A case by its number (by that alone where the text says "#" or "case"), by who it is about,
    or by the words of its answers in `units` (None: all).

    All that is found is one set of ids: with one condition beside another SQLite reads the cases of
    each, and says for each row again what the others are.
    """
    text = text.replace("\0", " ")  # an address may hold one, and PostgreSQL takes none
    found = _NUMBER.fullmatch(text)
    number = int(found["number"]) if found else None
    if found and found["named"]:
        return col(Case.number) == number
    any_of = [*_about(session, text)]
    if number is not None:
        any_of.append(sa.select(col(_OTHER.id)).where(col(_OTHER.number) == number))
    said = matching(session, text)
    if said is not None:
        any_of.append(_answered(said, units))
    return col(Case.id).in_(sa.union_all(*any_of))


def _answered(said: Ids, units: Sequence[int] | None) -> Ids:
    """The cases of these answers, as far as they belong to `units`."""
    answer = col(CaseResponse.response_id)
    links = sa.select(col(CaseResponse.case_id)).where(answer.in_(said))
    if units is None:
        return links
    return links.join(Response, col(Response.id) == answer).where(col(Response.unit_id).in_(units))


def _about(session: Session, text: str) -> tuple[Ids, Ids]:
    """By name or address, and by company: what is compared is folded as it is kept."""
    folded = text.casefold()
    # Each by itself: people and companies are fewer than what would have to be joined.
    people = sa.select(col(Contact.id)).where(
        sa.or_(named(session, col(Contact.name), text), holds(col(Contact.email_norm), folded))
    )
    companies = sa.select(col(Account.id)).where(holds(col(Account.name_norm), folded))
    cases = sa.select(col(_OTHER.id))
    return (
        cases.where(col(_OTHER.contact_id).in_(people)),
        cases.where(col(_OTHER.account_id).in_(companies)),
    )
