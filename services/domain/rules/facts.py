"""An answer as rules see it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from services.domain.bands import Band, Metric

REPEATED = timedelta(days=180)  # how far back low answers of the same person count


@dataclass(frozen=True)
class CaseSeen:
    """The case that an answer has when it comes in. `key` tells one case from another; `fresh`: it
    was opened by this answer, and not joined by it."""

    key: str
    fresh: bool


@dataclass(frozen=True)
class Facts:
    """What is known about an answer and who gave it, when it came in (`at`, `local` in the
    reporting zone). None where nothing is known.

    `before` is the band of the person's answer before this one to the same metric, `lows` counts
    their low ones of the last `REPEATED` before it. `arr` is in the account's own currency.
    """

    response_id: int
    at: datetime
    local: datetime
    answered_at: datetime
    metric: Metric
    score: int
    band: Band
    open_hours: bool = True
    survey_id: int = 0
    before: Band | None = None
    lows: int = 0
    comment: str = ""
    channel: str | None = None
    touchpoint: str | None = None
    followup: str = "not_asked"
    anonymous: bool = False
    is_test: bool = False
    excluded: bool = False
    props: Mapping[str, str] = field(default_factory=dict)
    unit_id: int | None = None
    account_id: int | None = None
    stage: str | None = None
    arr: Decimal | None = None
    large: bool = False
    renewal_days: int | None = None
    owner_id: int | None = None
    team_id: int | None = None  # of the account's owner: a case begins there
    contact_id: int | None = None
    role: str | None = None
    language: str | None = None
    fills: frozenset[str] = frozenset()  # fields of templates that something is known for
    do_not_contact: bool = False
    erased: bool = False
    reachable: bool = True
    case: CaseSeen | None = None
