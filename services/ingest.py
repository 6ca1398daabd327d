"""Answers from programs: checked one by one, kept together, never twice."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from sqlmodel import Session

from db.engine import turn
from db.models import ApiKey, Survey
from services import settings, surveys
from services.access import Forbidden
from services.answer_in import AnswerIn, reasons
from services.answers import Answer, Batch, Person
from services.cases.opening import policy
from services.domain.scores import Direction, Metric, Scale, band, scales_for
from services.importing import cells
from services.responses import Directory, Keeper, as_text

SOURCE = "api"
SKEW = timedelta(days=1)  # how far ahead another machine's clock may be


@dataclass
class Ingested:
    """What became of a request: `rejected` names each answer that was not taken, and why."""

    new: int = 0
    known: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)


class Wrong(ValueError):
    """A field of one answer cannot be right."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name, self.reason = name, reason


def ingest(session: Session, key: ApiKey, items: Sequence[Any], now: datetime) -> Ingested:
    """Keep the good ones of `items` in the caller's transaction; `key` must have `ingest`."""
    if "ingest" not in key.scopes or key.revoked_at is not None:
        raise Forbidden("this key may not send answers")
    desk, done = _Desk(session, now), Ingested()
    by_survey: dict[str, _Group] = {}
    for index, item in enumerate(items):
        try:
            checked = AnswerIn.model_validate(item)
            survey, answer, person = desk.answer(checked)
        except ValidationError as error:
            done.rejected += [{"index": index, **line} for line in reasons(error)[:1]]
            continue
        except Wrong as wrong:
            done.rejected.append({"index": index, "field": wrong.name, "reason": wrong.reason})
            continue
        group = by_survey.setdefault(survey.name, _Group(survey))
        done.known += group.add(answer, person, cells.folded(checked.account or ""))
    return _store(session, by_survey, done, now)


def _store(
    session: Session, by_survey: dict[str, "_Group"], done: Ingested, now: datetime
) -> Ingested:
    if not by_survey:
        return done
    groups = [by_survey[name] for name in sorted(by_survey)]
    directory, rule = Directory(), policy(session, now)
    directory.meet(session, _together([group.batch() for group in groups]), now)
    for group in groups:
        source = f"{SOURCE}:{group.survey.name}"
        keeper = Keeper(group.survey, source, directory=directory, rule=rule)
        stored = keeper.store(session, group.batch(), now)
        done.new += stored.new
        done.known += stored.known
    return done


def _together(batches: list[Batch]) -> Batch:
    """All of them as one, so that whom they name is met at once."""
    whole = Batch()
    for batch in batches:
        for column, more in zip(whole.columns, batch.columns, strict=True):
            column.extend(more)
        whole.people.update(batch.people)
        whole.accounts.update(batch.accounts)
    return whole


@dataclass
class _Group:
    """The answers to one survey, by id."""

    survey: Survey
    answers: dict[str, Answer] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)

    def add(self, answer: Answer, person: Person | None, account: str | None) -> bool:
        """Take the answer in unless its id is there; whether it was."""
        known = answer.external_id in self.answers
        self.answers.setdefault(answer.external_id, answer)
        if person:
            self.people.setdefault(person.email_norm, person)
        if answer.account_norm and account:
            self.accounts.setdefault(answer.account_norm, account)
        return known

    def batch(self) -> Batch:
        columns = [list(column) for column in zip(*self.answers.values(), strict=True)]
        return Batch(columns, self.people, self.accounts)


class _Desk:
    """The surveys and the zone that answers are read with; new surveys are made."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session, self.now = session, now
        self.zone: ZoneInfo = settings.reporting_zone(session)
        self.surveys: dict[str, Survey] = {}
        self._occurred: dict[str, int] = {}

    def answer(self, given: AnswerIn) -> tuple[Survey, Answer, Person | None]:
        answered_at, external_id = self._moment(given), self._identity(given)
        account = cells.folded(given.account or "")
        norm = account.casefold() if account else None
        person = _person(given, norm)
        # Last, because a new survey is made here: an answer that is not taken leaves none behind.
        survey = self._survey(given)
        scale, direction = Scale.parse(survey.scale), Direction(survey.direction)
        try:
            its_band = band(Metric(survey.metric), given.score, scale, direction)
        except ValueError as error:
            raise Wrong("score", str(error)) from None
        answer = Answer(
            external_id=external_id,
            score_given=str(given.score),
            score=given.score,
            band=int(its_band),
            comment=cells.unspoiled(given.comment or "") or None,
            channel=cells.folded(given.channel or ""),
            touchpoint=cells.folded(given.touchpoint or ""),
            answered_at=as_text(answered_at),
            followup=given.followup,
            anonymous=given.anonymous,
            is_test=given.test,
            props=_properties(given),
            email_norm=person.email_norm if person else None,
            account_norm=norm,
        )
        return survey, answer, person

    def _survey(self, given: AnswerIn) -> Survey:
        name = cells.folded(given.survey or f"API {given.metric.value.upper()}") or "API"
        if name not in self.surveys:
            self.surveys[name] = surveys.named(self.session, name) or self._new(name, given)
        survey = self.surveys[name]
        for field_name in ("metric", "scale", "direction"):
            said = getattr(given, field_name)
            if said is not None and field_name in given.model_fields_set:
                asked = getattr(survey, field_name)
                if said != asked:
                    raise Wrong(field_name, f"the survey {name!r} has {asked}")
        return survey

    def _new(self, name: str, given: AnswerIn) -> Survey:
        scale = Scale.parse(given.scale) if given.scale else scales_for(given.metric)[0]
        direction = given.direction or Direction.HIGH_IS_GOOD
        try:
            band(given.metric, given.score, scale, direction)
        except ValueError as error:
            raise Wrong("score", str(error)) from None
        turn(self.session)  # two requests may each make what the other one makes after it
        return surveys.made(self.session, name, given.metric, scale, direction, now=self.now)

    def _moment(self, given: AnswerIn) -> datetime:
        if given.answered_at is None:
            if given.external_id is None:
                raise Wrong("external_id", "give external_id or answered_at: a retry without "
                            "either would be counted twice")  # fmt: skip
            return self.now
        moment = given.answered_at
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self.zone)
        if not datetime(1970, 1, 1, tzinfo=UTC) <= moment <= self.now + SKEW:
            raise Wrong("answered_at", "the time lies in the future or before 1970")
        return moment

    def _identity(self, given: AnswerIn) -> str:
        """The given id, else a hash of the whole answer and its k-th occurrence here."""
        if given.external_id is not None:
            named = cells.folded(given.external_id)
            if named is None:
                raise Wrong("external_id", "an id has at least one visible character")
            return named
        whole = given.model_dump_json(exclude_none=True)
        self._occurred[whole] = self._occurred.get(whole, 0) + 1
        text = f"{whole}\0{self._occurred[whole]}"
        return "row:" + blake2b(text.encode(), digest_size=16).hexdigest()


def _person(given: AnswerIn, account_norm: str | None) -> Person | None:
    if given.anonymous or not given.email:
        return None
    address = cells.email(given.email)
    if address is None:
        raise Wrong("email", "this cannot be an e-mail address")
    norm, written = address
    name = cells.folded(given.name or "")
    return Person(norm, written, name, account_norm, norm.rpartition("@")[2])


def _properties(given: AnswerIn) -> str:
    texts = {
        cells.folded(name): cells.folded(value if isinstance(value, str) else json.dumps(value))
        for name, value in given.properties.items()
    }
    return json.dumps({name: text for name, text in texts.items() if name and text})
