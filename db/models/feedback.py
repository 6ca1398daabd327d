"""What customers said: surveys, responses, where each response came from and how it was edited."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.models.base import BigId, id_field, json_field, now_utc, one_of, owed, ref, where_set

SCALES = ("0-10", "1-10", "1-5", "1-7")
DIRECTIONS = ("high-is-good", "high-is-bad")
FOLLOWUPS = ("requested", "not_asked", "declined")


class Program(SQLModel, table=True):
    """A union of surveys that is reported as one; `kind` as the field says it."""

    __table_args__ = (one_of("kind", "relationship", "transactional"),)

    id: int | None = id_field()
    name: str = Field(unique=True)
    kind: str = "relationship"


class Survey(SQLModel, table=True):
    """One question with one metric, scale and direction. `warning` stands by every figure of it."""

    __table_args__ = (
        one_of("metric", "nps", "csat", "ces"),
        one_of("scale", *SCALES),
        one_of("direction", *DIRECTIONS),
    )

    id: int | None = id_field()
    name: str = Field(unique=True)
    program_id: int | None = ref("program.id", index=True)
    metric: str
    question: str = ""
    scale: str
    direction: str = "high-is-good"
    warning: str | None = None
    created_at: datetime = Field(default_factory=now_utc)


class ImportRun(SQLModel, table=True):
    """One import of one file: who, with which mapping, and what came of it."""

    __tablename__ = "import_run"
    __table_args__ = (
        one_of("kind", "responses", "accounts"),
        one_of("state", "running", "done", "failed"),
    )

    id: int | None = id_field()
    kind: str = "responses"
    state: str = "running"
    file_name: str
    file_sha256: str
    preset: str | None = None
    mapping: dict[str, Any] = json_field()
    survey_id: int | None = ref("survey.id")
    actor_id: int | None = ref("user.id")
    started_at: datetime
    finished_at: datetime | None = None
    read: int = 0
    new: int = 0
    known: int = 0
    updated: int = 0
    rejected: int = 0
    warnings: list[str] = json_field()
    error: str | None = None


class ImportReject(SQLModel, table=True):
    """A row that was not taken, named by record number and first physical line, with the reason."""

    __tablename__ = "import_reject"

    id: int | None = id_field()
    import_run_id: int = owed("import_run.id", index=True, ondelete="CASCADE")
    record: int
    line: int
    column: str = ""
    value: str = ""
    reason: str
    cells: list[str] = json_field()


class Response(SQLModel, table=True):
    """One answer. What was given is kept (`score_given`, `scale`); nothing is rescaled.

    `band` is -1, 0 or 1 by the rule that held when the answer came (`services.domain.scores`).
    `unit_id` and `props` are the customer's segment at answer time. `change_seq` is the data
    version of the commit that wrote or last changed the row: a feed for readers that follow.
    """

    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        one_of("followup", *FOLLOWUPS),
        CheckConstraint("band BETWEEN -1 AND 1", name="band_known"),
        CheckConstraint(
            "score BETWEEN CASE scale WHEN '0-10' THEN 0 ELSE 1 END AND CASE scale "
            "WHEN '0-10' THEN 10 WHEN '1-10' THEN 10 WHEN '1-5' THEN 5 WHEN '1-7' THEN 7 "
            "ELSE -1 END",  # an unknown scale has no room for any score
            name="score_on_scale",
        ),
        CheckConstraint("NOT anonymous OR contact_id IS NULL", name="anonymous_is_nobody"),
        CheckConstraint(
            "(excluded_at IS NULL) = (excluded_reason IS NULL)", name="exclusion_has_reason"
        ),
        Index(
            "ix_response_trend",
            "answered_at",
            "survey_id",
            "band",
            "score",
            "channel",
            "unit_id",
            "contact_id",
            sqlite_where=text("excluded_at IS NULL AND NOT is_test"),
            postgresql_where=text("excluded_at IS NULL AND NOT is_test"),
        ),
        Index(
            "ix_response_out",
            "answered_at",
            "id",
            sqlite_where=text("excluded_at IS NOT NULL OR is_test"),
            postgresql_where=text("excluded_at IS NOT NULL OR is_test"),
        ),
        where_set("ix_response_contact", "contact_id"),
        where_set("ix_response_account", "account_id"),
        Index("ix_response_change_seq", "change_seq"),
    )

    id: int | None = id_field()
    source: str
    external_id: str
    import_run_id: int | None = ref("import_run.id")
    survey_id: int = owed("survey.id")
    invitation_id: int | None = Field(default=None, sa_type=BigId)
    account_id: int | None = ref("account.id")
    contact_id: int | None = ref("contact.id")
    unit_id: int | None = ref("unit.id")
    score_given: str
    scale: str
    score: int
    band: int
    comment: str | None = None
    channel: str | None = None
    touchpoint: str | None = None
    answered_at: datetime
    received_at: datetime
    followup: str = "not_asked"
    anonymous: bool = False
    is_test: bool = False
    excluded_at: datetime | None = None
    excluded_by: int | None = ref("user.id")
    excluded_reason: str | None = None
    props: dict[str, Any] = json_field()
    change_seq: int = Field(sa_type=BigId)


class ResponseEdit(SQLModel, table=True):
    """What was changed on a response, by whom: the value before (`before`) and after (`after`)."""

    __tablename__ = "response_edit"

    id: int | None = id_field()
    response_id: int = owed("response.id", index=True, ondelete="CASCADE")
    actor_id: int | None = ref("user.id")
    at: datetime
    field: str
    before: str | None = None
    after: str | None = None


class PropertyValue(SQLModel, table=True):
    """A value seen in some response's column or property: what the filter bars offer.

    `name` is `channel`, `touchpoint` or `props.<key>`. Rows are added on ingest and never
    counted: the figures come from the responses. At most 200 values are kept per name.
    """

    __tablename__ = "property_value"

    name: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
