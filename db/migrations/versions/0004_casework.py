"""Cases can be worked: their place in the queue, what is measured on them, drafts, root causes."""

import sqlalchemy as sa
from alembic import op

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UNRESOLVED = "status NOT IN ('resolved', 'merged')"
QUEUE = "rank_at, id, status, assignee_id, due_at, snoozed_until, unit_id, escalated_to_id"
ROOT_CAUSES = (
    "Product defect", "Missing feature", "Hard to use", "Slow or down", "Support experience",
    "Onboarding or training", "Price or contract", "Billing", "Expectation not met", "Other",
)

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _refer(table: str, column: str, target: str) -> None:
    # SQLite adds a column with its foreign key only like this; a new copy of the table would
    # break the references to it.
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f'ALTER TABLE "{table}" ADD COLUMN {column} {kind} '
        f'CONSTRAINT fk_{table}_{column} REFERENCES "{target}" (id)'
    )


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    for column, target in (("unit_id", "unit"), ("response_id", "response"), ("escalated_to_id", "user")):
        _refer("case", column, target)
    for name in ("rank_at", "due_at", "breached_due", "escalated_at"):
        op.add_column("case", sa.Column(name, moment, nullable=True))
    for name in ("contact_seconds", "close_seconds"):
        op.add_column("case", sa.Column(name, sa.Integer(), nullable=True))
    op.add_column("case", sa.Column("asked", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("case", sa.Column("change_seq", BigId, nullable=False, server_default="0"))
    op.execute(
        'UPDATE "case" SET response_id = (SELECT max(response_id) FROM case_response '
        'WHERE case_id = "case".id), due_at = coalesce(first_due, close_due), '
        "rank_at = coalesce(first_due, close_due, opened_at)"
    )
    op.execute(
        'UPDATE "case" SET unit_id = (SELECT unit_id FROM response WHERE id = "case".response_id)'
    )
    op.execute("DROP INDEX ix_case_queue")
    op.execute(f'CREATE INDEX ix_case_queue ON "case" ({QUEUE}) WHERE {UNRESOLVED}')
    op.execute(f'CREATE INDEX ix_case_due ON "case" (due_at, breached_due) WHERE {UNRESOLVED}')
    op.execute('CREATE INDEX ix_case_opened ON "case" (opened_at, id, status, unit_id)')
    op.execute('CREATE INDEX ix_case_resolved ON "case" (resolved_at, id, status, unit_id) WHERE resolved_at IS NOT NULL')
    op.execute('CREATE INDEX ix_case_change_seq ON "case" (change_seq)')
    op.add_column("message", sa.Column("undone_at", moment, nullable=True))
    _refer("root_cause", "proposed_by", "user")
    op.add_column("root_cause", sa.Column("accepted_at", moment, nullable=True))
    op.execute("UPDATE root_cause SET accepted_at = CURRENT_TIMESTAMP")
    names = ", ".join(f"('{name}', CURRENT_TIMESTAMP)" for name in ROOT_CAUSES)
    op.execute(
        f"WITH given (name, at) AS (VALUES {names}) INSERT INTO root_cause (name, accepted_at) "
        "SELECT name, at FROM given WHERE NOT EXISTS (SELECT 1 FROM root_cause)"
    )
    op.create_table(
        "draft",
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.CheckConstraint("kind IN ('note', 'contact')", name=op.f("ck_draft_kind_known")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_draft_case_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_draft_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "case_id", "kind", name=op.f("pk_draft")),
    )
    op.create_index(op.f("ix_draft_case_id"), "draft", ["case_id"])
