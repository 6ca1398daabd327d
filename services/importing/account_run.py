"""Importing accounts: what the file says wins, what it leaves empty stays as it was."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, select

from db.engine import bump, turn
from db.models import Account, ImportRun, Unit, User, metadata
from services import audit
from services.access import Actor, permitted
from services.cases import ranking
from services.domain.roles import Verb
from services.importing import latecomers
from services.importing.account_rows import AccountPlan, AccountRow, plan_accounts, read_accounts
from services.importing.answers import Reject
from services.importing.files import Table, open_table
from services.importing.request import digest

NEVER = datetime.min  # when an account was made that is only looked at
FIELDS = ("name", "domain", "arr", "currency", "renewal_on", "stage", "external_id")
REJECT: sa.Table = metadata.tables["import_reject"]


@dataclass(frozen=True)
class PreparedAccounts:
    """A file of accounts that can be imported: nothing is written yet."""

    table: Table
    plan: AccountPlan
    file_name: str
    sha256: str

    def mapping(self) -> dict[str, Any]:
        """How the columns are read, for the record of the import."""
        columns = dict(self.plan.mapping.columns)
        return {"columns": columns, "header": self.table.columns}


@dataclass
class AccountReport:
    """What an import of accounts did, or would do. `same` rows bring nothing that is new."""

    read: int = 0
    new: int = 0
    updated: int = 0
    same: int = 0
    rejects: list[Reject] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    run_id: int | None = None


def prepare_accounts(
    path: Path, options: tuple[str, ...], order: str | None, file_name: str | None = None
) -> PreparedAccounts:
    """Read the file once and settle how it is to be read; raises as `plan_accounts`."""
    table = open_table(path)
    plan = plan_accounts(table, options, order)
    return PreparedAccounts(table, plan, file_name or path.name, digest(path))


@permitted(Verb.IMPORT)
def check_accounts(session: Session, actor: Actor, prepared: PreparedAccounts) -> AccountReport:
    """What `import_accounts` would do; nothing is written."""
    return _take(session, prepared, _Look(session))


@permitted(Verb.IMPORT)
def import_accounts(
    session: Session, actor: Actor, prepared: PreparedAccounts, now: datetime
) -> AccountReport:
    """Make new accounts and bring known ones up to date, in the caller's transaction."""
    turn(session)
    desk = _Write(session, now)
    report = _take(session, prepared, desk)
    run = ImportRun(
        kind="accounts", state="done", file_name=prepared.file_name, file_sha256=prepared.sha256,
        mapping=prepared.mapping(), actor_id=actor.id,
        started_at=now, finished_at=now, read=report.read, new=report.new, known=report.same,
        updated=report.updated, rejected=len(report.rejects), warnings=report.warnings,
    )  # fmt: skip
    session.add(run)
    session.flush()
    rows = [
        {"import_run_id": run.id, **reject._asdict(), "column": reject.column or ""}
        for reject in report.rejects
    ]
    if rows:
        session.connection().execute(REJECT.insert(), rows)
    audit.record(session, actor.id, "import.accounts", now=now, entity="import_run",
                 entity_id=run.id, new=report.new, updated=report.updated)  # fmt: skip
    seq = bump(session)
    latecomers.place(session, seq)
    ranking.refresh(session, (account.id or 0 for account in desk.touched), seq, now)
    report.run_id = run.id
    return report


