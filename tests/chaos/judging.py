"""What the desk believes, held against what the vendor has."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from db.models import Delivery
from services.domain.retrying import OPEN
from services.outbox.owing import public_key
from tests.chaos.plan import Kills, Trial
from tests.chaos.sides import Side

WRONG = ("lost", "doubled", "disordered", "needless", "stuck", "ledger")


@dataclass
class Verdict:
    """How many deliveries ended how; `wrong` holds those that break a promise, by its name.

    lost: counts as sent and is not there, or failed for no reason of its own. doubled: is there
    twice. disordered: before one that was to leave earlier. needless: a person is asked, though
    it was clear. stuck: still on its way, and nothing moves. ledger: it says something else.
    `unknown`: those about which a person was asked, `again`: arrivals of what was there.
    """

    deliveries: int = 0
    unknown: int = 0
    killed: int = 0
    faults: int = 0
    again: int = 0
    states: Counter[str] = field(default_factory=Counter)
    wrong: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in WRONG})
    tried: Counter[Trial] = field(default_factory=Counter)
    seconds: float = 0

    @property
    def kept(self) -> bool:
        """Whether all promises hold."""
        return not any(self.wrong.values())


def judged(
    side: Side,
    state: Mapping[str, Any],
    rows: Sequence[Delivery],
    trials: Mapping[str, Trial],
    asked: Set[int],
    kills: Kills,
) -> Verdict:
    """The verdict on all deliveries of a run."""
    verdict, got = Verdict(len(rows), unknown=len(asked)), side.got(state, rows)
    verdict.states = Counter(row.state for row in rows)
    verdict.again = sum(state.get("arrivals", {}).values()) - len(state.get("events", {}))
    there = Counter(got)
    for row in rows:
        key = public_key(row.idem_key)
        trial = trials[key]
        verdict.tried[trial] += 1
        verdict.killed += bool(trial.step) and kills.taken(key, trial.step)
        wrongs = _wrong(side, row, there[side.name(row)])
        if row.id in asked and (trial.clear or not side.asks):
            wrongs.append("needless")
        for wrong in wrongs:
            verdict.wrong[wrong].append(f"{row.action} {row.id}, {trial}: {row.last_error}")
    strange = there.keys() - {side.name(row) for row in rows}
    verdict.wrong["doubled"] += [f"not of ours: {name}" for name in strange]
    verdict.wrong["disordered"] += _disordered(side, rows, got)
    return verdict


def _wrong(side: Side, row: Delivery, there: int) -> list[str]:
    """Which promises this delivery breaks."""
    found = ["doubled"] if there > 1 else []
    if row.state == "sent" and not there:
        found.append("lost")
    if row.state == "failed" and (there or row.action not in side.permanent):
        found.append("lost")
    if row.state in OPEN:
        found.append("stuck")
    return found


def _disordered(side: Side, rows: Sequence[Delivery], got: Sequence[str]) -> list[str]:
    """Effects that came before one of the same lane that was owed earlier."""
    by_name, last, found = {side.name(row): row for row in rows}, dict[str, int](), list[str]()
    for name in got:
        row = by_name.get(name)
        if row is None or row.lane is None or row.action in ("update", "close"):
            continue  # of these only how it ended up can be seen
        if (row.id or 0) < last.get(row.lane, 0):
            found.append(f"{row.action} {row.id}")
        last[row.lane] = max(row.id or 0, last.get(row.lane, 0))
    return found
