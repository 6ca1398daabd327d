"""Keeping answers: each once per source and id, with contact and account, set by set.

`Keeper.store` is the only way an answer comes in; the importer and the API both end here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from db import engine
from db.bulk import load, stage
from db.models import Response, Survey
from services import customers, facets
from services.customers import Person, Place

RESPONSE: sa.Table = SQLModel.metadata.tables["response"]
STAGED_ID = sa.Table(
    "staged_id",
    sa.MetaData(),
    sa.Column("external_id", sa.Text),
    prefixes=["TEMPORARY"],
)


class Answer(NamedTuple):
    """One answer ready to be kept; texts are cleaned and checked by whoever made it.

    `answered_at` is "YYYY-MM-DD HH:MM:SS.ffffff" in UTC, `props` a JSON object as text; `person`
    is None for an answer without an e-mail, `account` is (normalised, as given).
    """

    external_id: str
    score_given: str
    score: int
    band: int
    comment: str | None
    channel: str | None
    touchpoint: str | None
    answered_at: str
    followup: str
    anonymous: bool
    is_test: bool
    props: str
    person: Person | None
    account: tuple[str, str] | None


OWN = Answer._fields[:12]


@dataclass(frozen=True)
class Stored:
    """What became of a set of answers; `bands` counts the new ones as (-1, 0, 1)."""

    new: int = 0
    known: int = 0
    bands: tuple[int, int, int] = (0, 0, 0)

    def __add__(self, other: "Stored") -> "Stored":
        low, middle, high = (a + b for a, b in zip(self.bands, other.bands, strict=True))
        return Stored(self.new + other.new, self.known + other.known, (low, middle, high))


class Keeper:
    """Keeps the answers of one source, chunk by chunk.

    It remembers contacts, accounts and values between chunks, but only for as long as the data
    version says that nobody else has written: an erased contact must not come back from memory.
    """

    def __init__(self, survey: Survey, source: str, import_run_id: int | None = None) -> None:
        self.survey, self.source, self.import_run_id = survey, source, import_run_id
        self._version = -1
        self._facets: facets.Known | None = None
        self._people: dict[str, Place] = {}
        self._accounts: dict[str, Place] = {}

    def look(self, session: Session, answers: Sequence[Answer]) -> Stored:
        """What `store` would do, without doing it."""
        return self._sift(session, answers)[1]

    def store(self, session: Session, answers: Sequence[Answer], now: datetime) -> Stored:
        """Keep the answers that the source has not given before.

        All of them live or die with the caller's transaction. The data version is taken before
        the check for known ids: it queues writers, so no other can bring the same id meanwhile.
        """
        self._refresh(session)
        self._find_customers(session, answers, now)
        self._note_values(session, answers)
        seq = engine.bump(session)
        fresh, stored = self._sift(session, answers)
        rows = (answer[:12] + self._place(answer) for answer in fresh)
        load(session, RESPONSE, OWN + Place._fields, rows, self._given(now, seq))
        self._version = seq
        return stored

    def _given(self, now: datetime, seq: int) -> dict[str, object]:
        return {
            "source": self.source,
            "survey_id": self.survey.id,
            "scale": self.survey.scale,
            "import_run_id": self.import_run_id,
            "received_at": as_text(now),
            "change_seq": seq,
        }

    def _refresh(self, session: Session) -> None:
        if engine.version(session) != self._version or self._facets is None:
            self._people, self._accounts = {}, {}
            self._facets = facets.Known(session)

    def _find_customers(self, session: Session, answers: Sequence[Answer], now: datetime) -> None:
        names = {a.account[0]: a.account[1] for a in answers if a.account}
        new_names = {norm: name for norm, name in names.items() if norm not in self._accounts}
        self._accounts |= customers.accounts(session, new_names, now)
        people: dict[str, Person] = {}
        for answer in answers:
            if answer.person and answer.person.email_norm not in self._people:
                people.setdefault(answer.person.email_norm, answer.person)
        self._people |= customers.contacts(session, people.values(), now)

    def _note_values(self, session: Session, answers: Sequence[Answer]) -> None:
        assert self._facets is not None
        facets.note(
            session,
            self._facets,
            channels={a.channel for a in answers if a.channel},
            touchpoints={a.touchpoint for a in answers if a.touchpoint},
            props=(a.props for a in answers),
        )

    def _place(self, answer: Answer) -> Place:
        named = self._accounts[answer.account[0]] if answer.account else None
        if answer.person is None:
            return named or Place()
        theirs = self._people[answer.person.email_norm]
        return theirs if named is None else Place(theirs[0], named[1], named[2])

    def _sift(self, session: Session, answers: Sequence[Answer]) -> tuple[list[Answer], Stored]:
        known = self._known(session, answers)
        fresh = [a for a in answers if a.external_id not in known] if known else list(answers)
        counts = [0, 0, 0]
        for answer in fresh:
            counts[answer.band + 1] += 1
        low, middle, high = counts
        return fresh, Stored(len(fresh), len(answers) - len(fresh), (low, middle, high))

    def _known(self, session: Session, answers: Sequence[Answer]) -> set[str]:
        of_source = select(Response.id).where(Response.source == self.source)
        if session.exec(of_source.limit(1)).first() is None:
            return set()
        stage(session, STAGED_ID, ((answer.external_id,) for answer in answers))
        query = (
            sa.select(STAGED_ID.c.external_id)
            .join(RESPONSE, col(Response.external_id) == STAGED_ID.c.external_id)
            .where(RESPONSE.c.source == self.source)
        )
        return set(session.connection().execute(query).scalars())


def as_text(moment: datetime) -> str:
    """An aware time as the database's own text: UTC, microseconds, no offset."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
