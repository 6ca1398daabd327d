"""Rules: their versions, what they did or would have done, and messages that need no case."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(JSONB(none_as_null=True), "postgresql")
MOMENT = sa.DateTime(timezone=True)

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _rules()
    _firings()
    _messages()
    _notices()
    op.add_column(
        "case", sa.Column("given_reasons", Json, nullable=False, server_default="[]")
    )


def _refer(table: str, column: str, target: str, **how: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"), **how
    )


def _rules() -> None:
    op.create_table(
        "rule",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("live", sa.Integer(), nullable=True),
        sa.Column("live_at", MOMENT, nullable=True),
        sa.Column("shadow", sa.Integer(), nullable=True),
        sa.Column("shadow_at", MOMENT, nullable=True),
        sa.Column("retired_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", BigId, nullable=True),
        _refer("rule", "created_by", "user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule")),
        sa.UniqueConstraint("name", name=op.f("uq_rule_name")),
    )
    op.create_table(
        "rule_version",
        sa.Column("rule_id", BigId, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("made_by", BigId, nullable=True),
        _refer("rule_version", "made_by", "user"),
        _refer("rule_version", "rule_id", "rule"),
        sa.PrimaryKeyConstraint("rule_id", "n", name=op.f("pk_rule_version")),
    )


def _firings() -> None:
    keep = {"ondelete": "RESTRICT"}
    op.create_table(
        "rule_firing",
        sa.Column("id", BigId, nullable=False),
        sa.Column("rule_id", BigId, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("response_id", BigId, nullable=False),
        sa.Column("contact_id", BigId, nullable=True),
        sa.Column("case_id", BigId, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("because", Json, nullable=False),
        sa.Column("effects", Json, nullable=False),
        sa.CheckConstraint("mode IN ('live', 'shadow')", name=op.f("ck_rule_firing_mode_known")),
        _refer("rule_firing", "case_id", "case", **keep),
        _refer("rule_firing", "contact_id", "contact", **keep),
        _refer("rule_firing", "response_id", "response", **keep),
        _refer("rule_firing", "rule_id", "rule", **keep),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_firing")),
        sa.UniqueConstraint("response_id", "rule_id", "mode", name="uq_rule_firing_once"),
    )
    for columns in (("at",), ("case_id",), ("contact_id",)):
        op.create_index(op.f(f"ix_rule_firing_{columns[0]}"), "rule_firing", list(columns))
    op.create_index("ix_rule_firing_rule", "rule_firing", ["rule_id", "id"])
    op.create_table(
        "rule_later",
        sa.Column("id", BigId, nullable=False),
        sa.Column("firing_id", BigId, nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended_by", BigId, nullable=True),
        sa.Column("message_id", BigId, nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'done', 'dropped')", name=op.f("ck_rule_later_state_known")
        ),
        _refer("rule_later", "ended_by", "user"),
        _refer("rule_later", "firing_id", "rule_firing", **keep),
        _refer("rule_later", "message_id", "message", **keep),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_later")),
    )
    for column in ("firing_id", "message_id"):
        op.create_index(op.f(f"ix_rule_later_{column}"), "rule_later", [column])
    op.execute(
        "CREATE INDEX ix_rule_later_due ON rule_later (due_at, id) WHERE state = 'waiting'"
    )


def _messages() -> None:
    """A thank-you is about an answer; a case comes to be when somebody replies to it."""
    kinds = "'note', 'reply', 'inbound', 'call', 'auto'"
    with op.batch_alter_table("message") as message:
        message.drop_constraint(op.f("ck_message_kind_known"), type_="check")
        message.create_check_constraint(op.f("ck_message_kind_known"), f"kind IN ({kinds})")
        message.alter_column("case_id", existing_type=BigId, nullable=True)
        message.add_column(sa.Column("response_id", BigId, nullable=True))
        message.create_foreign_key(
            op.f("fk_message_response_id"), "response", ["response_id"], ["id"]
        )
        message.create_check_constraint(
            op.f("ck_message_about_something"), "case_id IS NOT NULL OR response_id IS NOT NULL"
        )
    op.execute(
        "CREATE UNIQUE INDEX uq_message_auto ON message (response_id) "
        "WHERE response_id IS NOT NULL"
    )


def _notices() -> None:
    kinds = (
        "'assigned', 'due', 'breached', 'failed', 'answered', 'vendor', 'escalated', 'returned', "
        "'rule'"
    )
    with op.batch_alter_table("notice") as notice:
        notice.drop_constraint(op.f("ck_notice_kind_known"), type_="check")
        notice.create_check_constraint(op.f("ck_notice_kind_known"), f"kind IN ({kinds})")
