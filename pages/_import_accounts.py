"""Import of accounts: value, renewal, owner and unit, so that the queue knows what is at stake."""

import streamlit as st

from db.engine import reading, transaction
from pages import _import_parts as parts
from pages._door import actor, now
from services.importing import account_run
from services.importing.account_rows import propose_accounts
from services.importing.account_run import AccountReport, PreparedAccounts
from services.importing.files import Table

KEY = "accounts"
FIELDS = (
    ("name", "Name"), ("domain", "Domain"), ("arr", "ARR"), ("currency", "Currency"),
    ("renewal_on", "Renewal"), ("owner_email", "Owner's e-mail"), ("unit", "Unit"),
    ("stage", "Stage"), ("external_id", "Id"),
)  # fmt: skip


def show() -> None:
    """The whole tab."""
    words = "Name, ARR, renewal, owner and unit. A cell left empty changes nothing."
    parts.tab(KEY, words, "A file of accounts", settled, steps)


def settled(table: Table, name: str) -> PreparedAccounts | None:
    """The columns settled against the whole file; None while the order of the dates is open."""
    proposed = dict(propose_accounts(table.columns).columns)
    options = parts.mapper(KEY, table, FIELDS, proposed)

    def work(order: str | None) -> PreparedAccounts:
        return account_run.prepare_accounts(table.path, options, order, name)

    return parts.dated(KEY, table, options, work)


def steps(ready: PreparedAccounts) -> None:
    """Look at what the import would do, do it, and see what it did."""
    mark = (ready.sha256, ready.plan)
    kept = st.session_state.get(f"{KEY}_report")
    if kept is not None and kept[0] == mark:
        st.success("Imported. What the file left empty is as it was.")
        summary(kept[1])
        return
    with reading() as session:
        report = account_run.check_accounts(session, actor(), ready)
    summary(report)
    if not report.new + report.updated:
        st.info("Nothing in this file is new: there is nothing to import.")
    elif st.button(f"Import {report.new + report.updated:,} accounts", type="primary"):
        with transaction() as session:
            done = account_run.import_accounts(session, actor(), ready, now())
        st.session_state[f"{KEY}_report"] = (mark, done)
        st.rerun()


def summary(report: AccountReport) -> None:
    """What the import would do, or did."""
    parts.counts([
        ("Records read", report.read), ("New", report.new), ("Brought up to date", report.updated),
        ("As they were", report.same), ("Not taken", len(report.rejects)),
    ])  # fmt: skip
    parts.warnings(report.warnings)
    parts.rejects(report.rejects, len(report.rejects))
