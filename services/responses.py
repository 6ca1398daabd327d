"""Keeping answers: each once per source and id, with contact and account, set by set.

`Keeper.store` is the only way an answer comes in; the importer and the API both end here.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db import engine
from db.bulk import load, stage
from db.models import Response, Survey, metadata
from services import customers, facets
from services.customers import Person, Place

RESPONSE: sa.Table = metadata.tables["response"]
STAGED_ID = sa.Table(
    "staged_id",
    sa.MetaData(),
    sa.Column("external_id", sa.Text),
    prefixes=["TEMPORARY"],
)


Rows = Sequence[tuple[Any, ...]]


class Answer(NamedTuple):
    """One answer ready to be kept; texts are cleaned and checked by whoever made it.

    `answered_at` is "YYYY-MM-DD HH:MM:SS.ffffff" in UTC, `props` a JSON object as text; the last
    two are keys of the batch's `people` and `accounts`.
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
    email_norm: str | None
    account_norm: str | None


OWN = Answer._fields[:-2]
KEPT = len(OWN)


@dataclass(frozen=True)
class Batch:
    """Answers of one source, each id once, with the people and accounts they name.

    `accounts` is {normalised name: as given}. An answer may be any tuple like `Answer`: a plain
    one travels between processes three times as fast.
    """

    answers: Rows = field(default_factory=list)
    people: dict[str, Person] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)


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
        self._alone = False  # all that the source ever gave came through this keeper
        self._facets: facets.Known | None = None
        self._people: dict[str, Place] = {}
        self._accounts: dict[str, Place] = {}

    def look(self, session: Session, batch: Batch) -> Stored:
        """What `store` would do, without doing it."""
        return self._sift(session, batch.answers)[1]

    def store(self, session: Session, batch: Batch, now: datetime) -> Stored:
        """Keep the answers that the source has not given before.

        All of them live or die with the caller's transaction. The data version is taken before
        the check for known ids: it queues writers, so no other can bring the same id meanwhile.
        """
        self._refresh(session)
        self._find_customers(session, batch, now)
        self._note_values(session, batch.answers)
        seq = engine.bump(session)
        self._alone = self._alone and seq == self._version + 1
        fresh, stored = self._sift(session, batch.answers)
        rows = self._placed(fresh)
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

    def _find_customers(self, session: Session, batch: Batch, now: datetime) -> None:
        names = {k: v for k, v in batch.accounts.items() if k not in self._accounts}
        self._accounts |= customers.accounts(session, names, now)
        people = [v for k, v in batch.people.items() if k not in self._people]
        self._people |= customers.contacts(session, people, now)

    def _note_values(self, session: Session, answers: Rows) -> None:
        assert self._facets is not None
        channel, touchpoint, props = map(Answer._fields.index, ("channel", "touchpoint", "props"))
        facets.note(
            session,
            self._facets,
            channels={a[channel] for a in answers} - {None},
            touchpoints={a[touchpoint] for a in answers} - {None},
            props={a[props] for a in answers},
        )

    def _placed(self, answers: Rows) -> Iterator[tuple[object, ...]]:
        """Each answer with its contact, account and unit: the account it names, else theirs."""
        people, accounts, nobody = self._people, self._accounts, Place()
        for answer in answers:
            email, account = answer[KEPT:]
            place = people[email] if email else nobody
            if account:
                named = accounts[account]
                place = Place(place[0], named[1], named[2])
            yield answer[:KEPT] + place

    def _sift(self, session: Session, answers: Rows) -> tuple[Rows, Stored]:
        known = self._known(session, answers)
        fresh = [a for a in answers if a[0] not in known] if known else answers
        bands = Counter(answer[3] for answer in fresh)
        counts = (bands[-1], bands[0], bands[1])
        return fresh, Stored(len(fresh), len(answers) - len(fresh), counts)

    def _known(self, session: Session, answers: Rows) -> set[str]:
        self._alone = self._alone or not self._gave_before(session)
        if self._alone:
            return set()
        stage(session, STAGED_ID, ((answer[0],) for answer in answers))
        query = (
            sa.select(STAGED_ID.c.external_id)
            .join(RESPONSE, col(Response.external_id) == STAGED_ID.c.external_id)
            .where(RESPONSE.c.source == self.source)
        )
        return set(session.connection().execute(query).scalars())

    def _gave_before(self, session: Session) -> bool:
        of_source = select(Response.id).where(Response.source == self.source)
        return session.exec(of_source.limit(1)).first() is not None


def as_text(moment: datetime) -> str:
    """An aware time as the database's own text: UTC, microseconds, no offset."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
