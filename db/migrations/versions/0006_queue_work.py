"""The queue people work in: escalation, plays, saved views, who has a case open, asks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(JSONB(none_as_null=True), "postgresql")
MOMENT = sa.DateTime(timezone=True)

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _refer(table: str, column: str, target: str) -> None:
    # SQLite adds a column with its foreign key only like this (see 0004).
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f'ALTER TABLE "{table}" ADD COLUMN {column} {kind} '
        f'CONSTRAINT fk_{table}_{column} REFERENCES "{target}" (id)'
    )


def upgrade() -> None:
    escalation()
    plays()
    views()
    presence()
    asks()
    merging()
    indexes()


def merging() -> None:
    op.execute(
        'CREATE INDEX ix_case_merged_into ON "case" (merged_into) WHERE merged_into IS NOT NULL'
    )


def escalation() -> None:
    whole = sa.Integer()
    op.add_column("case", sa.Column("escalation", whole, nullable=False, server_default="0"))
    op.add_column("case", sa.Column("idle_since", MOMENT, nullable=True))
    for column in ("manager_id", "last_given_id"):
        _refer("team", column, "user")
    op.add_column(
        "team", sa.Column("round_robin", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("team", sa.Column("idle_hours", whole, nullable=True))
    op.add_column("user", sa.Column("absent_since", MOMENT, nullable=True))
    op.execute('UPDATE "user" SET absent_since = CURRENT_TIMESTAMP WHERE absent_until IS NOT NULL')
    kinds = "'assigned', 'due', 'breached', 'failed', 'answered', 'vendor', 'escalated', 'returned'"
    with op.batch_alter_table("notice") as notice:
        notice.drop_constraint(op.f("ck_notice_kind_known"), type_="check")
        notice.create_check_constraint(op.f("ck_notice_kind_known"), f"kind IN ({kinds})")
    # A promise that broke before there was a chain is told to nobody now: it would be hundreds at
    # once. And what is owned was worked on when it last changed.
    op.execute('UPDATE "case" SET escalation = 2 WHERE breached_due IS NOT NULL')
    op.execute(
        'UPDATE "case" SET idle_since = (SELECT max(at) FROM case_event '
        'WHERE case_id = "case".id AND actor_id IS NOT NULL) '
        "WHERE status NOT IN ('resolved', 'merged')"
    )
    op.execute(
        'CREATE INDEX ix_case_idle ON "case" (team_id, idle_since) '
        "WHERE assignee_id IS NOT NULL AND status NOT IN ('resolved', 'merged')"
    )


def plays() -> None:
    for column in ("play", "play_result"):
        op.add_column("case", sa.Column(column, sa.String(), nullable=True))
    op.add_column("case", sa.Column("steps", Json, nullable=False, server_default="[]"))
    op.add_column("case", sa.Column("ideal_customer", sa.Boolean(), nullable=True))
    op.create_index(op.f("ix_case_play"), "case", ["play"])


def views() -> None:
    op.add_column("user", sa.Column("last_view", sa.String(), nullable=True))
    op.create_table(
        "saved_view",
        sa.Column("id", BigId, nullable=False),
        sa.Column("owner_id", BigId, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("query", sa.String(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("proposed", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["user.id"], name=op.f("fk_saved_view_owner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("owner_id", "name", name=op.f("uq_saved_view_owner_id")),
    )


def presence() -> None:
    op.create_table(
        "presence",
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("writing", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_presence_case_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_presence_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "case_id", name=op.f("pk_presence")),
    )
    op.create_index(op.f("ix_presence_case_id"), "presence", ["case_id"])


def asks() -> None:
    kinds = "'review', 'referral', 'case_study', 'advocacy'"
    op.create_table(
        "ask",
        sa.Column("id", BigId, nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("asked_by", BigId, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("undone_at", MOMENT, nullable=True),
        sa.Column("result", sa.String(), nullable=True),
        sa.Column("result_at", MOMENT, nullable=True),
        sa.CheckConstraint(f"kind IN ({kinds})", name=op.f("ck_ask_kind_known")),
        sa.ForeignKeyConstraint(["asked_by"], ["user.id"], name=op.f("fk_ask_asked_by")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_ask_case_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_ask_contact_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ask")),
    )
    op.create_index(op.f("ix_ask_contact_id"), "ask", ["contact_id"])
    op.create_index(op.f("ix_ask_case_id"), "ask", ["case_id"])


def indexes() -> None:
    """Indexes that measuring asked for."""
    # Counts of deliveries read it alone: a table of some 100,000 took a tenth of a second.
    op.execute("DROP INDEX ix_delivery_state")
    op.execute(
        "CREATE INDEX ix_delivery_state ON delivery (state, id, user_id, case_id, vendor, look_at)"
    )
    # Of an owner only what is open is looked for, in its order.
    op.execute("DROP INDEX ix_case_assignee")
    unresolved = "status NOT IN ('resolved', 'merged')"
    op.execute(
        'CREATE INDEX ix_case_assignee ON "case" (assignee_id, rank_at, id, status, '
        f"snoozed_until, unit_id) WHERE {unresolved}"
    )
    op.execute(
        'CREATE INDEX ix_case_escalated ON "case" (escalated_to_id, status, unit_id) '
        f"WHERE escalated_to_id IS NOT NULL AND {unresolved}"
    )
    op.execute(
        f'CREATE INDEX ix_case_unheard ON "case" (due_at) WHERE escalation < 2 AND {unresolved}'
    )
    if op.get_bind().dialect.name == "postgresql":
        # The tabs are counted from an index alone, which PostgreSQL does only where it has vacuumed:
        # by its own rule it would wait until a fifth of all cases had changed.
        op.execute(
            'ALTER TABLE "case" SET (autovacuum_vacuum_scale_factor = 0.01, '
            "autovacuum_analyze_scale_factor = 0.02)"
        )
