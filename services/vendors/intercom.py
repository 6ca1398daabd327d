"""Intercom: a case is a conversation that its customer began; teammates answer in it.

Intercom has no idempotency: after a lost answer a conversation, a reply or a note may stand there,
and only a person can say. What comes before the conversation (contact, attributes, tag) can be done
twice without harm. What comes after it (case number, tag, note) never makes `send` fail, or the
conversation would be begun again: it is tried once more, and then left out with a line in the log.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, ClassVar

from intercom import (
    AdminReplyConversationRequest as Part,
)
from intercom import (
    CreateOrUpdateTagRequest,
    SingleFilterSearchRequest,
    StartingAfterPaging,
)
from intercom import Intercom as Sdk
from intercom.conversations import ConversationsManageRequestBody_Close as Close
from intercom.conversations import ConversationsManageRequestBody_Open as Open
from intercom.conversations import CreateConversationRequestFrom

from services.domain.case_state import Outcome
from services.vendors import intercom_in, intercom_read, two_way
from services.vendors import intercom_people as people
from services.vendors import intercom_words as words
from services.vendors.base import Field, Message, Receipt, There, Unsure, Vendor, VendorError
from services.vendors.intercom_calls import ident, opened, rest, said, unreadable

_REGIONS = {"us": "", "eu": "eu.", "au": "au."}
_LONGEST_PAUSE = 2.0  # seconds, within one send
# Seconds after which nothing new is begun: the outbox's lease must outlast the whole.
_PATIENCE = 40.0
_PARTLY = "conversation %s is not fully marked: %s"
_SLOW = "Intercom is too slow at the moment"
_log = logging.getLogger(__name__)


class Intercom(Vendor):
    """Conversations, replies, notes and closing."""

    name = "intercom"
    title = "Intercom"
    fields: ClassVar[tuple[Field, ...]] = (
        Field("region", "Region", "Where your workspace is hosted.", default="us",
              choices=tuple(_REGIONS)),
        Field("token", "Access token", "Of a private app in your workspace.", secret=True),
        Field("admin_id", "Teammate id", "Replies and notes are written as this teammate."),
        Field("tag", "Tag", "Put on each conversation.", default="loopdesk", required=False),
        Field("case_attribute", "Conversation attribute for the case number",
              "Of the type text; it must exist in Intercom.", required=False),
        Field("base_url", "API address", "Empty: that of the region.", required=False),
        Field("follow_status", "The conversation follows the case",
              "A resolved case closes the conversation.", default="yes",
              choices=("yes", "no")),
        Field("copy_notes", "Notes are copied",
              "Notes on the case become internal notes there.", default="no",
              choices=("yes", "no")),
        Field("client_secret", "Client secret of the app",
              "Webhooks are signed with it.", secret=True, required=False),
        *two_way.fields("conversation", [*Outcome]),
    )  # fmt: skip
    actions: ClassVar[Mapping[str, Unsure]] = {
        "conversation": Unsure.ASK,
        "reply": Unsure.ASK,
        "note": Unsure.ASK,
        "close": Unsure.AGAIN,
        "open": Unsure.AGAIN,
    }

    def check(self) -> str:
        with self._opened() as sdk, said(effect=False):
            me = sdk.admins.identify()
            team = {one.id: one.name for one in sdk.admins.list().admins or [] if one}
            attributes = sdk.data_attributes.list(model="contact").data
            types = {one.name: str(one.data_type) for one in attributes}
        if self._setting("admin_id") not in team:
            there = ", ".join(f"{number} ({name})" for number, name in sorted(team.items())[:20])
            raise VendorError(f"There is no such teammate. There are: {there}", permanent=True)
        self._fitting(types)
        workspace = me.app.name if me and me.app else "a workspace"
        return f"{workspace}, writing as {team[self._setting('admin_id')]}"

    def payload(self, message: Message) -> dict[str, Any]:
        if message.action == "conversation":
            return self._plan(message)
        return self._part(message).dict()

    def send(self, message: Message) -> Receipt:
        with self._opened() as sdk:
            if message.action == "conversation":
                return self._begin(sdk, message)
            return self._add(sdk, message)

    def find(self, message: Message) -> Receipt | None:
        """A conversation of that person in these words. None does not say that there is none."""
        if message.action != "conversation":
            return super().find(message)
        plan = self._plan(message)
        with self._opened() as sdk:
            person = people.known(sdk, plan["contact"])
            if person is None:
                return None
            query = SingleFilterSearchRequest(field="contact_ids", operator="=", value=person.id)
            with said(effect=False):
                paging = StartingAfterPaging(per_page=150)
                found = sdk.conversations.search(query=query, pagination=paging).items or []
                threads = [ident(one.id) for one in found if words.is_one(one, plan)]
        thread = next(filter(None, threads), None)
        return Receipt(thread, thread, self._link(person, thread)) if thread else None

    def there(self, messages: Sequence[Message]) -> dict[str, There]:
        """Conversations that we know by their ids; what stands in them is left out."""
        return intercom_read.there(self._opened(), messages)

    def changes(self, thread: str, known: Collection[str]) -> list[two_way.Change]:
        """The parts of a conversation that are not known yet."""
        return intercom_in.changes(self._opened(), self._setting("admin_id"), thread, known)

    def changed(self, threads: Sequence[str], since: datetime) -> Iterator[tuple[str, datetime]]:
        """By the time of each conversation's last update."""
        return intercom_in.changed(self._opened(), frozenset(threads), since)

    def _begin(self, sdk: Sdk, message: Message) -> Receipt:
        plan, until = self._plan(message), time.monotonic() + _PATIENCE
        person = people.known_or_new(sdk, plan["contact"])
        if plan["contact_attributes"]:
            with said(effect=False):
                sdk.contacts.update(person.id, custom_attributes=plan["contact_attributes"])
        tag = self._tag(sdk, plan["tag"])
        if time.monotonic() > until:
            raise VendorError(_SLOW)
        who = CreateConversationRequestFrom(type=person.role, id=person.id)
        with said(effect=True):
            answer = sdk.conversations.with_raw_response.create(
                from_=who, body=plan["conversation"]["body"]
            )
            thread = ident(answer.data.conversation_id)
        if thread is None:
            raise unreadable(effect=True)
        self._mark(sdk, thread, plan, tag, until + _PATIENCE / 2)
        return Receipt(thread, thread, self._link(person, thread), rest(answer.headers))

    def _mark(
        self, sdk: Sdk, thread: str, plan: Mapping[str, Any], tag: str | None, until: float
    ) -> None:
        talk, own = sdk.conversations, plan["conversation_attributes"]
        admin = self._setting("admin_id")
        steps: list[tuple[int, Callable[[], object]]] = []
        if own:
            steps.append((2, lambda: talk.update(thread, custom_attributes=own)))
        if tag:
            add = sdk.tags.tag_conversation
            steps.append((2, lambda: add(thread, tag_id=tag, admin_id=admin)))
        # A note cannot be told from its double, so it has one try.
        steps.append((1, lambda: talk.reply(thread, request=self._written("note", plan["note"]))))
        for times, step in steps:
            if time.monotonic() > until:
                _log.warning(_PARTLY, thread, _SLOW)
                return
            if not _tried(step, times, thread):
                return

    def _add(self, sdk: Sdk, message: Message) -> Receipt:
        part, thread = self._part(message), ident(message.thread)
        if thread is None:
            raise VendorError("There is no conversation in Intercom to add to", permanent=True)
        talk = sdk.conversations.with_raw_response
        with said(effect=message.action not in ("close", "open")):
            answer = (
                talk.manage(thread, request=part)
                if isinstance(part, Close | Open)
                else talk.reply(thread, request=part)
            )
        parts = getattr(answer.data, "conversation_parts", None)
        newest = (getattr(parts, "conversation_parts", None) or [None])[-1]
        number = ident(getattr(newest, "id", None))
        return Receipt(number or thread, rest=rest(answer.headers))

    def _plan(self, message: Message) -> dict[str, Any]:
        card, case = message.body["card"], self._setting("case_attribute")
        return {
            "contact": words.person(card),
            "contact_attributes": words.attributes(self.config.get("mapping") or {}, card),
            "tag": self._setting("tag"),
            "conversation": {"body": words.opening(card, message.body["text"])},
            "conversation_attributes": {case: str(card["number"])} if case else {},
            "note": words.note(card),
        }

    def _part(self, message: Message) -> Part | Close | Open:
        if message.action in ("close", "open"):
            kind = Close if message.action == "close" else Open
            return kind(admin_id=self._setting("admin_id"))
        if message.action == "note":
            return self._written("note", words.html(message.body["text"]))
        return self._written("comment", words.text(message.body["text"]))

    def _written(self, kind: str, body: str) -> Part:
        return Part(message_type=kind, admin_id=self._setting("admin_id"), body=body)

    def _tag(self, sdk: Sdk, name: str) -> str | None:
        if not name:
            return None
        with said(effect=False):
            return ident(sdk.tags.create(request=CreateOrUpdateTagRequest(name=name)).id)

    def _fitting(self, types: Mapping[str, str]) -> None:
        for name, path in (self.config.get("mapping") or {}).items():
            if name not in types:
                told = f"Intercom has no contact attribute {name}: create it there first"
                raise VendorError(told, permanent=True)
            if path in words.NUMBERS and types[name] not in ("integer", "float"):
                raise VendorError(f"The attribute {name} must be a number", permanent=True)

    def _opened(self) -> AbstractContextManager[Sdk]:
        region = _REGIONS.get(self._setting("region"), "")
        address = self._setting("base_url") or f"https://api.{region}intercom.io"
        return opened(self.secrets.get("token", ""), address.rstrip("/"), self.allow)

    def _link(self, person: people.Person, thread: str) -> str | None:
        if person.workspace is None:
            return None
        inbox = f"https://app.{_REGIONS.get(self._setting('region'), '')}intercom.com/a/apps"
        return f"{inbox}/{person.workspace}/inbox/inbox/all/conversations/{thread}"

    def _setting(self, name: str) -> str:
        return str(self.config.get(name) or "").strip()


def _tried(step: Callable[[], object], times: int, thread: str) -> bool:
    """Whether it is worth going on: not when Intercom is down."""
    for left in reversed(range(times)):
        try:
            with said(effect=False):
                step()
            return True
        except VendorError as error:
            if error.permanent or not left:
                _log.warning(_PARTLY, thread, error)
                return error.permanent
            time.sleep(min(error.wait or 0.2, _LONGEST_PAUSE))
    return True
