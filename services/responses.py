"""Keeping answers: each once per source and id, with contact and account, set by set.

`Keeper.store` is the only way an answer comes in; the importer and the API both end here.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import compress

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db import engine
from db.bulk import load, stage
from db.models import Response, Survey, metadata
from db.search import indexed
from services import customers, facets
from services.answers import OWN, Batch, Columns, Person
from services.customers import Place

RESPONSE: sa.Table = metadata.tables["response"]
STAGED_ID = sa.Table(
    "staged_id",
    sa.MetaData(),
    sa.Column("external_id", sa.Text),
    prefixes=["TEMPORARY"],
)


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
        self._persons: dict[str, Person] = {}
        self._people: dict[str | None, Place] = {}
        self._accounts: dict[str | None, Place | None] = {}

    def look(self, session: Session, batch: Batch) -> Stored:
        """What `store` would do, without doing it."""
        return self._sift(session, batch)[1]

    def store(self, session: Session, batch: Batch, now: datetime) -> Stored:
        """Keep the answers that the source has not given before.

        All of them live or die with the caller's transaction. The data version is taken before
        the check for known ids: it queues writers, so no other can bring the same id meanwhile.
        """
        self._refresh(session)
        self._find_customers(session, batch, now)
        self._note_values(session, batch)
        seq = engine.bump(session)
        self._alone = self._alone and seq == self._version + 1
        fresh, stored = self._sift(session, batch)
        self._write(session, fresh, self._given(now, seq))
        self._version = seq
        return stored

    def _write(self, session: Session, fresh: Batch, same: dict[str, object]) -> None:
        columns = [*fresh.columns[: len(OWN)], *self._places(fresh)]
        differing = dict(zip(OWN + Place._fields, columns, strict=True))
        for name, values in list(differing.items()):
            if name != "external_id" and len(set(values)) == 1:  # one value need not travel often
                same[name] = differing.pop(name)[0]
        with indexed(session, self.import_run_id):
            rows = zip(*differing.values(), strict=True)
            load(session, RESPONSE, list(differing), rows, same)

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
            self._people, self._accounts = {None: Place()}, {None: None}
            self._facets = facets.Known(session)

    def _find_customers(self, session: Session, batch: Batch, now: datetime) -> None:
        names = {k: v for k, v in batch.accounts.items() if k not in self._accounts}
        self._accounts.update(customers.accounts(session, names, now))
        self._persons.update(batch.people)
        unmet = set(batch.column("email_norm")) - self._people.keys()
        people = [self._persons[email] for email in unmet]
        self._people.update(customers.contacts(session, people, now))

    def _note_values(self, session: Session, batch: Batch) -> None:
        assert self._facets is not None
        facets.note(
            session,
            self._facets,
            channels=set(batch.column("channel")) - {None},
            touchpoints=set(batch.column("touchpoint")) - {None},
            props=set(batch.column("props")),
        )

    def _places(self, batch: Batch) -> Columns:
        """Contact, account and unit of each answer: of the account it names, else of the person."""
        theirs = [self._people[email] for email in batch.column("email_norm")]
        named = [self._accounts[norm] for norm in batch.column("account_norm")]
        places = [name or person for name, person in zip(named, theirs, strict=True)]
        return [[p[0] for p in theirs], [p[1] for p in places], [p[2] for p in places]]

    def _sift(self, session: Session, batch: Batch) -> tuple[Batch, Stored]:
        ids, known = batch.column("external_id"), self._known(session, batch)
        if known:
            new = [external_id not in known for external_id in ids]
            batch = replace(batch, columns=[list(compress(c, new)) for c in batch.columns])
        bands = Counter(batch.column("band"))
        return batch, Stored(batch.n, len(ids) - batch.n, (bands[-1], bands[0], bands[1]))

    def _known(self, session: Session, batch: Batch) -> set[str]:
        self._alone = self._alone or not self._gave_before(session)
        if self._alone:
            return set()
        stage(session, STAGED_ID, zip(batch.column("external_id"), strict=True))
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