class _Look:
    """Finds what a row means here and plays it through without writing anything."""

    def __init__(self, session: Session, now: datetime | None = None) -> None:
        self.session, self.now = session, now
        users = session.exec(select(User.email_norm, User.id)).all()
        units = session.exec(select(Unit.name, Unit.id)).all()
        self.owners = dict(users)
        self.units: dict[str, int | None] = {name.casefold(): found for name, found in units}
        self.new_units: list[str] = []
        self.strangers: set[str] = set()
        accounts = session.exec(select(Account)).all()
        self.by_id = {each.external_id: each for each in accounts if each.external_id}
        self.by_name = {each.name_norm: each for each in accounts}
        if now is None:
            for each in accounts:  # so that what becomes of it here is never written
                session.expunge(each)

    def find(self, row: AccountRow) -> Account | None:
        """The account of this id, else the one of this name that has no other id."""
        named = self.by_name.get(row.name.casefold())
        found = self.by_id.get(row.external_id or "")
        other_id = named is not None and named.external_id and row.external_id
        if named is not None and named is not found and (found or other_id):
            raise ValueError("another account already has this name")
        return found or named

    def values(self, row: AccountRow) -> dict[str, Any]:
        """The columns that the row fills, with owner and unit as ids."""
        given = {name: getattr(row, name) for name in FIELDS if getattr(row, name) is not None}
        given["name_norm"] = row.name.casefold()
        if row.renewal_on:
            given["renewal_on"] = datetime.fromisoformat(row.renewal_on).date()
        if row.owner_email:
            owner = self.owners.get(row.owner_email.casefold())
            if owner is None:
                self.strangers.add(row.owner_email.casefold())
            else:
                given["owner_id"] = owner
        if row.unit:
            given["unit_id"] = self.unit(row.unit)
        return given

    def unit(self, name: str) -> int | None:
        if name.casefold() not in self.units:
            self.units[name.casefold()] = self.make_unit(name)
            self.new_units.append(name)
        return self.units[name.casefold()]

    def make_unit(self, name: str) -> int | None:  # noqa: ARG002
        return -1  # of no unit that is there

    def put(self, account: Account | None, values: dict[str, Any], props: dict[str, Any]) -> None:
        """Give the account these values; a name that it had is free for the rows after this one."""
        made = account or Account(created_at=self.now or NEVER, name="", name_norm="")
        renamed = account is not None and made.name_norm != values["name_norm"]
        if self.by_name.get(made.name_norm) is made:
            del self.by_name[made.name_norm]
        for name, value in values.items():
            setattr(made, name, value)
        made.props = props
        self.by_name[made.name_norm] = made
        if made.external_id:
            self.by_id[made.external_id] = made
        self.keep(made, renamed)

    def keep(self, account: Account, renamed: bool) -> None:
        pass


class _Write(_Look):
    """Does what `_Look` finds."""

    def __init__(self, session: Session, now: datetime) -> None:
        super().__init__(session, now)
        self.touched: list[Account] = []

    def make_unit(self, name: str) -> int | None:
        made = Unit(name=name)
        self.session.add(made)
        self.session.flush()
        return made.id

    def keep(self, account: Account, renamed: bool) -> None:
        self.session.add(account)
        self.touched.append(account)
        if renamed:  # before anybody else takes the name it had
            self.session.flush()


def _take(session: Session, prepared: PreparedAccounts, desk: _Look) -> AccountReport:
    report = AccountReport()
    for row in read_accounts(prepared.table, prepared.plan):
        report.read += 1
        if isinstance(row, Reject):
            report.rejects.append(row)
            continue
        try:
            account = desk.find(row)
        except ValueError as error:
            report.rejects.append(Reject(row.record, row.line, None, row.name, str(error)))
            continue
        values = desk.values(row)
        props = dict(account.props if account else {}) | json.loads(row.props or "{}")
        changed = (
            account is None
            or account.props != props
            or any(getattr(account, name) != value for name, value in values.items())
        )
        report.new += account is None
        report.updated += account is not None and changed
        report.same += not changed
        if changed:
            desk.put(account, values, props)
    session.flush()
    report.warnings = _warnings(desk)
    return report


def _warnings(desk: _Look) -> list[str]:
    warnings = []
    if desk.strangers:
        warnings.append(
            f"{len(desk.strangers)} owners do not work here: their accounts are kept without one."
        )
    if desk.new_units:
        warnings.append(f"New units: {', '.join(desk.new_units)}.")
    return warnings
