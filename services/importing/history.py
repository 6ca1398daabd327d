"""Earlier imports, and the rows that they did not take."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from db.models import ImportReject, ImportRun, Survey, User
from services import csv_text
from services.access import Actor, permitted
from services.domain.roles import Verb


@dataclass(frozen=True)
class PastImport:
    """One import as a list shows it."""

    run: ImportRun
    survey: str | None
    person: str


@permitted(Verb.IMPORT)
def past_imports(session: Session, actor: Actor, *, limit: int = 50) -> list[PastImport]:
    """The newest imports first."""
    query = (
        select(ImportRun, Survey.name, User.name)
        .outerjoin(Survey, col(Survey.id) == ImportRun.survey_id)
        .outerjoin(User, col(User.id) == ImportRun.actor_id)
        .order_by(col(ImportRun.id).desc())
        .limit(limit)
    )
    rows = session.exec(query)
    return [PastImport(run, survey, name or "the desk") for run, survey, name in rows]


@permitted(Verb.IMPORT)
def rejected_rows(session: Session, actor: Actor, run_id: int) -> str:
    """The rows an import did not take as CSV: record, line, reason, then the row as it was."""
    run = session.get_one(ImportRun, run_id)
    header = ["record", "line", "column", "reason", *run.mapping.get("header", [])]
    query = (
        select(ImportReject)
        .where(ImportReject.import_run_id == run_id)
        .order_by(col(ImportReject.record))
    )

    found = session.exec(query.execution_options(yield_per=1000))
    told = ([r.record, r.line, r.column, r.reason, *r.cells] for r in found)
    return "".join(csv_text.rows(header, told))
