"""Notices know all of their kinds: 0009 had left out those of rules, which 0007 had added."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KINDS = (
    "'assigned', 'due', 'breached', 'failed', 'answered', 'vendor', 'escalated', 'returned', "
    "'rule', 'synced'"
)  # fmt: skip


def upgrade() -> None:
    with op.batch_alter_table("notice") as notice:
        notice.drop_constraint(op.f("ck_notice_kind_known"), type_="check")
        notice.create_check_constraint(op.f("ck_notice_kind_known"), f"kind IN ({KINDS})")
