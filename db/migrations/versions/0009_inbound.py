"""What vendors tell the desk, each once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(JSONB(none_as_null=True), "postgresql")
MOMENT = sa.DateTime(timezone=True)

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _inbound()
    _notices()


def _inbound() -> None:
    op.create_table(
        "inbound",
        sa.Column("id", BigId, nullable=False),
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("case_id", BigId, nullable=True),
        sa.Column("thread", sa.String(), nullable=True),
        sa.Column("at", MOMENT, nullable=True),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("says", Json, nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.CheckConstraint("kind IN ('look', 'change', 'act')", name=op.f("ck_inbound_kind_known")),
        sa.CheckConstraint(
            "state IN ('new', 'done', 'ignored', 'failed')", name=op.f("ck_inbound_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_inbound_case_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound")),
        sa.UniqueConstraint("vendor", "event_id", name=op.f("uq_inbound_vendor")),
    )
    op.create_index(op.f("ix_inbound_case_id"), "inbound", ["case_id"])
    op.create_index("ix_inbound_thread", "inbound", ["vendor", "thread", "kind", "id"])
    op.create_index("ix_inbound_state", "inbound", ["state", "vendor", "id"])


def _notices() -> None:
    kinds = (
        "'assigned', 'due', 'breached', 'failed', 'answered', 'vendor', 'escalated', 'returned', "
        "'synced'"
    )
    with op.batch_alter_table("notice") as notice:
        notice.drop_constraint(op.f("ck_notice_kind_known"), type_="check")
        notice.create_check_constraint(op.f("ck_notice_kind_known"), f"kind IN ({kinds})")
