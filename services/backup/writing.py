"""Making a backup: all tables as they are at one moment, while the desk goes on."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

import sqlalchemy as sa
from sqlmodel import Session

from db import migrate, whole
from db.engine import one_moment, sparing
from services import audit, config
from services.access import Actor, permitted
from services.backup import archive, form
from services.domain.roles import Verb

BATCH = 1000  # rows in memory at a time


@dataclass(frozen=True)
class Noted:
    """A backup that stands in the audit trail, and so may be written."""

    with_key: bool
    at: datetime


@permitted(Verb.ADMINISTER)
def note(session: Session, actor: Actor, *, with_key: bool, now: datetime) -> Noted:
    """Put the backup into the audit trail, before a byte of it leaves: counts only."""
    names = [table.name for table in form.tables()]
    rows = sum(whole.count(session, name) for name in names)
    audit.record(
        session, actor.id, "backup.made", now=now, rows=rows, tables=len(names), with_key=with_key
    )
    return Noted(with_key, now)


@permitted(Verb.ADMINISTER)
def write(session: Session, actor: Actor, noted: Noted, out: IO[bytes]) -> form.Manifest:
    """Write the backup to `out` and read it back once, so that it is known to be whole."""
    one_moment(session)
    with sparing(session), ZipFile(out, "w", ZIP_DEFLATED) as zipped:
        sheets = [_sheet(session, zipped, table) for table in form.tables()]
        manifest = form.Manifest(
            format=form.FORMAT, revision=migrate.standing(session) or "",
            engine=session.get_bind().dialect.name, made_at=noted.at, tables=sheets,
            key=_key(zipped) if noted.with_key else None,
        )  # fmt: skip
        zipped.writestr(form.MANIFEST, manifest.model_dump_json(indent=1))
    archive.read(out)
    return manifest


def _sheet(session: Session, zipped: ZipFile, table: sa.Table) -> form.Sheet:
    columns, rows = form.columns(table), 0
    query = sa.select(table).order_by(*table.primary_key.columns)
    found = session.connection().execute(query, execution_options={"yield_per": BATCH})
    with zipped.open(form.member(table.name), "w", force_zip64=True) as file:
        kept = _Kept(file)
        for lot in found.partitions():
            kept.write(form.lines(columns, lot))
            rows += len(lot)
    return form.Sheet(name=table.name, columns=columns, rows=rows, **kept.facts())


def _key(zipped: ZipFile) -> form.Member:
    with zipped.open(form.KEY, "w") as file:
        kept = _Kept(file)
        kept.write(config.load().key())
    return form.Member(**kept.facts())


class _Kept:
    """A file in the zip that knows what was written into it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.bytes, self.hash = file, 0, sha256()

    def write(self, data: bytes) -> None:
        self.file.write(data)
        self.bytes += len(data)
        self.hash.update(data)

    def facts(self) -> dict[str, Any]:
        return {"bytes": self.bytes, "sha256": self.hash.hexdigest()}
