"""The parts of the page of one case: its head, its journal, the earlier cases."""

from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from pages import _door
from pages._contact_parts import ROLES, case_table
from pages._facts import facts
from pages._look import TONES as BANDS
from pages._look import shown
from pages._mount import mount
from pages._notice import take_back
from pages._queue_parts import alarm, customer
from services.domain.lifecycle import Status
from services.domain.priority import money
from services.insights.case_file import CaseFile, Step
from services.insights.case_rows import CaseRow
from services.insights.case_words import at, standing, when
from services.insights.words import ago

STANDS = {"overdue": "warn", "soon": "warn", "later": "accent", "paused": "", "done": ""}


def head(file: CaseFile, zone: ZoneInfo) -> None:
    """What the case is: whom it is about, how it stands, and what is known about them."""
    row = file.row
    stands = standing(row, _door.now(), zone)
    chips = [(row.status.value, "accent"), (stands.words, STANDS[stands.tone])]
    if row.band is not None and row.metric is not None:
        chips.insert(0, (f"{row.score} on {row.scale}", BANDS[row.band]))
    chips = [*alarmed(row), *chips]
    chips += [("asked to be contacted", "warn")] if file.asked else []
    chips += [("do not contact", "warn")] if file.do_not_contact else []
    facts(
        "case_head", title=f"Case {row.number}: {customer(row)}", chips=chips,
        subtitle=_under(file, zone), rows=_rows(file, zone), spark=file.scores, zone=zone.key,
        here=row.number,
    )  # fmt: skip


def alarmed(row: CaseRow) -> list[tuple[str, str]]:
    """The alarm of a case as a chip, before all others."""
    return [(alarm(row), "alarm")] if alarm(row) else []


def _under(file: CaseFile, zone: ZoneInfo) -> list[str]:
    row = file.row
    why = "; ".join(row.why)
    here = f"Why now: {why}" if why and row.status is not Status.RESOLVED else ""
    return [shown(row.email), here, f"times in {zone.key}"]


def _rows(file: CaseFile, zone: ZoneInfo) -> list[tuple[str, str, str | None]]:
    row = file.row
    found: list[tuple[str, str | None, str | None]] = [
        ("Contact", row.contact or row.email, row.contact_id and f"contact?id={row.contact_id}"),
        ("Account", row.account, row.account_id and f"account?id={row.account_id}"),
        ("Role", ROLES.get(file.role or ""), None),
        ("Value a year", money(row.arr, row.currency) if row.arr else None, None),
        ("Renewal", f"{row.renewal_on:%d %b %Y}" if row.renewal_on else None, None),
        ("Owner", row.owner or "nobody", None),
        ("Team", file.team, None),
        ("Escalated to", file.escalated_to, None),
        ("Opened", when(row.opened_at, zone), None),
        ("First contact", _contact(row, zone), None),
        ("Closing due", when(row.close_due, zone) if _runs(row) and row.close_due else None, None),
        ("Outcome", row.outcome.label if row.outcome else None, None),
        ("Root cause", file.cause, None),
    ]
    return [(label, value or "", href or None) for label, value, href in found]


def _runs(row: CaseRow) -> bool:
    return row.status is not Status.RESOLVED


def _contact(row: CaseRow, zone: ZoneInfo) -> str:
    if row.contacted_at:
        return when(row.contacted_at, zone)
    due = f", due {when(row.first_due, zone)}" if row.first_due and _runs(row) else ""
    return f"not yet{due}"


def steps(file: CaseFile, zone: ZoneInfo, *, key: str = "journal", most: int | None = None) -> None:
    """The journal (or its `most` last steps), the latest first; one's own can be taken back."""
    number, now = file.row.number, _door.now()
    rows = [_step(step, now, zone) for step in file.steps[:most]]
    data = {"label": f"Journal of case {number}", "rows": rows}

    def acted() -> None:
        take_back(number, int(st.session_state[key].act["event_id"]))

    mount("journal", data, key, on_act_change=acted)


def _step(step: Step, now: Any, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": step.event_id,
        "kind": step.kind.value,
        "who": shown(step.who),
        "said": shown(step.said),
        "body": shown(step.body),
        "when": ago(step.at, now),
        "exact": at(step.at, zone),
        "iso": step.at.astimezone(zone).isoformat(timespec="seconds"),
        "undone": step.undone,
        "action": step.mine,
    }


def unseen(file: CaseFile) -> None:
    """That there is more than the reader may see."""
    n = file.answers_elsewhere
    if n:
        st.text(f"{n} more {'answer belongs' if n == 1 else 'answers belong'} to another unit.")


def earlier(file: CaseFile, zone: ZoneInfo) -> None:
    """The other cases of the same person."""
    if file.earlier:
        n = len(file.earlier)
        title = "Other cases of this person"
        case_table(file.earlier, n, zone.key, who=False, title=title, brief=True)
