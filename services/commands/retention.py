"""`retention`: what the rules on how long data is kept would remove, do it, and the report."""

from typing import Annotated, Any

import typer

from db import engine
from services.access import SHELL, Refused
from services.commands import shell
from services.commands.shell import AsJson
from services.retention import choosing, running
from services.retention.rules import RULES

app = shell.verbs("How long data is kept.")
RuleName = Annotated[str | None, typer.Argument(metavar="[RULE]", help=f"{', '.join(RULES)}.")]


@app.command()
def preview(
    rule: RuleName = None,
    months: Annotated[
        int | None, typer.Option("--months", help="Else what the rule says, or its usual ones.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Count what each rule, or one of them, would remove now."""
    with shell.looking() as session:
        on = choosing.chosen(session, SHELL)
        found = [
            choosing.preview(
                session, SHELL, name, months or on.get(name) or _usual(name), now=shell.now()
            )
            for name in ([rule] if rule else RULES)
        ]  # fmt: skip
    rows = [
        {"rule": one.rule, "on": one.rule in on, "months": one.months, "what": part.words,
         "n": part.n, "oldest": part.oldest}
        for one in found for part in one.found
    ]  # fmt: skip
    shell.answer(as_json, {"rules": rows}, shell.table(rows, "There is nothing."))


@app.command()
def run(
    rule: RuleName = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; else it is refused.")] = False,
    as_json: AsJson = False,
) -> None:
    """Carry out now what is switched on, or one rule of it. What it removes is gone for good."""
    if not yes:
        raise Refused("Look at `retention preview` first, then say --yes. Nothing was removed.")
    with shell.looking() as session:
        on = choosing.chosen(session, SHELL)
    if rule and rule not in on:
        raise Refused(f"The rule {rule} is not switched on. Nothing was removed.")
    months = {rule: on[rule]} if rule else dict(on)
    place: running.Place | None = running.Place()
    began = shell.now()
    while place is not None:
        with engine.transaction() as session:
            place = running.lot(session, months, place, shell.now())
    with engine.reading() as session:
        done = [
            one for one in choosing.reports(session, SHELL)
            if one.run.ended_at and one.run.ended_at >= began
        ]  # fmt: skip
    _tell(done, as_json, "There was nothing to remove.")


@app.command()
def report(as_json: AsJson = False) -> None:
    """What the rules have removed, the latest first."""
    with shell.looking() as session:
        found = choosing.reports(session, SHELL)
    _tell(found, as_json, "Nothing was removed yet.")


def _tell(found: list[choosing.Report], as_json: bool, nothing: str) -> None:
    rows: list[dict[str, Any]] = [
        {"started_at": one.run.started_at, "ended_at": one.run.ended_at, "rule": one.run.rule,
         "months": one.run.months, "removed": one.run.counts, "by": one.by}
        for one in found
    ]  # fmt: skip
    told = [
        row | {"removed": [f"{n} {what}" for what, n in row["removed"].items()]} for row in rows
    ]
    shell.answer(as_json, {"runs": rows}, shell.table(told, nothing))


def _usual(rule: str) -> int:
    return RULES[rule].usual if rule in RULES else 0
