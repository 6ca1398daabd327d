"""The ledger is checked every night, in parts, so that nothing waits long for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from db.as_kept import through_any_text
from db.engine import one_moment
from db.models import Job
from services.access import Actor, permitted
from services.domain.roles import Verb
from services.ledger import taking_over
from services.ledger.crossing import DELIVERY, Ids
from services.ledger.verifying import Chains, Verdict, chains, deliveries, together
from services.ledger.wording import named, told
from services.ledger.writing import HEAD

JOB = "ledger"
LOT = 500  # chains, or some twenty times as many deliveries, in one part
NAMED = 20  # things that the result of a night names
BROKE_OFF = "The last check did not come to its end"
COUNTED = ("rows", "chains", "foreign", "found")


@dataclass(frozen=True)
class At:
    """How far a check has come: chains first, then deliveries, by their ids."""

    behind: int = -1
    crossing: bool = False


@dataclass(frozen=True)
class Night:
    """What came of a check: in a sentence, and what is wrong. `ended`: it came to its end."""

    at: datetime
    intact: bool
    said: str
    named: tuple[str, ...]
    ended: bool = True


def part(session: Session, at: At) -> tuple[Verdict, At | None]:
    """Check the next part, as it is at one moment; where the one after it begins."""
    one_moment(session)
    return through_any_text(session, lambda: _part(session, at))


def _part(session: Session, at: At) -> tuple[Verdict, At | None]:
    if at.crossing:
        upto = _last(session, DELIVERY.c.id, at.behind, LOT * 20)
        verdict = deliveries(session, Ids(at.behind, upto))
        if upto is None:
            return together(session, verdict), None
        return verdict, At(upto, crossing=True)
    upto = _last(session, HEAD.c.case_id, at.behind, LOT)
    verdict = chains(session, Chains(at.behind, upto))
    return verdict, At(0, crossing=True) if upto is None else At(upto)


def _last(session: Session, ids: Any, behind: int, n: int) -> int | None:
    """The n-th id behind this one; None: there are not so many, and the part takes all."""
    query = sa.select(ids).where(ids > behind).order_by(ids).limit(1).offset(n - 1)
    return session.connection().execute(query).scalar()


def added(session: Session, so_far: Mapping[str, Any], verdict: Verdict) -> dict[str, Any]:
    """What the parts have come to up to here."""
    names = list(so_far.get("named", ()))
    names += named(session, verdict.defects[: NAMED - len(names)])
    counts = {name: so_far.get(name, 0) + getattr(verdict, name) for name in COUNTED}
    return counts | {"named": names}


def result(session: Session, so_far: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What is kept of a check that has come to its end."""
    counts = {name: so_far[name] for name in COUNTED}
    whole = Verdict(**counts, left=taking_over.left(session))
    return {
        "at": now.isoformat(), "intact": whole.intact, "said": told(whole),
        "named": so_far["named"],
    }  # fmt: skip


@permitted(Verb.READ_AUDIT)
def last_night(session: Session, actor: Actor) -> Night | None:
    """The last check that came to its end, or that broke off and so says nothing."""
    job = session.get(Job, JOB)
    if job is not None and job.last_error and job.last_at:
        return Night(job.last_at, False, f"{BROKE_OFF} ({job.last_error}).", (), ended=False)
    kept: Mapping[str, Any] | None = job.state.get("last") if job else None
    if kept is None:
        return None
    at = datetime.fromisoformat(kept["at"])
    return Night(at, kept["intact"], kept["said"], tuple(kept["named"]))
