"""A desk as large as a queue ever gets: the cases that were lived through, `TIMES` times.

Each copy has its own contacts, answers, notes and journal, and every fourth its own companies; what
happened when is the same. Copied in the database itself, with indexes built at the end: minutes,
where living through as many would take hours.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import sqlalchemy as sa
from sqlmodel import Session

from db.engine import is_sqlite
from db.models import metadata
from tests.bench.case_data import opened
from tests.bench.desks import count_on
from tests.bench.measure import progress

TIMES = 40
FIRMS = 4  # copies of a company; the copies of a case are spread over them
NAMES = ("account", "contact", "response", "case", "message", "case_event", "case_response")
# Of a new copy only these; the rest of the answers and people has nothing to do with a case.
OF_CASES = {
    "contact": 'id IN (SELECT contact_id FROM "case" WHERE id <= :case)',
    "response": "id IN (SELECT response_id FROM case_response WHERE case_id <= :case)",
}
# Moved together with what they refer to.
MOVED = {
    "contact_id": "contact", "response_id": "response", "case_id": "case", "undo_of": "case_event",
}  # fmt: skip
# Unique in their tables.
TOLD_APART = ("name", "name_norm", "email", "email_norm", "external_id", "message_id")
DATA = {
    "sqlite": "CASE WHEN data ->> '$.message_id' IS NOT NULL "
    "THEN json_set(data, '$.message_id', (data ->> '$.message_id') + :k * :message) "
    "WHEN kind = 'opened' THEN json_set(data, "
    "'$.response_id', (data ->> '$.response_id') + :k * :response, "
    "'$.changes.response_id[1]', (data ->> '$.response_id') + :k * :response) ELSE data END",
    "postgresql": "CASE WHEN data ? 'message_id' "
    "THEN data || jsonb_build_object('message_id', "
    "(data ->> 'message_id')::bigint + CAST(:k AS bigint) * :message) "
    "WHEN kind = 'opened' THEN jsonb_set(data || jsonb_build_object('response_id', "
    "(data ->> 'response_id')::bigint + CAST(:k AS bigint) * :response), "
    "'{changes,response_id,1}', "
    "to_jsonb((data ->> 'response_id')::bigint + CAST(:k AS bigint) * :response)) ELSE data END",
}


def grow(url: str, times: int = TIMES) -> int:
    """Copy every case, with all that belongs to it, until there are `times` of each; how many."""
    with opened(url) as session:
        ends = {name: _end(session, name) for name in NAMES[:-1]}
        if not is_sqlite(session):
            _sleep(session)
        with _bare(session, NAMES[3:]):
            for k in range(1, times):
                _copy(session, k, ends)
                session.commit()
        count_on(session, (*NAMES[:-1],))
        session.commit()
        return ends["case"] * times


def _end(session: Session, name: str) -> int:
    """The last id: the k-th copy of a row lies k times so far behind it."""
    return int(session.connection().exec_driver_sql(f'SELECT max(id) FROM "{name}"').scalar() or 0)


def _sleep(session: Session) -> None:
    """PostgreSQL looks for no row behind a key, where this user may tell it so."""
    super_ = "SELECT usesuper FROM pg_user WHERE usename = current_user"
    if session.connection().exec_driver_sql(super_).scalar():
        session.connection().exec_driver_sql("SET session_replication_role = replica")
        session.connection().exec_driver_sql("SET maintenance_work_mem = '512MB'")


@contextmanager
def _bare(session: Session, names: tuple[str, ...]) -> Iterator[None]:
    """The tables without those indexes that no constraint needs; they are built at the end."""
    found = [one for name in names for one in _indexes(session, name)]
    for index, _ in found:
        session.connection().exec_driver_sql(f"DROP INDEX {index}")
    yield
    progress(f"building {len(found)} indexes")
    for _, made in found:
        session.connection().exec_driver_sql(made)
        session.commit()


def _indexes(session: Session, name: str) -> list[tuple[str, str]]:
    if is_sqlite(session):
        found = (
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :name "
            "AND sql IS NOT NULL"
        )
    else:
        found = (
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
            "WHERE indrelid = CAST(quote_ident(:name) AS regclass) AND NOT EXISTS "
            "(SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)"
        )
    rows = session.connection().execute(sa.text(found), {"name": name})
    return [(row[0], row[1]) for row in rows]


def _copy(session: Session, k: int, ends: Mapping[str, int]) -> None:
    """The copy `k` of everything."""
    if k % 10 == 0:
        progress(f"copy {k}")
    firm = k % FIRMS
    for name in NAMES if k < FIRMS else NAMES[1:]:
        listed = [column.name for column in metadata.tables[name].columns]
        told = ", ".join(_told(session, name, column) for column in listed)
        key = "case_id" if name == "case_response" else "id"
        within = ends["case" if name == "case_response" else name]
        only = OF_CASES.get(name, f"{key} <= {within}")
        session.connection().execute(
            sa.text(
                f'INSERT INTO "{name}" ({", ".join(listed)}) '
                f'SELECT {told} FROM "{name}" WHERE {only} AND {key} <= {within}'
            ),
            {"k": k, "firm": firm, **ends},
        )
    if is_sqlite(session):  # what belongs to an import run is left out by the trigger
        _index_comments(session, k, ends["response"])


def _told(session: Session, name: str, column: str) -> str:
    """What a copy has in a column."""
    if column in ("id", "number"):
        return f"{column} + CAST(:k AS bigint) * :{name}"
    if column == "account_id":
        return "account_id + CAST(:firm AS bigint) * :account"
    if column in MOVED:
        return f"{column} + CAST(:k AS bigint) * :{MOVED[column]}"
    if column in TOLD_APART:
        return f"{column} || '-' || CAST(:k AS text)"
    if column == "data":
        return DATA["sqlite" if is_sqlite(session) else "postgresql"]
    return column


def _index_comments(session: Session, k: int, step: int) -> None:
    session.connection().exec_driver_sql(
        "INSERT INTO response_fts (rowid, comment) SELECT id, comment FROM response "
        "WHERE id > ? AND id <= ? AND comment IS NOT NULL AND import_run_id IS NOT NULL",
        (k * step, (k + 1) * step),
    )
