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
from services import customers, facets, vendor_scores
from services.answers import OWN, Batch, Columns, Person
from services.cases.forecast import Forecast
from services.cases.opening import open_written
from services.customers import Place
from services.domain.opening import Policy
from services.domain.scores import Metric

RESPONSE: sa.Table = metadata.tables["response"]
STAGED_ID = sa.Table(
    "staged_id",
    sa.MetaData(),
    sa.Column("external_id", sa.Text),
    prefixes=["TEMPORARY"],
)


@dataclass(frozen=True)
class Stored:
    """What became of a set of answers; `bands` counts the new ones as (-1, 0, 1).

    `differing` counts those of the known ones that say another score or time than what is kept,
    `cases` the cases that the new ones opened.
    """

    new: int = 0
    known: int = 0
    bands: tuple[int, int, int] = (0, 0, 0)
    differing: int = 0
    cases: int = 0

    def __add__(self, other: "Stored") -> "Stored":
        low, middle, high = (a + b for a, b in zip(self.bands, other.bands, strict=True))
        bands = (low, middle, high)
        differing = self.differing + other.differing
        cases = self.cases + other.cases
        return Stored(self.new + other.new, self.known + other.known, bands, differing, cases)


class Directory:
    """Who and what is known already: contacts, accounts and the values of filter bars.

    It remembers between batches, but only for as long as the data version says that nobody else
    has written: an erased contact must not come back from memory.
    """

    def __init__(self) -> None:
        self.version = -1
        self.people: dict[str | None, Place] = {}
        self.accounts: dict[str | None, Place | None] = {}
        self._persons: dict[str, Person] = {}
        self._facets: facets.Known | None = None

    def meet(self, session: Session, batch: Batch, now: datetime) -> None:
        """Know everybody in `batch`; who is new is made.

        One writer at a time: it makes rows that others refer to, so it waits for its turn first.
        Whoever stores several batches in one transaction meets them together.
        """
        engine.turn(session)
        if engine.version(session) != self.version or self._facets is None:
            self.people, self.accounts = {None: Place()}, {None: None}
            self._facets = facets.Known(session)
        names = {k: v for k, v in batch.accounts.items() if k not in self.accounts}
        self.accounts.update(customers.accounts(session, names, now))
        self._persons.update(batch.people)
        unmet = set(batch.column("email_norm")) - self.people.keys()
        people = [self._persons[email] for email in unmet]
        self.people.update(customers.contacts(session, people, now))
        facets.note(
            session,
            self._facets,
            channels=set(batch.column("channel")) - {None},
            touchpoints=set(batch.column("touchpoint")) - {None},
            props=set(batch.column("props")),
        )


class Keeper:
    """Keeps the answers of one source, batch by batch; `rule` says which ones open a case."""

    def __init__(
        self,
        survey: Survey,
        source: str,
        import_run_id: int | None = None,
        directory: Directory | None = None,
        rule: Policy | None = None,
    ) -> None:
        self.survey, self.source, self.import_run_id = survey, source, import_run_id
        self.directory = directory or Directory()
        self.rule, self._forecast = rule, Forecast(Metric(survey.metric))
        self._alone = False  # all that the source ever gave came through this keeper

    def look(self, session: Session, batch: Batch) -> Stored:
        """What `store` would do, without doing it."""
        fresh, stored = self._sift(session, batch)
        if self.rule is None:
            return stored
        return replace(stored, cases=self._forecast.count(session, fresh, self.rule))

    def store(self, session: Session, batch: Batch, now: datetime) -> Stored:
        """Keep the answers that the source has not given before, and open the cases they ask for.

        All of them live or die with the caller's transaction. The data version is taken before
        the check for known ids: it queues writers, so no other can bring the same id meanwhile.
        """
        self.directory.meet(session, batch, now)
        seq = engine.bump(session)
        self._alone = self._alone and seq == self.directory.version + 1
        fresh, stored = self._sift(session, batch)
        self._write(session, fresh, self._given(now, seq))
        if self.rule is not None:
            stored = replace(stored, cases=self._open(session, seq, now))
        if self.import_run_id is None:  # an import sends nothing to anybody
            vendor_scores.owe_written(session, seq, now)
        self.directory.version = seq
        return stored

    def _open(self, session: Session, seq: int, now: datetime) -> int:
        assert self.rule is not None
        quiet = self.import_run_id is not None
        return open_written(session, seq, self.rule, now, quiet=quiet)

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

    def _places(self, batch: Batch) -> Columns:
        """Contact, account and unit of each answer: of the account it names, else of the person."""
        theirs = [self.directory.people[email] for email in batch.column("email_norm")]
        named = [self.directory.accounts[norm] for norm in batch.column("account_norm")]
        places = [name or person for name, person in zip(named, theirs, strict=True)]
        return [[p[0] for p in theirs], [p[1] for p in places], [p[2] for p in places]]

    def _sift(self, session: Session, batch: Batch) -> tuple[Batch, Stored]:
        ids, known = batch.column("external_id"), self._known(session, batch)
        differing = 0
        if known:
            said = zip(ids, batch.column("score"), batch.column("answered_at"), strict=True)
            differing = sum(known.get(key, (a, b)) != (a, b) for key, a, b in said)
            new = [external_id not in known for external_id in ids]
            batch = replace(batch, columns=[list(compress(c, new)) for c in batch.columns])
        bands = Counter(batch.column("band"))
        counts = (bands[-1], bands[0], bands[1])
        return batch, Stored(batch.n, len(ids) - batch.n, counts, differing)

    def _known(self, session: Session, batch: Batch) -> dict[str, tuple[int, str]]:
        """Score and time of those ids of the batch that the source has given before."""
        self._alone = self._alone or not self._gave_before(session)
        if self._alone:
            return {}
        stage(session, STAGED_ID, zip(batch.column("external_id"), strict=True))
        query = (
            sa.select(STAGED_ID.c.external_id, RESPONSE.c.score, RESPONSE.c.answered_at)
            .join(RESPONSE, col(Response.external_id) == STAGED_ID.c.external_id)
            .where(RESPONSE.c.source == self.source)
        )
        found = session.connection().execute(query)
        return {external_id: (score, as_text(at)) for external_id, score, at in found}

    def _gave_before(self, session: Session) -> bool:
        of_source = select(Response.id).where(Response.source == self.source)
        return session.exec(of_source.limit(1)).first() is not None


def as_text(moment: datetime) -> str:
    """An aware time as the database's own text: UTC, microseconds, no offset."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
