"""Every table of the first version, and the one row of the data version."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(none_as_null=True), "postgresql")

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "data_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("n", BigId, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_data_version_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_version")),
    )
    op.create_table(
        "external_ref",
        sa.Column("id", BigId, nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("entity_id", BigId, nullable=False),
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("remote_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "entity IN ('account', 'contact', 'case', 'user', 'message')",
            name=op.f("ck_external_ref_entity_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_ref")),
        sa.UniqueConstraint(
            "entity", "vendor", "remote_id", name=op.f("uq_external_ref_entity_vendor_remote_id")
        ),
    )
    with op.batch_alter_table("external_ref", schema=None) as batch_op:
        batch_op.create_index(
            "ix_external_ref_entity", ["entity", "entity_id", "vendor"], unique=False
        )

    op.create_table(
        "program",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('relationship', 'transactional')", name=op.f("ck_program_kind_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_program")),
        sa.UniqueConstraint("name", name=op.f("uq_program_name")),
    )
    op.create_table(
        "property_value",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", "value", name=op.f("pk_property_value")),
    )
    op.create_table(
        "root_cause",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_root_cause")),
        sa.UniqueConstraint("name", name=op.f("uq_root_cause_name")),
    )
    op.create_table(
        "sign_in_failure",
        sa.Column("id", BigId, nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failure")),
    )
    with op.batch_alter_table("sign_in_failure", schema=None) as batch_op:
        batch_op.create_index("ix_sign_in_failure_subject_at", ["subject", "at"], unique=False)

    op.create_table(
        "tag",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag")),
        sa.UniqueConstraint("name", name=op.f("uq_tag_name")),
    )
    op.create_table(
        "team",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("lead_id", BigId, nullable=True),
        sa.Column("calendar", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.UniqueConstraint("name", name=op.f("uq_team_name")),
    )
    op.create_table(
        "unit",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("name", name=op.f("uq_unit_name")),
    )
    op.create_table(
        "survey",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("program_id", BigId, nullable=True),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("scale", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("warning", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "direction IN ('high-is-good', 'high-is-bad')", name=op.f("ck_survey_direction_known")
        ),
        sa.CheckConstraint("metric IN ('nps', 'csat', 'ces')", name=op.f("ck_survey_metric_known")),
        sa.CheckConstraint(
            "scale IN ('0-10', '1-10', '1-5', '1-7')", name=op.f("ck_survey_scale_known")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_survey_program_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey")),
        sa.UniqueConstraint("name", name=op.f("uq_survey_name")),
    )
    with op.batch_alter_table("survey", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_survey_program_id"), ["program_id"], unique=False)

    op.create_table(
        "user",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("email_norm", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("team_id", BigId, nullable=True),
        sa.Column("time_zone", sa.String(), nullable=True),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("absent_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role IN ('admin', 'manager', 'csm', 'support')", name=op.f("ck_user_role_known")
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["team.id"], name=op.f("fk_user_team_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
    )
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_team_id"), ["team_id"], unique=False)
        batch_op.create_index("uq_user_email_norm", ["email_norm"], unique=True)

    op.create_table(
        "account",
        sa.Column("id", BigId, nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_norm", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=True),
        sa.Column("arr", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("renewal_on", sa.Date(), nullable=True),
        sa.Column("owner_id", BigId, nullable=True),
        sa.Column("unit_id", BigId, nullable=True),
        sa.Column("stage", sa.String(), nullable=True),
        sa.Column("churned_on", sa.Date(), nullable=True),
        sa.Column("props", Json, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("arr IS NULL OR arr >= 0", name=op.f("ck_account_arr_not_negative")),
        sa.CheckConstraint(
            "currency IS NULL OR length(currency) = 3", name=op.f("ck_account_currency_iso")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["user.id"], name=op.f("fk_account_owner_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["unit.id"], name=op.f("fk_account_unit_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_domain"), ["domain"], unique=False)
        batch_op.create_index(batch_op.f("ix_account_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_account_unit_id"), ["unit_id"], unique=False)
        batch_op.create_index(
            "uq_account_external_id",
            ["external_id"],
            unique=True,
            sqlite_where=sa.text("external_id IS NOT NULL"),
            postgresql_where=sa.text("external_id IS NOT NULL"),
        )
        batch_op.create_index("uq_account_name_norm", ["name_norm"], unique=True)

    op.create_table(
        "api_key",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("scopes", Json, nullable=False),
        sa.Column("created_by", BigId, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user.id"], name=op.f("fk_api_key_created_by"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_key_key_hash")),
    )
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.create_index(
            "ix_api_key_live",
            ["prefix"],
            unique=True,
            sqlite_where=sa.text("revoked_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        )

    op.create_table(
        "audit",
        sa.Column("id", BigId, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", BigId, nullable=True),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("entity_id", BigId, nullable=True),
        sa.Column("data", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["user.id"], name=op.f("fk_audit_actor_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index("ix_audit_at", ["at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_verb"), ["verb"], unique=False)

    op.create_table(
        "import_run",
        sa.Column("id", BigId, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("file_sha256", sa.String(), nullable=False),
        sa.Column("preset", sa.String(), nullable=True),
        sa.Column("mapping", Json, nullable=False),
        sa.Column("survey_id", BigId, nullable=True),
        sa.Column("actor_id", BigId, nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("warnings", Json, nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('responses', 'accounts')", name=op.f("ck_import_run_kind_known")
        ),
        sa.CheckConstraint(
            "state IN ('running', 'done', 'failed')", name=op.f("ck_import_run_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["user.id"], name=op.f("fk_import_run_actor_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["survey_id"], ["survey.id"], name=op.f("fk_import_run_survey_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_table(
        "one_time_link",
        sa.Column("id", BigId, nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("user_id", BigId, nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('setup', 'reset')", name=op.f("ck_one_time_link_purpose_known")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_one_time_link_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_one_time_link_token_hash")),
    )
    with op.batch_alter_table("one_time_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_one_time_link_user_id"), ["user_id"], unique=False)

    op.create_table(
        "secret",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["updated_by"], ["user.id"], name=op.f("fk_secret_updated_by"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secret")),
    )
    op.create_table(
        "session",
        sa.Column("id", BigId, nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("csrf", sa.String(), nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_session_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_session_token_hash")),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_user_id"), ["user_id"], unique=False)

    op.create_table(
        "setting",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", Json, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["updated_by"], ["user.id"], name=op.f("fk_setting_updated_by"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_setting")),
    )
    op.create_table(
        "template",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("owner_id", BigId, nullable=True),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["user.id"], name=op.f("fk_template_owner_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template")),
    )
    with op.batch_alter_table("template", schema=None) as batch_op:
        batch_op.create_index("uq_template_name_language", ["name", "language"], unique=True)

    op.create_table(
        "user_unit",
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["unit.id"], name=op.f("fk_user_unit_unit_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_user_unit_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "unit_id", name=op.f("pk_user_unit")),
    )
    op.create_table(
        "contact",
        sa.Column("id", BigId, nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("email_norm", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("account_id", BigId, nullable=True),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("population", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("do_not_contact", sa.Boolean(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("props", Json, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "population IN ('customer', 'employee')", name=op.f("ck_contact_population_known")
        ),
        sa.CheckConstraint(
            "role IN ('buyer', 'admin', 'end_user')", name=op.f("ck_contact_role_known")
        ),
        sa.CheckConstraint(
            "erased_at IS NULL OR (email_norm IS NULL AND name IS NULL)",
            name=op.f("ck_contact_erased_is_nameless"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_contact_account_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contact_account_id"), ["account_id"], unique=False)
        batch_op.create_index(
            "uq_contact_email_norm",
            ["email_norm"],
            unique=True,
            sqlite_where=sa.text("email_norm IS NOT NULL"),
            postgresql_where=sa.text("email_norm IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_contact_external_id",
            ["external_id"],
            unique=True,
            sqlite_where=sa.text("external_id IS NOT NULL"),
            postgresql_where=sa.text("external_id IS NOT NULL"),
        )

    op.create_table(
        "import_reject",
        sa.Column("id", BigId, nullable=False),
        sa.Column("import_run_id", BigId, nullable=False),
        sa.Column("record", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("column", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("cells", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["import_run_id"],
            ["import_run.id"],
            name=op.f("fk_import_reject_import_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_reject")),
    )
    with op.batch_alter_table("import_reject", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_import_reject_import_run_id"), ["import_run_id"], unique=False
        )

    op.create_table(
        "case",
        sa.Column("id", BigId, nullable=False),
        sa.Column("number", BigId, nullable=False),
        sa.Column("contact_id", BigId, nullable=True),
        sa.Column("account_id", BigId, nullable=True),
        sa.Column("reason_key", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("assignee_id", BigId, nullable=True),
        sa.Column("team_id", BigId, nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("priority_reasons", Json, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("close_due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_seconds", sa.Integer(), nullable=False),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merged_into", BigId, nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("root_cause_id", BigId, nullable=True),
        sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'merged') = (merged_into IS NOT NULL)", name=op.f("ck_case_merged_somewhere")
        ),
        sa.CheckConstraint(
            "status <> 'resolved' OR (outcome IS NOT NULL AND root_cause_id IS NOT NULL)",
            name=op.f("ck_case_resolved_says_why"),
        ),
        sa.CheckConstraint(
            "status IN ('new', 'open', 'waiting', 'resolved', 'merged')",
            name=op.f("ck_case_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_case_account_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["assignee_id"], ["user.id"], name=op.f("fk_case_assignee_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_case_contact_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["merged_into"], ["case.id"], name=op.f("fk_case_merged_into"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["root_cause_id"],
            ["root_cause.id"],
            name=op.f("fk_case_root_cause_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["team.id"], name=op.f("fk_case_team_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case")),
        sa.UniqueConstraint("number", name=op.f("uq_case_number")),
    )
    with op.batch_alter_table("case", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_account_id"), ["account_id"], unique=False)
        batch_op.create_index("ix_case_assignee", ["assignee_id", "status"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_team_id"), ["team_id"], unique=False)
        batch_op.create_index(
            "uq_case_unresolved",
            ["contact_id", "reason_key"],
            unique=True,
            sqlite_where=sa.text("status NOT IN ('resolved', 'merged')"),
            postgresql_where=sa.text("status NOT IN ('resolved', 'merged')"),
        )

    op.create_table(
        "response",
        sa.Column("id", BigId, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("import_run_id", BigId, nullable=True),
        sa.Column("survey_id", BigId, nullable=False),
        sa.Column("invitation_id", BigId, nullable=True),
        sa.Column("account_id", BigId, nullable=True),
        sa.Column("contact_id", BigId, nullable=True),
        sa.Column("unit_id", BigId, nullable=True),
        sa.Column("score_given", sa.String(), nullable=False),
        sa.Column("scale", sa.String(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("comment", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("touchpoint", sa.String(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("followup", sa.String(), nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("excluded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("excluded_by", BigId, nullable=True),
        sa.Column("excluded_reason", sa.String(), nullable=True),
        sa.Column("props", Json, nullable=False),
        sa.Column("change_seq", BigId, nullable=False),
        sa.CheckConstraint(
            "followup IN ('requested', 'not_asked', 'declined')",
            name=op.f("ck_response_followup_known"),
        ),
        sa.CheckConstraint(
            "score BETWEEN CASE scale WHEN '0-10' THEN 0 ELSE 1 END AND CASE scale WHEN '0-10' THEN 10 WHEN '1-10' THEN 10 WHEN '1-5' THEN 5 WHEN '1-7' THEN 7 ELSE -1 END",
            name=op.f("ck_response_score_on_scale"),
        ),
        sa.CheckConstraint(
            "(excluded_at IS NULL) = (excluded_reason IS NULL)",
            name=op.f("ck_response_exclusion_has_reason"),
        ),
        sa.CheckConstraint(
            "NOT anonymous OR contact_id IS NULL", name=op.f("ck_response_anonymous_is_nobody")
        ),
        sa.CheckConstraint("band BETWEEN -1 AND 1", name=op.f("ck_response_band_known")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_response_account_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_response_contact_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["excluded_by"], ["user.id"], name=op.f("fk_response_excluded_by"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["import_run_id"],
            ["import_run.id"],
            name=op.f("fk_response_import_run_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["survey_id"], ["survey.id"], name=op.f("fk_response_survey_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["unit.id"], name=op.f("fk_response_unit_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_response_source_external_id")),
    )
    with op.batch_alter_table("response", schema=None) as batch_op:
        batch_op.create_index(
            "ix_response_account",
            ["account_id"],
            unique=False,
            sqlite_where=sa.text("account_id IS NOT NULL"),
            postgresql_where=sa.text("account_id IS NOT NULL"),
        )
        batch_op.create_index("ix_response_change_seq", ["change_seq"], unique=False)
        batch_op.create_index(
            "ix_response_contact",
            ["contact_id"],
            unique=False,
            sqlite_where=sa.text("contact_id IS NOT NULL"),
            postgresql_where=sa.text("contact_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_response_out",
            ["answered_at", "id"],
            unique=False,
            sqlite_where=sa.text("excluded_at IS NOT NULL OR is_test"),
            postgresql_where=sa.text("excluded_at IS NOT NULL OR is_test"),
        )
        batch_op.create_index(
            "ix_response_trend",
            ["answered_at", "survey_id", "band", "score", "channel", "unit_id", "contact_id"],
            unique=False,
            sqlite_where=sa.text("excluded_at IS NULL AND NOT is_test"),
            postgresql_where=sa.text("excluded_at IS NULL AND NOT is_test"),
        )

    op.create_table(
        "case_event",
        sa.Column("id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("actor_id", BigId, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("data", Json, nullable=False),
        sa.Column("undo_of", BigId, nullable=True),
        sa.Column("batch_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["user.id"], name=op.f("fk_case_event_actor_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_case_event_case_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["undo_of"], ["case_event.id"], name=op.f("fk_case_event_undo_of"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_event")),
    )
    with op.batch_alter_table("case_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_event_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_event_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("ix_case_event_case", ["case_id", "id"], unique=False)

    op.create_table(
        "case_response",
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("response_id", BigId, nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_response_case_id")),
        sa.ForeignKeyConstraint(
            ["response_id"], ["response.id"], name=op.f("fk_case_response_response_id")
        ),
        sa.PrimaryKeyConstraint("case_id", "response_id", name=op.f("pk_case_response")),
    )
    with op.batch_alter_table("case_response", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_case_response_response_id"), ["response_id"], unique=False
        )

    op.create_table(
        "case_tag",
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("tag_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_case_tag_case_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name=op.f("fk_case_tag_tag_id")),
        sa.PrimaryKeyConstraint("case_id", "tag_id", name=op.f("pk_case_tag")),
    )
    with op.batch_alter_table("case_tag", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_tag_tag_id"), ["tag_id"], unique=False)

    op.create_table(
        "message",
        sa.Column("id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("author_id", BigId, nullable=True),
        sa.Column("contact_id", BigId, nullable=True),
        sa.Column("template_id", BigId, nullable=True),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("body", sa.String(), nullable=True),
        sa.Column("message_id", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('note', 'reply', 'inbound', 'call')", name=op.f("ck_message_kind_known")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user.id"], name=op.f("fk_message_author_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_message_case_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_message_contact_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["template.id"],
            name=op.f("fk_message_template_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("message_id", name=op.f("uq_message_message_id")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index("ix_message_case", ["case_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_message_contact_id"), ["contact_id"], unique=False)

    op.create_table(
        "response_edit",
        sa.Column("id", BigId, nullable=False),
        sa.Column("response_id", BigId, nullable=False),
        sa.Column("actor_id", BigId, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=True),
        sa.Column("after", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["user.id"], name=op.f("fk_response_edit_actor_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["response.id"],
            name=op.f("fk_response_edit_response_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response_edit")),
    )
    with op.batch_alter_table("response_edit", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_response_edit_response_id"), ["response_id"], unique=False
        )

    op.create_table(
        "delivery",
        sa.Column("id", BigId, nullable=False),
        sa.Column("idem_key", sa.String(), nullable=False),
        sa.Column("case_id", BigId, nullable=True),
        sa.Column("message_id", BigId, nullable=True),
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_by", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("remote_id", sa.String(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'sent', 'unknown', 'failed', 'cancelled')",
            name=op.f("ck_delivery_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_delivery_case_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_delivery_message_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("idem_key", name=op.f("uq_delivery_idem_key")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_case_id"), ["case_id"], unique=False)
        batch_op.create_index(
            "ix_delivery_due",
            ["not_before", "id"],
            unique=False,
            sqlite_where=sa.text("state IN ('pending', 'sending')"),
            postgresql_where=sa.text("state IN ('pending', 'sending')"),
        )
        batch_op.create_index(batch_op.f("ix_delivery_message_id"), ["message_id"], unique=False)

    op.create_table(
        "delivery_attempt",
        sa.Column("id", BigId, nullable=False),
        sa.Column("delivery_id", BigId, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("remote_id", sa.String(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("payload_hmac", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["delivery.id"],
            name=op.f("fk_delivery_attempt_delivery_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_attempt")),
    )
    with op.batch_alter_table("delivery_attempt", schema=None) as batch_op:
        batch_op.create_index("ix_delivery_attempt_delivery", ["delivery_id", "id"], unique=False)
    with op.batch_alter_table("team") as batch_op:  # a team has a lead, who has a team
        batch_op.create_foreign_key("fk_team_lead_id", "user", ["lead_id"], ["id"])
    op.execute(
        'CREATE INDEX ix_case_queue ON "case" (priority DESC, first_due, id) '
        "WHERE status NOT IN ('resolved', 'merged')"
    )
    op.execute("INSERT INTO data_version (id, n) VALUES (1, 0)")
