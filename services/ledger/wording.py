"""What is wrong with the ledger, in words that name the place."""

from collections.abc import Callable, Mapping, Sequence

from sqlmodel import Session, col, select

from db.models import Case
from services.domain.many import many
from services.ledger.chain import NOWHERE, Defect, Fault
from services.ledger.counting import ALL
from services.ledger.verifying import Verdict

_SAID: Mapping[Fault, Callable[[Defect], str]] = {
    Fault.CHANGED: lambda d: f"{_row(d)} was changed{_about(d)}",
    Fault.MISSING: lambda d: f"{_rows(d)} missing",
    Fault.REORDERED: lambda d: f"row {d.seq} stands at another place than it was written",
    Fault.UNLINKED: lambda d: f"row {d.seq} does not follow the row before it: some were cut off",
    Fault.CUT_OFF: lambda d: f"{_rows(d)} missing at the end",
    Fault.ADDED: lambda d: f"{_rows(d)} there, but the desk did not write that many",
    Fault.HEAD: lambda _: "the end of its chain was changed or is missing",
    Fault.COUNT: lambda _: "some were taken out as a whole, or put back to how they were before",
    Fault.START: lambda d: f"row {d.seq} does not fit to when the ledger was begun",
    Fault.NO_ROW: lambda d: f"delivery {d.delivery_id} has no row",
    Fault.OTHER: lambda d: f"delivery {d.delivery_id} stands otherwise than row {d.seq} says",
    Fault.NOTHING: lambda d: f"the delivery {d.delivery_id} of row {d.seq} is gone",
    Fault.PAYLOAD: lambda d: f"delivery {d.delivery_id} holds something else than row {d.seq} says",
    Fault.TRY_PAYLOAD: lambda d: (
        f"attempt {d.attempt_id} of row {d.seq} carried something else than delivery "
        f"{d.delivery_id} was to"
    ),
    Fault.TRY_NO_ROW: lambda d: f"attempt {d.attempt_id} at delivery {d.delivery_id} has no row",
    Fault.TRY_OTHER: lambda d: f"attempt {d.attempt_id} is another than row {d.seq} says",
    Fault.TRY_NOTHING: lambda d: f"the attempt {d.attempt_id} of row {d.seq} is gone",
}


def named(session: Session, defects: Sequence[Defect]) -> list[str]:
    """Each with the number of its case."""
    ids = {defect.case_id for defect in defects}
    numbers = dict(session.exec(select(Case.id, Case.number).where(col(Case.id).in_(ids))).all())
    return [f"{_of(defect.case_id, numbers)}: {_SAID[defect.fault](defect)}" for defect in defects]


def told(verdict: Verdict) -> str:
    """The verdict in a sentence or two."""
    over = f"{many(verdict.rows, 'row')} of {many(verdict.chains, 'chain')}"
    lines = [f"{over}, {'all intact' if verdict.intact else 'checked'}."]
    if verdict.intact and not verdict.rows:
        lines = ["Empty, as nothing was sent yet."]
    if verdict.found:
        lines.append(f"{verdict.found:,} things are not as they were written.")
    if verdict.foreign:
        lines.append(
            f"{verdict.foreign:,} of them are sealed with another key than this desk has: only "
            "their order could be checked. Put back the key that they were written with."
        )
    if verdict.left:
        lines.append(
            f"Up to {verdict.left:,} deliveries are older than the ledger and not taken over yet: "
            "start the desk, and check again."
        )
    return " ".join(lines)


def _of(case_id: int, numbers: Mapping[int | None, int]) -> str:
    if case_id == ALL:
        return "all chains together"
    if case_id == NOWHERE:
        return "in no chain"
    if not case_id:
        return "outside cases"
    return f"case {numbers[case_id]}" if case_id in numbers else f"chain {case_id}"


def _row(defect: Defect) -> str:
    return "a row without its place" if defect.seq is None else f"row {defect.seq}"


def _about(defect: Defect) -> str:
    return "" if defect.delivery_id is None else f" (delivery {defect.delivery_id})"


def _rows(defect: Defect) -> str:
    if defect.seq == defect.last:
        return f"row {defect.seq} is"
    return f"rows {defect.seq} to {defect.last} are"
