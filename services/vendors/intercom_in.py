"""What was done to a conversation in Intercom: its parts, as changes of a case."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from intercom import Intercom as Sdk
from intercom import SingleFilterSearchRequest, StartingAfterPaging

from services.vendors.base import VendorError
from services.vendors.intercom_calls import ident, said
from services.vendors.two_way import Change, Fact
from services.vendors.words import clean
from services.vendors.zendesk_in import plain

LONGEST = 10_000  # characters of a text that is kept
CUSTOMERS = ("user", "lead", "contact")
_OWNING = ("assignment", "assign_and_reopen", "assign_and_unsnooze", "away_mode_assignment")
_INTERNAL = ("note", "note_and_reopen", *_OWNING)
_STATES = {
    "close": "solved", "open": "open", "note_and_reopen": "open", "assign_and_reopen": "open",
}  # fmt: skip


def changes(
    opened: AbstractContextManager[Sdk], us: str, thread: str, known: Collection[str]
) -> list[Change]:
    """The parts of a conversation that are not `known`, the first one first."""
    if (number := ident(thread)) is None:
        raise VendorError("There is no such conversation in Intercom", permanent=True)
    with opened as sdk, said(effect=False):
        found = sdk.conversations.find(number, display_as="html")
        parts = (found.conversation_parts and found.conversation_parts.conversation_parts) or []
        new = [part for part in parts if f"part:{part.id}" not in known]
        team = _team(sdk) if new else {}
        made = [change(part, us, team) for part in new]
    return sorted(filter(None, made), key=lambda one: one.at)


def changed(
    opened: AbstractContextManager[Sdk], threads: Collection[str], since: datetime
) -> Iterator[tuple[str, datetime]]:
    """Those of these conversations that changed, with the time of the last change."""
    query = SingleFilterSearchRequest(
        field="updated_at", operator=">", value=str(int(since.timestamp()))
    )
    with opened as sdk, said(effect=False):
        paging = StartingAfterPaging(per_page=150)
        for one in sdk.conversations.search(query=query, pagination=paging):
            if str(one.id) in threads:
                yield str(one.id), datetime.fromtimestamp(int(one.updated_at or 0), UTC)


def _team(sdk: Sdk) -> dict[str, str | None]:
    return {str(one.id): one.email for one in sdk.admins.list().admins or [] if one}


def change(part: Any, us: str, team: Mapping[str, str | None]) -> Change | None:
    """One part; None for one that cannot be named. `us`: the teammate who writes in our name,
    `team`: the addresses of all by their ids."""
    number = ident(part.id)
    if number is None or part.created_at is None:
        return None
    who = part.author
    admin = bool(who and who.type == "admin")
    email = (team.get(str(who.id)) or who.email) if who and admin else None
    return Change(
        id=f"part:{number}",
        at=datetime.fromtimestamp(int(part.created_at), UTC),
        facts=tuple(_facts(part, team)),
        author=email or None,
        teammate=admin and str(who.id) == us,
    )


def _artificial(author: Any) -> bool:
    """It speaks in somebody's name, but nobody did."""
    return bool(author.from_ai_agent or author.is_ai_answer)


def _facts(part: Any, team: Mapping[str, str | None]) -> Iterator[Fact]:
    """What was said first. What a bot says is nobody's reply."""
    kind, text = str(part.part_type or ""), clean(plain(part.body), LONGEST)
    author = part.author.type if part.author and not _artificial(part.author) else None
    if text and author in CUSTOMERS:
        yield Fact("answer", text)
    elif text and author == "admin":
        yield Fact("note" if kind in _INTERNAL else "reply", text)
    if kind in _OWNING and (to := part.assigned_to) is not None and to.type != "team":
        email = team.get(str(to.id))
        nobody = str(to.id or "0") == "0" or to.type == "nobody_admin"
        yield Fact("owner") if nobody else Fact("owner", to=email, known=bool(email))
    if kind in _STATES:
        yield Fact("status", to=_STATES[kind])
