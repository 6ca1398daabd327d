"""Where the pages that are about one thing are opened, and what questions about one thing ask."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.models import Case, CaseEvent
from services.insights.case_selects import UNRESOLVED


@dataclass(frozen=True)
class Place:
    """A case that somebody works on, its contact and account."""

    number: int
    contact_id: int
    account_id: int

    @property
    def queries(self) -> dict[str, dict[str, str]]:
        """URL parameters by page."""
        return {
            "case.py": {"number": str(self.number)},
            "contact.py": {"id": str(self.contact_id)},
            "account.py": {"id": str(self.account_id)},
        }


def place(session: Session) -> Place:
    """Of the open cases the one with the longest journal."""
    longest = (
        select(Case.number, Case.contact_id, Case.account_id)
        .join(CaseEvent, col(CaseEvent.case_id) == col(Case.id))
        .where(UNRESOLVED, col(Case.account_id).is_not(None))
        .group_by(col(Case.id))
        .order_by(sa.func.count().desc(), col(Case.id))
    )
    number, contact_id, account_id = session.exec(longest).first() or (0, 0, 0)
    return Place(number, contact_id or 0, account_id or 0)
