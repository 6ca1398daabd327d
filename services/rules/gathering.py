"""Answers as rules see them, many with a few statements."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from db.engine import slices
from db.models import Account, Case, CaseResponse, Contact, Response, RuleFiring, Survey, User
from services import calendars, settings
from services.cases.ranking import Rules, earlier
from services.domain import merge
from services.domain.rules.facts import REPEATED, CaseSeen, Facts
from services.domain.scores import Band, Metric
from services.domain.sla import between

MOMENT = timedelta(seconds=1)
_ALWAYS = frozenset({"score", "answer.date", "survey.name"})  # an answer has these
_OF_RESPONSE = (
    "answered_at", "score", "comment", "channel", "touchpoint", "followup", "anonymous", "is_test",
    "props", "account_id", "contact_id",
)  # fmt: skip


class Gatherer:
    """Reads answers as they came in: a case that a rule opened about one is none of theirs."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.zone = settings.reporting_zone(session)
        self.calendar = calendars.calendar_of(session, None)
        self.large = Rules.of(session)
        self.desk = str(settings.get(session, "desk_name"))

    def facts(self, ids: Sequence[int]) -> list[Facts]:
        """These answers, in the order of their ids; what is gone is left out."""
        found: list[Facts] = []
        for some in slices(ids):
            rows = self.session.connection().execute(_QUERY.where(col(Response.id).in_(some)))
            found += self._facts(rows.mappings().all())
        return sorted(found, key=lambda one: one.response_id)

    def _facts(self, rows: Sequence[Mapping[Any, Any]]) -> list[Facts]:
        contacts = sorted({row["contact_id"] for row in rows if row["contact_id"]})
        history = _History(earlier(self.session, contacts))
        cases = self._cases([row["id"] for row in rows])
        return [self._one(row, history, cases) for row in rows]

    def _one(
        self, row: Mapping[Any, Any], history: "_History", cases: Mapping[int, CaseSeen]
    ) -> Facts:
        at = row["answered_at"] if row["import_run_id"] else row["received_at"]
        local, metric = at.astimezone(self.zone), Metric(row["metric"])
        renewal, key = row["renewal_on"], (row["contact_id"], metric.value)
        before, lows = history.before(key, (row["answered_at"], row["id"]))
        address = row["email_norm"]
        values = {name: row[name] for name in _OF_RESPONSE}
        values["comment"] = values["comment"] or ""
        values["props"] = {name: str(text) for name, text in values["props"].items()}
        return Facts(
            **values, response_id=row["id"], at=at, local=local, metric=metric,
            band=Band(row["band"]), survey_id=row["survey_id"],
            open_hours=between(at, at + MOMENT, self.calendar) > timedelta(0),
            before=before, lows=lows, excluded=row["excluded_at"] is not None,
            unit_id=row["unit"], stage=row["stage"], arr=row["arr"],
            large=bool(row["arr"] and row["arr"] >= self.large.large_in(row["currency"])),
            renewal_days=(renewal - local.date()).days if renewal else None,
            owner_id=row["owner_id"], team_id=row["team_id"],
            role=row["role"], language=row["language"],
            do_not_contact=bool(row["do_not_contact"]), erased=row["erased_at"] is not None,
            reachable=bool(address) and address != row["bounced_email"],
            case=cases.get(row["id"]), fills=self._fills(row),
        )  # fmt: skip

    def _fills(self, row: Mapping[Any, Any]) -> frozenset[str]:
        """What a template may say of it: as `templates.values_of` where the desk itself writes."""
        said = {
            "contact.name": row["person"], "contact.first_name": merge.first_name(row["person"]),
            "account.name": row["company"], "comment": row["comment"], "desk.name": self.desk,
            "agent.name": self.desk, "agent.first_name": merge.first_name(self.desk),
        }  # fmt: skip
        return _ALWAYS | {name for name, text in said.items() if (text or "").strip()}

    def _cases(self, ids: Sequence[int]) -> dict[int, CaseSeen]:
        """The cases that these answers had when they came in."""
        query = _LINKS.where(col(CaseResponse.response_id).in_(ids))
        links = self.session.connection().execute(query).all()
        ruled = self._ruled(ids) if links else frozenset()
        opener = _openers(self.session, {row.case_id for row in links})
        return {
            row.response_id: CaseSeen(f"case:{row.case_id}", opener[row.case_id] == row.response_id)
            for row in links
            if row.joined_at == row.received_at and row.response_id not in ruled
        }

    def _ruled(self, ids: Sequence[int]) -> Collection[int]:
        """Those of the answers about which a rule opened a case, or joined them to one."""
        query = sa.select(col(RuleFiring.response_id), col(RuleFiring.effects)).where(
            col(RuleFiring.response_id).in_(ids), col(RuleFiring.mode) == "live"
        )
        return {
            response
            for response, effects in self.session.connection().execute(query)
            if any(
                one["do"] == "open" and one["outcome"] in ("opened", "joined") for one in effects
            )
        }


