"""Which case an answer or a message belongs to, now that cases can be merged into others."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.engine import slices
from db.models import Case
from services.domain import lifecycle
from services.domain.lifecycle import Status


def unresolved_of(session: Session, contacts: Iterable[int], reason: str) -> dict[int, Case]:
    """The unresolved case of each of these contacts for this reason, where there is one.

    One that was merged into another is worked there: that one is theirs then.
    """
    found, merged = dict[int, Case](), list[Case]()
    for ids in slices(sorted(set(contacts))):
        query = select(Case).where(
            col(Case.contact_id).in_(ids), Case.reason_key == reason,
            col(Case.status).in_((*lifecycle.UNRESOLVED, Status.MERGED)),
        )  # fmt: skip
        for case in session.exec(query.order_by(col(Case.id))):
            if case.status == Status.MERGED:
                merged.append(case)
            else:
                found[case.contact_id or 0] = case
    for case in merged:
        if case.contact_id not in found and (root := root_of(session, case)) is not None:
            found |= {case.contact_id or 0: root} if root.status in lifecycle.UNRESOLVED else {}
    return found


def root_of(session: Session, case: Case) -> Case:
    """The case itself, or the one that it was merged into in the end."""
    while case.merged_into is not None:
        case = session.get_one(Case, case.merged_into)
    return case


def held_in(session: Session, case_id: int) -> dict[int, int]:
    """The cases that were merged into this one, and those into them: their numbers by id."""
    found, next_ones = dict[int, int](), [case_id]
    while next_ones:
        query = sa.select(col(Case.id), col(Case.number)).where(
            col(Case.merged_into).in_(next_ones)
        )
        into = {row.id: row.number for row in session.connection().execute(query)}
        next_ones = [key for key in into if key not in found]
        found |= into
    return found
