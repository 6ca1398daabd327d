"""What came of it, for people."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.chaos.judging import WRONG, Verdict
from tests.chaos.plan import FAULTS, STEPS, Trial

HEADER = (
    "vendor", "engine", "workers", "cases", "deliveries", "killed", "faults", "sent", "failed",
    "unknown", "again", *WRONG, "s", "",
)  # fmt: skip
LEGEND = """\
killed: workers, each with a delivery in its hands. faults: of the vendor, met. unknown: nobody
could know, and a person was asked. failed: what cannot be done there. again: arrivals of a webhook
under an id that was there. lost: counts as sent and is not there. doubled: there twice.
disordered: before what was to leave earlier. needless: a person was asked, though it was clear.
stuck: it never ended. ledger: it is not intact, or says something else than what happened."""
MOST = 20  # wrong ones that are named


@dataclass(frozen=True)
class Told:
    """A run and its verdict."""

    vendor: str
    engine: str
    workers: int
    cases: int
    verdict: Verdict


def report(runs: Sequence[Told]) -> str:
    """Everything: the runs, what was tried how often at each vendor, and what went wrong."""
    parts = [_table([HEADER, *map(_line, runs)]), LEGEND]
    for vendor in dict.fromkeys(run.vendor for run in runs):
        tried = sum((run.verdict.tried for run in runs if run.vendor == vendor), Counter[Trial]())
        parts.append(_tried(vendor, tried))
    return "\n\n".join([*parts, *_wrong(runs)])


def _line(run: Told) -> tuple[str, ...]:
    verdict = run.verdict
    numbers = (
        run.workers, run.cases, verdict.deliveries, verdict.killed, verdict.faults,
        verdict.states["sent"], verdict.states["failed"], verdict.unknown, verdict.again,
        *(len(verdict.wrong[name]) for name in WRONG), round(verdict.seconds),
    )  # fmt: skip
    return (run.vendor, run.engine, *map(str, numbers), "kept" if verdict.kept else "BROKEN")


def _tried(vendor: str, tried: Counter[Trial]) -> str:
    """Deliveries by the step at which their worker was killed, and by the fault of the vendor."""
    head = (f"{vendor}: killed", *(name or "no fault" for name in FAULTS))
    rows = [(words, *(str(tried[Trial(step, fault)]) for fault in FAULTS))
            for step, words in STEPS.items()]  # fmt: skip
    return _table([head, *rows])


def _wrong(runs: Sequence[Told]) -> Iterable[str]:
    for run in runs:
        for name, found in run.verdict.wrong.items():
            for one in found[:MOST]:
                yield f"{name}: {run.vendor} ({run.engine}, {run.workers} workers): {one}"


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if k else cell.ljust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
