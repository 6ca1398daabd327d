"""The ledger of what was sent, and what vendors have that it does not say."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(JSONB(none_as_null=True), "postgresql")
MOMENT = sa.DateTime(timezone=True)
STEPS = (
    "'owed', 'changed', 'attempt', 'decided', 'cancelled', 'replayed', 'moved', 'taken_over'"
)  # fmt: skip

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _chains()
    _append_only()
    _start()
    _reconciliation()
    _difference()


def _chains() -> None:
    op.create_table(
        "ledger",
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("seq", BigId, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("delivery_id", BigId, nullable=False),
        sa.Column("attempt_id", BigId, nullable=True),
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("actor_id", BigId, nullable=True),
        sa.Column("why", Json, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("remote_id", sa.String(), nullable=True),
        sa.Column("payload_hmac", sa.String(), nullable=True),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("prev", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.CheckConstraint(f"kind IN ({STEPS})", name=op.f("ck_ledger_kind_known")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_ledger")),
    )
    op.create_index("ix_ledger_delivery", "ledger", ["delivery_id", "seq"])
    op.create_table(
        "ledger_head",
        sa.Column("case_id", BigId, autoincrement=False, nullable=False),
        sa.Column("n", BigId, nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_ledger_head")),
    )


def _append_only() -> None:
    """As 0002 does for the other journals."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER ledger_no_{verb.lower()} BEFORE {verb} ON ledger "
                "BEGIN SELECT RAISE(ABORT, 'ledger is append-only'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger "
        "FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
    )


def _start() -> None:
    """What was sent before has no rows yet: they need the desk's key, which is not known here."""
    op.create_table(
        "ledger_start",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("upto", BigId, nullable=False),
        sa.Column("behind", BigId, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_ledger_start_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_start")),
    )
    op.execute(
        "INSERT INTO ledger_start (id, upto, behind) "
        "SELECT 1, coalesce(max(id), 0), 0 FROM delivery"
    )


def _reconciliation() -> None:
    op.create_table(
        "reconciliation",
        sa.Column("id", BigId, nullable=False),
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("looked", sa.Integer(), nullable=False),
        sa.Column("cannot", sa.Integer(), nullable=False),
        sa.Column("differences", sa.Integer(), nullable=False),
        sa.Column("behind", BigId, nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation")),
    )
    op.create_index("ix_reconciliation_vendor", "reconciliation", ["vendor", "id"])


def _difference() -> None:
    def refer(column: str, target: str, ondelete: str | None = "RESTRICT") -> sa.Constraint:
        return sa.ForeignKeyConstraint(
            [column], [f"{target}.id"], name=op.f(f"fk_difference_{column}"), ondelete=ondelete
        )

    op.create_table(
        "difference",
        sa.Column("id", BigId, nullable=False),
        sa.Column("run_id", BigId, nullable=False),
        sa.Column("found_at", MOMENT, nullable=False),
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("case_id", BigId, nullable=True),
        sa.Column("delivery_id", BigId, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("data", Json, nullable=False),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("settled_by", BigId, nullable=True),
        sa.Column("how", sa.String(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('missing', 'twice', 'state')", name=op.f("ck_difference_kind_known")
        ),
        sa.CheckConstraint(
            "how IN ('sent_again', 'accepted', 'gone')", name=op.f("ck_difference_how_known")
        ),
        refer("run_id", "reconciliation"),
        refer("case_id", "case"),
        refer("delivery_id", "delivery"),
        refer("settled_by", "user", None),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_difference")),
    )
    for column in ("run_id", "case_id", "delivery_id"):
        op.create_index(op.f(f"ix_difference_{column}"), "difference", [column])
    op.execute(
        "CREATE UNIQUE INDEX uq_difference_open ON difference (delivery_id, kind) "
        "WHERE settled_at IS NULL"
    )
