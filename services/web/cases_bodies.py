"""The bodies that the endpoints of cases take and give."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

from services.cases.journal import LONGEST
from services.domain.lifecycle import Outcome
from services.web.api_parts import Errors

BIGGEST_VERSION = 2**31 - 1


def _storable(text: str) -> str:
    """PostgreSQL holds no NUL, and nobody means one."""
    if "\0" in text:
        raise PydanticCustomError("nul", "it holds a NUL character")
    return text


def _moment(given: object) -> datetime:
    """An aware time in UTC; pydantic by itself would take "1700000000" for one as well."""
    try:
        at = datetime.fromisoformat(str(given))
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    reason = "it is no time in ISO 8601 with an offset, such as 2026-05-08T16:30:00+02:00"
    raise PydanticCustomError("moment", reason)


def _unset() -> Any:
    """What a field holds that was not given; the description shows no default."""
    return None


Line = Annotated[str, StringConstraints(min_length=1, max_length=254), AfterValidator(_storable)]
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST),
    AfterValidator(_storable),
]
Moment = Annotated[datetime, BeforeValidator(_moment)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class CasePatch(_In):
    """What the case shall be. What is not named stays; all of it is done, or nothing."""

    version: int = Field(ge=1, le=BIGGEST_VERSION, description="The one that you read.")
    assignee: Line | None = Field(
        default_factory=_unset, description="E-mail address of a person here; null: nobody."
    )
    team: Line = Field(default_factory=_unset, description="Name of a team.")
    status: Literal["open", "waiting", "resolved"] = Field(
        default_factory=_unset,
        description="open resumes or reopens; waiting: the customer has to answer; resolved needs "
        "outcome and root_cause.",
    )
    outcome: Outcome = Field(default_factory=_unset)
    root_cause: Line = Field(default_factory=_unset, description="Name of a root cause.")
    snoozed_until: Moment | None = Field(
        default_factory=_unset, description="ISO 8601 with an offset; null wakes the case."
    )


class NoteIn(_In):
    """A note for colleagues; the customer never sees it."""

    body: Text


class ContactIn(_In):
    """A contact with the customer that took place; the first one keeps the first promise."""

    way: Literal["call", "meeting", "visit", "chat"]
    body: Text = Field(description="What came of it.")
    at: Moment = Field(default_factory=_unset, description="ISO 8601 with an offset; now if none.")


class Added(BaseModel):
    """What was written, and the version that the case has since."""

    event_id: int
    version: int


class Conflict(Errors):
    """Somebody was faster; `version` is the one that the case has now."""

    version: int
