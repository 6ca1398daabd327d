"""Comments can be searched: FTS5 with triggers on SQLite, a GIN index on PostgreSQL."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PG_PUNCTUATION = r"[!-/:-@\[-`{-~]+"
SQLITE = (
    "CREATE VIRTUAL TABLE response_fts USING fts5("
    "comment, content='response', content_rowid='id', tokenize='unicode61 remove_diacritics 0')",
    # Rows of an import run are indexed together by `db.search.indexed`.
    "CREATE TRIGGER response_fts_insert AFTER INSERT ON response "
    "WHEN new.comment IS NOT NULL AND new.import_run_id IS NULL BEGIN "
    "INSERT INTO response_fts (rowid, comment) VALUES (new.id, new.comment); END",
    "CREATE TRIGGER response_fts_delete AFTER DELETE ON response WHEN old.comment IS NOT NULL "
    "BEGIN INSERT INTO response_fts (response_fts, rowid, comment) "
    "VALUES ('delete', old.id, old.comment); END",
    "CREATE TRIGGER response_fts_change AFTER UPDATE OF comment ON response BEGIN "
    "INSERT INTO response_fts (response_fts, rowid, comment) "
    "SELECT 'delete', old.id, old.comment WHERE old.comment IS NOT NULL; "
    "INSERT INTO response_fts (rowid, comment) "
    "SELECT new.id, new.comment WHERE new.comment IS NOT NULL; END",
    # Not 'rebuild': that would index the rows without a comment too.
    "INSERT INTO response_fts (rowid, comment) "
    "SELECT id, comment FROM response WHERE comment IS NOT NULL",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE:
            op.execute(statement)
        return
    document = f"to_tsvector('simple', regexp_replace(comment, '{PG_PUNCTUATION}', ' ', 'g'))"
    op.get_bind().exec_driver_sql(
        f"CREATE INDEX ix_response_fts ON response USING gin (({document})) "
        "WHERE comment IS NOT NULL"
    )
