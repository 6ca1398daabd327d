"""What the pages about cases ask the database."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from db import engine
from db.models import Account, User
from services import insights
from services.access import SHELL
from services.cases import drafts
from services.insights.accounts import account_file
from services.insights.case_file import case_file
from services.insights.case_filter import CaseFilter, Sla, View
from services.insights.case_walk import next_after
from services.insights.loop import loop
from services.insights.loop_filter import LoopFilter
from services.insights.news import case_news
from services.insights.people import contact_file
from services.insights.queue import queue, view_counts
from tests.bench.case_lives import SOMEBODY
from tests.bench.data import COMMON, RARE
from tests.bench.places import place

Ask = Callable[[Session], Any]
PAGE = 20


def questions(now: datetime, session: Session) -> dict[str, Ask]:
    """Each question by name; `session` is for finding what they are about."""
    me = session.exec(select(User.id).where(User.email_norm == SOMEBODY)).one() or 0
    return _lists(now, me, session) | _searches(now, me, session) | _things(now, me, session)


def _page(filter: CaseFilter, now: datetime, me: int, cursor: Any = None) -> Ask:
    return lambda session: queue(session, SHELL, filter, now=now, me=me, cursor=cursor)


def _lists(now: datetime, me: int, session: Session) -> dict[str, Ask]:
    filters = {
        "first page": CaseFilter(),
        "own and overdue": CaseFilter(owners=(me,), sla=(Sla.OVERDUE,)),
        "low scores due today": CaseFilter(scores=(0, 1, 2), sla=(Sla.TODAY,)),
        "mine": CaseFilter(View.MINE),
        "unassigned": CaseFilter(View.UNASSIGNED),
        "resolved": CaseFilter(View.RESOLVED),
        "all": CaseFilter(View.ANY),
    }
    cursor = None
    for _ in range(PAGE - 1):
        cursor = _page(CaseFilter(), now, me, cursor)(session).on or cursor
    pages = {f"Queue: {name}": _page(filter, now, me) for name, filter in filters.items()}
    pages[f"Queue: page {PAGE}"] = _page(CaseFilter(), now, me, cursor)
    pages["Queue: counts of the tabs"] = lambda s: view_counts(s, SHELL, now=now, me=me)
    return pages


def _searches(now: datetime, me: int, session: Session) -> dict[str, Ask]:
    spot = place(session)
    company = session.exec(select(Account.name).where(Account.id == spot.account_id)).one()
    texts = {
        "a common word": COMMON,
        "a rare word": RARE,
        "a company": company,
        "a number": f"#{spot.number}",
    }
    found = {
        f"Queue: search, {name}": _page(CaseFilter(text=text), now, me)
        for name, text in texts.items()
    }
    everywhere = CaseFilter(View.ANY, text=RARE)
    return found | {"Queue: search in all cases, a rare word": _page(everywhere, now, me)}


def _things(now: datetime, me: int, session: Session) -> dict[str, Ask]:
    spot, seq = place(session), engine.version(session)

    def case(s: Session) -> Any:
        return case_file(s, SHELL, spot.number, now=now), drafts.mine(s, SHELL, spot.number)

    def contact(s: Session) -> Any:
        said = insights.verbatims_of(s, SHELL, contact_id=spot.contact_id, limit=100)
        return contact_file(s, SHELL, spot.contact_id, now=now), said

    def account(s: Session) -> Any:
        said = insights.verbatims_of(s, SHELL, account_id=spot.account_id, limit=25)
        return account_file(s, SHELL, spot.account_id, now=now), said

    return {
        "Case: its page": case,
        "Case: the next one": lambda s: next_after(s, SHELL, spot.number, now=now, me=me),
        "Case: news of the queue": lambda s: case_news(s, SHELL, since=seq),
        "Contact: their page": contact,
        "Account: its page": account,
        "Loop: 12 months": lambda s: loop(s, SHELL, LoopFilter(), now=now),
    }
