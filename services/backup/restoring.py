"""A backup becomes a desk: all of it or nothing, and only where there is none yet."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db import migrate, whole
from db.engine import bump, is_sqlite, version
from db.models import DataVersion, Integration, metadata
from db.search import index_imported
from services import audit, vault
from services.access import Actor, Refused, permitted
from services.backup import archive, form
from services.backup.archive import Archive
from services.domain.roles import Verb
from services.ledger.verifying import foreign

# What a desk has before anybody works in it: it gives way.
BORN_WITH = frozenset({
    "data_version", "root_cause", "job", "one_time_link", "sign_in_failure", "ledger_start",
})  # fmt: skip
NOTHING = "Nothing was changed."


@dataclass(frozen=True)
class Restored:
    """What came of it: vendors that wait for an admin, secrets that nobody can read any more, and
    rows of the ledger that nobody can check any more."""

    rows: int
    paused: list[str]
    locked: int
    foreign: int


@permitted(Verb.ADMINISTER)
def restore(
    session: Session, actor: Actor, found: Archive, *, with_key: bool, now: datetime
) -> Restored:
    """Fill the empty desk of `whole.moving_in` with the backup and bring it up to date.

    Every vendor is paused: what is owed may have been sent since the backup was made.
    """
    manifest = found.manifest
    was = _refuse_a_used_desk(session)
    _meet(session, manifest)
    _fill(session, found)
    migrate.raise_to(session.connection())
    whole.follow_ids(session)
    kept = session.get_one(DataVersion, 1)
    kept.n = max(kept.n, was)  # what a running desk has in memory is of another desk
    session.flush()
    bump(session)
    paused = _pause(session, now)
    audit.record(
        session, actor.id, "backup.restored", now=now, rows=manifest.rows,
        tables=len(manifest.tables), with_key=with_key, paused=len(paused),
    )  # fmt: skip
    return Restored(manifest.rows, paused, vault.locked(session), foreign(session))


def _refuse_a_used_desk(session: Session) -> int:
    """Refused where somebody's rows are; the data version of the empty desk."""
    there = set(sa.inspect(session.connection()).get_table_names()) & set(metadata.tables)
    whole.alone(session, sorted(there))
    counts = {name: whole.count(session, name) for name in sorted(there - BORN_WITH)}
    if total := sum(counts.values()):
        most = sorted(counts, key=counts.__getitem__, reverse=True)[:3]
        named = ", ".join(f"{name} {counts[name]:,}" for name in most if counts[name])
        raise Refused(
            f"A backup is restored into an empty desk only, and this one keeps {total:,} rows "
            f"({named}). {NOTHING}"
        )
    return version(session) if "data_version" in there else 0


def _meet(session: Session, manifest: form.Manifest) -> None:
    """Bring the empty desk to the schema of the backup."""
    known, here = migrate.revisions(), migrate.standing(session)
    if manifest.revision not in known:
        raise Refused(
            f"This backup has the schema {manifest.revision}, and this version of Loopdesk knows "
            f"those up to {known[-1]}: use the version that made it. {NOTHING}"
        )
    if here is not None and here not in known[: known.index(manifest.revision) + 1]:
        raise Refused(
            f"This backup has the schema {manifest.revision}, and the database is at {here} "
            f"already: give it a new database without any table. {NOTHING}"
        )
    migrate.raise_to(session.connection(), manifest.revision)
    inspector = sa.inspect(session.connection())
    mine = {
        name: sorted(column["name"] for column in inspector.get_columns(name))
        for name in set(inspector.get_table_names()) & set(metadata.tables) - form.LEFT_OUT
    }
    brought = {sheet.name: sorted(c.name for c in sheet.columns) for sheet in manifest.tables}
    if mine != brought or len(brought) < len(manifest.tables):
        archive.damaged("its tables are not those of its schema")


def _fill(session: Session, found: Archive) -> None:
    sheets = found.manifest.tables
    order = [sheet.name for sheet in sheets]
    for name in BORN_WITH.intersection(sa.inspect(session.connection()).get_table_names()):
        whole.clear(session, name)
    reader = partial(form.reader, sqlite=is_sqlite(session))
    with whole.any_order(session, order):
        for sheet in sheets:
            names = [column.name for column in sheet.columns]
            try:
                whole.fill(session, sheet.name, names, found.rows(sheet, reader(sheet.columns)))
            except whole.Unfit as unfit:
                raise Refused(f"The database does not take {unfit}. {NOTHING}") from None
    index_imported(session)
    if lost := whole.dangling(session):
        archive.damaged(f"a row of {lost} leads to one that is missing")
    if any(whole.count(session, sheet.name) != sheet.rows for sheet in sheets):
        archive.damaged("not all of its rows arrived")


def _pause(session: Session, now: datetime) -> list[str]:
    query = select(Integration).where(col(Integration.paused_at).is_(None))
    found = session.exec(query.order_by(Integration.name)).all()
    for row in found:
        row.paused_at = now
        session.add(row)
    session.flush()
    return [row.name for row in found]
