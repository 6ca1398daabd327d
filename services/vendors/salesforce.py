"""Salesforce: a case is a Case there, and contacts and accounts show how they last answered.

A Case carries our number as its external id, so that the same one sent twice is one. Contacts and
accounts are looked for and never made.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from services.vendors import salesforce_words as words
from services.vendors.base import (
    Field,
    Message,
    Receipt,
    There,
    Unsure,
    Vendor,
    VendorError,
    external_id,
    pick,
)
from services.vendors.salesforce_org import Org, connected
from services.vendors.salesforce_session import TITLE, home
from services.vendors.words import line

_YES_NO = ("yes", "no")
_SCORES = ("score_field", "band_field", "date_field", "comment_field")
_NOT_THERE = ""  # the name of a score for which Salesforce has no record


class Salesforce(Vendor):
    """Cases by external id, their status and comments, and scores on contacts and accounts."""

    name = "salesforce"
    title = TITLE
    fields: ClassVar[tuple[Field, ...]] = (
        Field("my_domain", "My Domain", "acme.my.salesforce.com.", required=False),
        Field("consumer_key", "Consumer key",
              "Of a connected app with the client credentials flow."),
        Field("consumer_secret", "Consumer secret", secret=True),
        Field("external_id", "External id field of Case",
              "A text field that you make there: External ID, Unique.", default="Loopdesk_Case__c"),
        Field("origin", "Case Origin", "A value of its list.", required=False),
        Field("owner", "Owner id", "Of the user or queue that gets new cases.", required=False),
        Field("record_type", "Record type id", required=False),
        Field("follow_status", "The Case follows the case",
              "A resolved case closes it; a reopened one opens it.", default="yes",
              choices=_YES_NO),
        Field("status_resolved", "Status of a resolved case", "A value of its list.",
              default="Closed"),
        Field("status_reopened", "Status of a reopened case", "A value of its list.",
              default="Working"),
        Field("copy_notes", "Notes are copied",
              "Notes on the case become internal comments there.", default="no", choices=_YES_NO),
        Field("scores", "Scores go to Contact and Account",
              "With each new NPS answer of a person, but for imports.", default="no",
              choices=_YES_NO),
        Field("score_field", "Field of the score", "A number. Empty: it is not sent.",
              default="NPS_Score__c", required=False),
        Field("band_field", "Field of the band", "A text. Empty: it is not sent.",
              default="NPS_Band__c", required=False),
        Field("date_field", "Field of the day", "A date. Empty: it is not sent.",
              default="NPS_Answered_On__c", required=False),
        Field("comment_field", "Field of the comment", "A text. Empty: it is not sent.",
              required=False),
        Field("contact_key", "External id field of Contact",
              "Empty: contacts are found by e-mail address.", required=False),
        Field("account_key", "External id field of Account",
              "Empty: accounts are found by name.", required=False),
        Field("base_url", "Address", "Only where it is not https://MY-DOMAIN.", required=False),
    )  # fmt: skip
    actions: ClassVar[Mapping[str, Unsure]] = {
        "case": Unsure.AGAIN, "status": Unsure.AGAIN, "note": Unsure.LOOK, "score": Unsure.AGAIN,
    }  # fmt: skip

    @classmethod
    def wrong_field(cls, theirs: str) -> str | None:
        fine = re.fullmatch(words.NAME, theirs)
        return None if fine else "A field is named by its API name, such as Plan__c"

    def check(self) -> str:
        with connected(self) as org:
            for kind, names in self._wanted():
                known = org.described(kind)
                if missing := [name for name in names if name not in known]:
                    said = f"{kind} there has no field {missing[0]}: make it, or allow us to see it"
                    raise VendorError(said, permanent=True)
                if kind == "Case":
                    _fits(known, self._set("external_id"), self._states())
        return f"Signed in to {home(self.config).partition('://')[2]}; every field is there"

    def payload(self, message: Message) -> dict[str, Any]:
        """With whom it is looked up by: what is found says whose it is."""
        if message.action == "case":
            whose = {"contact": self._contact_by(message), "account": self._account_by(message)}
            key = {self._set("external_id"): external_id(message)}
            return {"upsert": key, "fields": words.case(message, self.config), "found_by": whose}
        if message.action == "score":
            whose = {"contact": self._contact_by(message), "account": self._account_by(message)}
            return {"fields": words.score(message, self.config), "found_by": whose}
        if message.action == "status":
            return words.status(message, self.config)
        return words.comment(message)

    def send(self, message: Message) -> Receipt:
        with connected(self) as org:
            if message.action == "case":
                return self._case(org, message)
            if message.action == "score":
                return self._score(org, message)
            case_id = words.case_id(message)
            if message.action == "status":
                org.update("Case", case_id, words.status(message, self.config))
                return org.receipt(case_id, case_id)
            return org.receipt(org.create("CaseComment", words.comment(message)), case_id)

    def find(self, message: Message) -> Receipt | None:
        if message.action != "note":
            return super().find(message)
        with connected(self) as org:
            case_id = words.case_id(message)
            found = org.comment(case_id, words.mark(message))
            return org.receipt(found, case_id) if found else None

    def there(self, messages: Sequence[Message]) -> dict[str, There]:
        """Comments by their marks; Cases by their external id, which also tells how they stand."""
        found = super().there(messages)
        with connected(self) as org:
            for message in messages:
                if message.action == "case":
                    key = external_id(message)
                    rows = org.found("Case", "Status, IsClosed", self._set("external_id"), key)
                    found[message.key] = There(len(rows), self._ended(rows))
        return found

    def _ended(self, rows: Sequence[Mapping[str, Any]]) -> bool | None:
        done = [bool(row["IsClosed"]) or row["Status"] == self._set("status_resolved")
                for row in rows]  # fmt: skip
        return done[-1] if done else None

    def _case(self, org: Org, message: Message) -> Receipt:
        contact, account = self._whose(org, message)
        whose = {"ContactId": contact, "AccountId": account}
        fields = {name: value for name, value in whose.items() if value}
        if not contact:
            fields |= words.nobody(message.body["card"])
        fields |= words.case(message, self.config)
        made = org.upsert("Case", self._set("external_id"), external_id(message), fields)
        return org.receipt(made, made)

    def _score(self, org: Org, message: Message) -> Receipt:
        contact, account = self._whose(org, message)
        fields = words.score(message, self.config)
        for kind, id_ in (("Contact", contact), ("Account", account)):
            if id_ and fields:
                org.update(kind, id_, fields)
        there = contact or account
        return org.receipt(there) if there else Receipt(_NOT_THERE)

    def _whose(self, org: Org, message: Message) -> tuple[str | None, str | None]:
        """Ids of contact and account. Where several could be meant, none is."""
        contact = _only(org, "Contact", "Id, AccountId", self._contact_by(message))
        if contact and contact.get("AccountId"):
            return str(contact["Id"]), str(contact["AccountId"])
        account = _only(org, "Account", "Id", self._account_by(message))
        return (str(contact["Id"]) if contact else None), (str(account["Id"]) if account else None)

    def _contact_by(self, message: Message) -> dict[str, str]:
        return self._by(message, "contact", "contact_key", "Email", "email")

    def _account_by(self, message: Message) -> dict[str, str]:
        return self._by(message, "account", "account_key", "Name", "name")

    def _by(
        self, message: Message, whom: str, setting: str, field: str, part: str
    ) -> dict[str, str]:
        """The field and the value that somebody is looked for by; empty where there is nothing."""
        key = self._set(setting)
        value = line(pick(message.body["card"], f"{whom}.{'external_id' if key else part}"))
        return {key or field: value} if value else {}

    def _wanted(self) -> Iterator[tuple[str, list[str]]]:
        """The fields that have to be there, by kind of record."""
        yield "Case", [self._set("external_id"), *(self.config.get("mapping") or {})]
        scores = [name for field in _SCORES if (name := self._set(field))]
        for kind, key in (("Contact", "contact_key"), ("Account", "account_key")):
            names = [self._set(key)] if self._set(key) else []
            names += scores if self._set("scores") == "yes" else []
            if names:
                yield kind, names

    def _states(self) -> set[str]:
        if self._set("follow_status") == "no":
            return set()
        return {self._set("status_resolved"), self._set("status_reopened")}

    def _set(self, name: str) -> str:
        return str(self.config.get(name) or "").strip()


def _only(org: Org, kind: str, fields: str, by: Mapping[str, str]) -> dict[str, Any] | None:
    for field, value in by.items():
        found = org.found(kind, fields, field, value)
        return found[0] if len(found) == 1 else None
    return None


def _fits(known: Mapping[str, Mapping[str, Any]], key: str, states: set[str]) -> None:
    """Whether the external id is one, and the states are in the list."""
    if not known[key].get("externalId"):
        raise VendorError(f"The field {key} of Case is no external id there", permanent=True)
    values = {str(each.get("value")) for each in known["Status"].get("picklistValues") or ()}
    if missing := sorted(states - values):
        there = ", ".join(sorted(values))
        said = f"Case there has no status {missing[0]}. There are: {there}"
        raise VendorError(said, permanent=True)
