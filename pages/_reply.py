"""A reply to the customer: what the box under a case offers for it, and what sending it does.

Templates and replies hold what customers wrote: the box shows them as text.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from db.engine import reading
from pages import _door
from pages._ask import ask, fresh
from pages._case_acts import do
from pages._look import shown
from services import integrations, settings, templates
from services.access import Forbidden, Refused
from services.cases import causes, replying
from services.cases.replying import THEN, Way
from services.domain.lifecycle import Outcome, Status
from services.insights.case_rows import CaseRow

DONE = {"": "", "wait": "Set to wait for the customer. ", "resolve": "Resolved. "}
SHORTEST = timedelta(seconds=5)  # for which the notice stands
KINDS = {"zendesk": "ticket", "intercom": "conversation"}


def offered(row: CaseRow) -> dict[str, Any]:
    """How the customer of a case can be reached, or `why` not, and what a reply can start from."""
    found = fresh(replying.ways, row.number)
    ways = [way for way in found if way.why_not is None]
    return {
        "ways": [{"name": way.name, "label": _label(way)} for way in ways],
        "why": "" if ways else found[0].why_not,
        "templates": _templates(row.number) if ways else [],
        "outcomes": [{"name": outcome.value, "label": outcome.label} for outcome in Outcome],
        "causes": [{"name": str(key), "label": shown(name)} for key, name in ask(causes.in_use)],
        "mail": _mail(row, next((way.to for way in ways if way.name == "email"), None)),
    }


def buttons(row: CaseRow) -> list[dict[str, str]]:
    """What can become of the case with the reply."""
    possible = {"": True, "wait": row.status in (Status.NEW, Status.OPEN)}
    possible["resolve"] = row.status is not Status.RESOLVED
    return [{"then": then, "label": label} for then, label in THEN.items() if possible[then]]


def _label(way: Way) -> str:
    if way.name == "email":
        return f"{way.title} to {shown(way.to)}"
    return f"{way.title} {KINDS[way.name]} {shown(way.to)}"


def _templates(number: int) -> list[dict[str, str]]:
    return [
        {"name": str(one.id), "label": f"{shown(one.name)} ({one.language})"}
        for one in fresh(templates.offered, number)
    ]


def _mail(row: CaseRow, to: str | None) -> dict[str, str] | None:
    """What a mail has around its text."""
    if to is None:
        return None
    with reading() as session:
        config = integrations.connected(session)["email"].config
    return {
        "from": f"{shown(_door.actor().name)} <{config.get('from_address', '')}>", "to": shown(to),
        "subject": replying.subject_of(row.number), "signature": shown(config.get("signature")),
    }  # fmt: skip


def send(number: int, sent: dict[str, Any]) -> bool:
    """Write to the customer; it can be taken back until it leaves."""
    then, hold = str(sent.get("then", "")), fresh(_hold)
    leaves = f"It leaves in {hold} s." if hold else "It is on its way."
    known = (one.id or 0 for one in fresh(templates.offered, number))
    return do(
        replying.reply, number, f"{DONE.get(then, '')}{leaves}",
        offered=max(timedelta(seconds=hold), SHORTEST), body=sent["body"], way=sent["way"],
        subject=sent["subject"], then=then, once=sent["once"], outcome=str(sent.get("outcome", "")),
        root_cause_id=_one_of((key for key, _ in ask(causes.in_use)), sent.get("cause")),
        template_id=_one_of(known, sent.get("template")),
    )  # fmt: skip


def _one_of(ids: Iterable[int], chosen: Any) -> int | None:
    """The id that the browser chose, if it was offered."""
    return next((key for key in ids if str(key) == str(chosen)), None)


def _hold(session: Any, _actor: Any) -> int:
    """Seconds for which a reply can be taken back."""
    return int(settings.get(session, "undo_seconds"))


def filled(number: int, wanted: dict[str, Any]) -> dict[str, Any]:
    """A template as it reads for this case, as an answer to the browser's question `n`."""
    told = {"n": wanted["n"], "subject": "", "body": "", "missing": [], "refused": ""}
    try:
        found = fresh(templates.filled, number, int(wanted["template"]))
    except (Refused, Forbidden, ValueError) as error:
        return told | {"refused": str(error)}
    return told | {"subject": found.subject, "body": found.body, "missing": [*found.missing]}
