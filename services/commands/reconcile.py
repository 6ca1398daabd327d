"""`reconcile`: compare what vendors have with what was sent to them, and wait for the result."""

from typing import Annotated

import typer

from db import engine
from db.models import Reconciliation
from services.access import SHELL
from services.commands import shell
from services.commands.shell import AsJson
from services.insights import differences
from services.reconciling import runs
from services.vendors import title
from services.worker import reconciling


def reconcile(
    vendor: Annotated[str | None, typer.Option(help="Only this one, such as zendesk.")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare now; exit 1 where something differs or a vendor could not be asked."""
    with shell.changing() as session:
        ids = runs.ask(session, SHELL, now=shell.now(), vendor=vendor)
        asked = [session.get_one(Reconciliation, id_) for id_ in ids]
    for run in asked:
        reconciling.work(run, shell.now)
    with engine.reading() as session:
        done = [session.get_one(Reconciliation, id_) for id_ in ids]
        text = "\n".join(f"{title(run.vendor)}: {differences.told(run)}" for run in done)
    shell.answer(as_json, {"runs": [differences.facts(run) for run in done]}, text)
    if any(run.differences or run.error for run in done):
        raise typer.Exit(1)
