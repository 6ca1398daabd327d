"""Digests, and rules on how long data is kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(JSONB(none_as_null=True), "postgresql")
MOMENT = sa.DateTime(timezone=True)

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    digests()
    retention()


def digests() -> None:
    op.create_table(
        "digest",
        sa.Column("id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(), nullable=True),
        sa.Column("days", Json, nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("quiet", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("last_for", sa.Date(), nullable=True),
        sa.Column("last_at", MOMENT, nullable=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.CheckConstraint("vendor IN ('email', 'slack')", name=op.f("ck_digest_vendor_known")),
        sa.CheckConstraint("scope IN ('own', 'team', 'all')", name=op.f("ck_digest_scope_known")),
        sa.CheckConstraint("hour BETWEEN 0 AND 23", name=op.f("ck_digest_hour_of_day")),
        sa.CheckConstraint(
            "channel IS NULL OR vendor = 'slack'", name=op.f("ck_digest_channel_in_slack")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_digest_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest")),
    )
    op.execute("CREATE UNIQUE INDEX uq_digest_person ON digest (user_id) WHERE channel IS NULL")
    op.execute("CREATE UNIQUE INDEX uq_digest_channel ON digest (channel) WHERE channel IS NOT NULL")


def retention() -> None:
    rules = "'comments', 'contacts', 'messages', 'deliveries', 'traces'"
    op.create_table(
        "retention_run",
        sa.Column("id", BigId, nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("actor_id", BigId, nullable=True),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("counts", Json, nullable=False),
        sa.CheckConstraint(f"rule IN ({rules})", name=op.f("ck_retention_run_rule_known")),
        sa.ForeignKeyConstraint(["actor_id"], ["user.id"], name=op.f("fk_retention_run_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_run")),
    )
    op.create_index(op.f("ix_retention_run_started_at"), "retention_run", ["started_at"])
    for table in ("account", "contact"):
        op.add_column(table, sa.Column("hold", sa.String(), nullable=True))
