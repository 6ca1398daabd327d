"""Which answers open a case by themselves, and why the others do not. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.domain.bands import Band, Metric

DETRACTOR = "detractor"  # the reason of every case that the rule opens
FOLLOW_UP = "follow_up"  # of one that a person opens about an answer that is not in the bottom band
SECOND = "second"  # of one that a person splits off a detractor's open case: another matter
WHY_NOT = {
    "band": "the answer is not in the bottom band",
    "metric": "answers to this metric open no case here",
    "declined": "the person declined to be contacted",
    "anonymous": "the answer is anonymous",
    "nobody": "nobody is known who gave it",
    "test": "it is a test",
    "excluded": "it is excluded",
    "do_not_contact": "the contact must not be contacted",
    "old": "the answer is too old",
}


@dataclass(frozen=True)
class Policy:
    """The desk's settings: answers given before `since` open nothing, nor do metrics not `on`."""

    since: datetime
    on: frozenset[Metric] = field(default_factory=lambda: frozenset(Metric))


@dataclass(frozen=True)
class Answered:
    """What the rule looks at."""

    metric: Metric
    band: Band
    answered_at: datetime
    followup: str
    known: bool  # there is a contact
    anonymous: bool = False
    is_test: bool = False
    excluded: bool = False
    do_not_contact: bool = False


def why_not(answer: Answered, policy: Policy) -> str | None:
    """The key in `WHY_NOT` of the first reason against a case; None when the answer opens one."""
    against: Mapping[str, bool] = {
        "band": answer.band is not Band.DETRACTOR,
        "metric": answer.metric not in policy.on,
        "test": answer.is_test,
        "excluded": answer.excluded,
        "anonymous": answer.anonymous,
        "nobody": not answer.known,
        "declined": answer.followup == "declined",
        "do_not_contact": answer.do_not_contact,
        "old": answer.answered_at < policy.since,
    }
    return next((reason for reason, holds in against.items() if holds), None)
