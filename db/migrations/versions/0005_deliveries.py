"""Messages leave the desk: connected vendors, periodic jobs, notices, and what a delivery needs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(JSONB(none_as_null=True), "postgresql")
INDEXES = (
    "ix_delivery_due ON delivery (vendor, not_before, id) WHERE state = 'pending'",
    "ix_delivery_leased ON delivery (lease_until) WHERE state = 'sending'",
    "ix_delivery_look ON delivery (vendor, look_at) WHERE state = 'unknown'",
    "ix_delivery_lane ON delivery (lane, id) WHERE state IN ('pending', 'sending', 'unknown')",
    "ix_delivery_state ON delivery (state, id)",
    "ix_delivery_user_id ON delivery (user_id)",
)

revision = "0005"
down_revision = "0004"
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
    _deliveries()
    _drafts()
    op.add_column("message", sa.Column("way", sa.String(), nullable=True))
    op.add_column("contact", sa.Column("bounced_email", sa.String(), nullable=True))
    op.add_column("user", sa.Column("notify", Json, nullable=False, server_default="{}"))
    _integrations()
    _notices()


def _deliveries() -> None:
    moment = sa.DateTime(timezone=True)
    for column in ("user_id", "actor_id"):
        _refer("delivery", column, "user")
    for name in ("lane", "link"):
        op.add_column("delivery", sa.Column(name, sa.String(), nullable=True))
    for name in ("look_at", "ended_at"):
        op.add_column("delivery", sa.Column(name, moment, nullable=True))
    op.add_column("delivery", sa.Column("looks", sa.Integer(), nullable=False, server_default="0"))
    op.execute("DROP INDEX ix_delivery_due")
    for index in INDEXES:
        op.execute(f"CREATE INDEX {index}")


def _drafts() -> None:
    """A draft may be of a reply, too: a check of SQLite changes with its table only."""
    with op.batch_alter_table("draft") as draft:
        draft.drop_constraint(op.f("ck_draft_kind_known"), type_="check")
        draft.create_check_constraint(
            op.f("ck_draft_kind_known"), "kind IN ('note', 'contact', 'reply')"
        )
        for name in ("subject", "way"):
            draft.add_column(sa.Column(name, sa.String(), nullable=True))
        draft.add_column(sa.Column("at", sa.DateTime(timezone=True), nullable=True))


def _integrations() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "integration",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("config", Json, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("connected_at", moment, nullable=False),
        sa.Column("connected_by", BigId, nullable=True),
        sa.Column("paused_at", moment, nullable=True),
        sa.Column("broken_at", moment, nullable=True),
        sa.Column("closed_until", moment, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_ok_at", moment, nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("last_error_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["connected_by"], ["user.id"], name=op.f("fk_integration_connected_by")
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_integration")),
    )
    op.create_table(
        "job",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("next_at", moment, nullable=False),
        sa.Column("lease_until", moment, nullable=True),
        sa.Column("leased_by", sa.String(), nullable=True),
        sa.Column("last_at", moment, nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("state", Json, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job")),
    )


def _notices() -> None:
    moment = sa.DateTime(timezone=True)
    kinds = "'assigned', 'due', 'breached', 'failed', 'answered', 'vendor'"
    op.create_table(
        "notice",
        sa.Column("id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("case_id", BigId, nullable=True),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("data", Json, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("sent_at", moment, nullable=True),
        sa.CheckConstraint(f"kind IN ({kinds})", name=op.f("ck_notice_kind_known")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_notice_case_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_notice_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("about", name=op.f("uq_notice_about")),
    )
    op.create_index(op.f("ix_notice_case_id"), "notice", ["case_id"])
    op.execute("CREATE INDEX ix_notice_waiting ON notice (user_id, id) WHERE sent_at IS NULL")
