"""What moves when cases are merged and split: answers, tags, what somebody is typing."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.models import Case, CaseResponse, CaseTag, Response, metadata
from services.access import Actor
from services.cases.journal import Held, keep, legal
from services.cases.ranking import Ranker, Told, answers, given, rank
from services.domain import merging
from services.domain.lifecycle import Move, State

LINK, DRAFT = metadata.tables["case_response"], metadata.tables["draft"]


def responses_of(session: Session, case: Case) -> list[int]:
    """The ids of the answers that belong to a case."""
    query = select(CaseResponse.response_id).where(CaseResponse.case_id == case.id)
    return sorted(session.exec(query))


def answers_of(session: Session, *cases: Case) -> list[Told]:
    """The answers that belong to the cases, the earliest first."""
    ids = [one for case in cases for one in responses_of(session, case)]
    return answers(session, col(Response.id).in_(ids))


def about(case: Case, found: Iterable[Told]) -> int | None:
    """The answer that a case is about, of these: the last one of its person."""
    own = [one for one in found if one.contact_id == case.contact_id]
    last = max(own, key=lambda one: (one.answered_at, one.id), default=None)
    return last.id if last else case.response_id


def carry(session: Session, source: Case, target: Case, responses: Sequence[int]) -> None:
    """Answers of one case belong to the other from now on."""
    own = (LINK.c.case_id == source.id, LINK.c.response_id.in_(responses))
    session.connection().execute(sa.update(LINK).where(*own).values(case_id=target.id))


def put_away(
    session: Session, actor: Actor, goes: Held, into: Case, now: datetime, was: State | None = None
) -> None:
    """The case lives on in the other one (as it `was` when it did so before); what people were
    typing there goes along, but no reply to somebody else than whom that one is about."""
    with legal():
        after = was or merging.merged(goes.state, into.id or 0)
    keep(session, actor, goes, after, Move.MERGED, now=now, into=into.id, case=into.number)
    other = DRAFT.alias()
    known = sa.exists().where(
        other.c.case_id == into.id, other.c.user_id == DRAFT.c.user_id,
        other.c.kind == DRAFT.c.kind,
    )  # fmt: skip
    typed = sa.update(DRAFT).where(DRAFT.c.case_id == goes.case.id, ~known)
    if goes.case.contact_id != into.contact_id:
        typed = typed.where(DRAFT.c.kind != "reply")
    session.connection().execute(typed.values(case_id=into.id))


def tags_of(session: Session, case: Case) -> set[int]:
    """The ids of the tags on a case."""
    return set(session.exec(select(CaseTag.tag_id).where(CaseTag.case_id == case.id)))


def tag(session: Session, case: Case, tags: Iterable[int], *, on: bool) -> None:
    """Put tags on a case, or take them off."""
    for tag_id in tags:
        if on:
            session.add(CaseTag(case_id=case.id or 0, tag_id=tag_id))
        elif (there := session.get(CaseTag, (case.id, tag_id))) is not None:
            session.delete(there)
    session.flush()


def rank_anew(session: Session, case: Case, after: State, now: datetime) -> None:
    """Give the case the reasons that `after` has, by which it will be placed."""
    for one in answers(session, col(Response.id) == after.response_id):
        own = Ranker(session, [one], now).reasons(one, case.id, asked=after.asked)
        rank(case, given(case, own))
