"""An answer as programs send it: the fields of the API, and what is wrong with one, in words."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from services.domain.scores import Direction, Metric
from services.importing import cells

MOST_PROPERTIES = 50

Short = Annotated[str, StringConstraints(max_length=200)]
Plain = Annotated[str, StringConstraints(max_length=1000)] | int | float | bool


class AnswerIn(BaseModel):
    """One answer. Give `external_id`, or `answered_at`, so that a retry is not counted twice."""

    model_config = ConfigDict(extra="forbid")

    score: Annotated[int, Field(strict=True, ge=-100, le=100)] = Field(
        description="As it was given, on the survey's scale."
    )
    comment: Annotated[str, StringConstraints(max_length=cells.LONGEST_COMMENT)] | None = None
    answered_at: datetime | None = Field(None, description="ISO 8601; the time of receipt if none.")
    external_id: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    email: Annotated[str, StringConstraints(max_length=254)] | None = None
    name: Short | None = None
    account: Short | None = None
    channel: Short | None = None
    touchpoint: Short | None = None
    followup: Literal["requested", "not_asked", "declined"] = "not_asked"
    anonymous: bool = False
    test: bool = Field(False, description="Kept and shown, but in no score.")
    properties: dict[Short, Plain] = Field(default_factory=dict, max_length=MOST_PROPERTIES)
    survey: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    metric: Metric = Metric.NPS
    scale: Literal["0-10", "1-10", "1-5", "1-7"] | None = None
    direction: Direction | None = None


def reasons(error: ValidationError) -> list[dict[str, str]]:
    """What pydantic found, as field and reason; what was given is not repeated."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return [{"field": ".".join(map(str, e["loc"])), "reason": e["msg"]} for e in found]
