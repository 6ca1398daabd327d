"""`audit`: who did what, newest first."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from services import settings, trail
from services.access import SHELL
from services.commands import shell
from services.commands.shell import AsJson
from services.domain.periods import DAY, midnight

Day = typer.Option(formats=["%Y-%m-%d"], metavar="DATE")


def audit(
    verb: Annotated[str | None, typer.Option(help="Only this verb, such as user.disable.")] = None,
    person: Annotated[int | None, typer.Option(help="Only this person's; 0 is the desk.")] = None,
    start: Annotated[datetime | None, Day] = None,
    end: Annotated[datetime | None, Day] = None,
    before: Annotated[int | None, typer.Option(help="Only lines before this id.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = trail.PAGE,
    as_json: AsJson = False,
) -> None:
    """Print the audit trail, newest first; days are those of the reporting time zone."""
    with shell.looking() as session:
        zone = settings.reporting_zone(session)
        wanted = trail.Wanted(
            verb,
            person,
            start and midnight(start.date(), zone),
            end and midnight(end.date() + DAY, zone),
        )
        total = trail.count(session, SHELL, wanted)
        found = trail.lines(session, SHELL, wanted, before_id=before, limit=limit)
    said = [f"{line.id}  {line.at.astimezone(zone):%Y-%m-%d %H:%M}  {line.what}" for line in found]
    text = "\n".join([*said, f"{len(found)} of {total} lines"])
    shell.answer(as_json, {"lines": [asdict(line) for line in found], "total": total}, text)