class _History:
    """The answers of people to each metric, in their order."""

    def __init__(self, rows: Iterator[Any]) -> None:
        self._by: dict[Any, list[tuple[tuple[datetime, int], int]]] = defaultdict(list)
        for row in rows:
            self._by[row.contact_id, row.metric].append(((row.answered_at, row.id), row.band))
        for answers in self._by.values():
            answers.sort()

    def before(self, key: Any, place: tuple[datetime, int]) -> tuple[Band | None, int]:
        """The band of the answer before this place, and how many low ones lie before it."""
        answers = self._by.get(key, [])
        earlier_ones = answers[: bisect_left(answers, place, key=lambda one: one[0])]
        since = place[0] - REPEATED
        lows = sum(band == Band.DETRACTOR and at >= since for (at, _), band in earlier_ones)
        return (Band(earlier_ones[-1][1]) if earlier_ones else None), lows


def _openers(session: Session, case_ids: Collection[int]) -> dict[int, int]:
    """The answer that each case was opened by: the first of those that it began with."""
    found: dict[int, int] = {}
    for some in slices(sorted(case_ids)):
        query = (
            sa.select(col(CaseResponse.case_id), col(CaseResponse.response_id))
            .join(Case, col(Case.id) == CaseResponse.case_id)
            .join(Response, col(Response.id) == CaseResponse.response_id)
            .where(col(CaseResponse.case_id).in_(some),
                   col(CaseResponse.joined_at) == col(Case.opened_at))
            .order_by(col(Response.answered_at), col(Response.id))
        )  # fmt: skip
        for case_id, response_id in session.connection().execute(query):
            found.setdefault(case_id, response_id)
    return defaultdict(int, found)


_LINKS = (
    sa.select(
        col(CaseResponse.response_id), col(CaseResponse.case_id), col(CaseResponse.joined_at),
        col(Response.received_at),
    )
    .join(Response, col(Response.id) == CaseResponse.response_id)
)  # fmt: skip
_QUERY = (
    sa.select(
        col(Response.id), *(col(getattr(Response, name)) for name in _OF_RESPONSE),
        col(Response.band), col(Response.survey_id), col(Response.received_at),
        col(Response.excluded_at), col(Response.import_run_id),
        sa.func.coalesce(col(Response.unit_id), col(Account.unit_id)).label("unit"),
        col(Survey.metric), col(Contact.role), col(Contact.language), col(Contact.do_not_contact),
        col(Contact.erased_at), col(Contact.email_norm), col(Contact.bounced_email),
        col(Account.stage), col(Account.arr), col(Account.currency), col(Account.renewal_on),
        col(Account.owner_id), col(User.team_id), col(Contact.name).label("person"),
        col(Account.name).label("company"),
    )
    .join(Survey, col(Survey.id) == Response.survey_id)
    .outerjoin(Contact, col(Contact.id) == Response.contact_id)
    .outerjoin(Account, col(Account.id) == Response.account_id)
    .outerjoin(User, col(User.id) == Account.owner_id)
)  # fmt: skip
