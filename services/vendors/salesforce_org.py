"""The few calls to Salesforce that the desk makes: each gives what was asked for, or a VendorError.

A session lasts for hours, so its token is kept by this process and used until Salesforce says that
it is over: then we sign in once more, and the request, which was not done, is made again.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, TypeVar

from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError
from simple_salesforce.format import format_soql
from simple_salesforce.login import SalesforceLogin

from services.vendors.base import Receipt, Vendor, VendorError
from services.vendors.salesforce_session import TITLE, Expired, Session, home

_MOST = 5000  # comments that are looked through
# Where requests go is the session's to say; the name here only makes an address of the SDK's.
_NAME = "loopdesk"
_ODD = (SalesforceError, AttributeError, LookupError, TypeError, ValueError)
_tokens: dict[str, str] = {}
Result = TypeVar("Result")


class Org:
    """One Salesforce, for as long as one message takes."""

    def __init__(self, session: Session, key: str, secret: str) -> None:
        self._session, self._key, self._secret = session, key, secret
        self._known_as = sha256(f"{session.base} {key} {secret}".encode()).hexdigest()

    def described(self, kind: str) -> dict[str, dict[str, Any]]:
        """The fields of this kind of record, by name."""
        told = self._ask(lambda org: getattr(org, kind).describe())
        return {str(each["name"]): dict(each) for each in told["fields"]}

    def found(self, kind: str, fields: str, field: str, value: str) -> list[dict[str, Any]]:
        """Records in which this field has this value: two at most tell one from several."""
        query = f"SELECT {_name(fields)} FROM {kind} WHERE {_name(field)} = {{}} LIMIT 2"
        asked = format_soql(query, value)
        return [dict(each) for each in self._ask(lambda org: org.query(asked)["records"])]

    def comment(self, case_id: str, mark: str) -> str | None:
        """The comment on this case that carries our mark."""
        asked = format_soql("SELECT Id, CommentBody FROM CaseComment WHERE ParentId = {}", case_id)

        def look(org: Salesforce) -> str | None:
            for nth, each in enumerate(org.query_all_iter(asked)):
                if mark in str(each["CommentBody"]):
                    return str(each["Id"])
                if nth == _MOST:
                    said = f"{TITLE} has too many comments to look through"
                    raise VendorError(said, permanent=True)
            return None

        return self._ask(look)

    def upsert(self, kind: str, field: str, value: str, fields: Mapping[str, Any]) -> str:
        """Make or change the one record that carries this external id: its id."""
        place = f"{_name(field)}/{value}"

        def put(org: Salesforce) -> str | None:
            answer = getattr(org, kind).upsert(place, dict(fields), raw_response=True)
            return str(answer.json()["id"]) if answer.status_code != 204 else None

        if made := self._ask(put):
            return made
        [there] = self.found(kind, "Id", field, value)  # changed, and not told which
        return str(there["Id"])

    def update(self, kind: str, id_: str, fields: Mapping[str, Any]) -> None:
        self._ask(lambda org: getattr(org, kind).update(id_, dict(fields)))

    def create(self, kind: str, fields: Mapping[str, Any]) -> str:
        return str(self._ask(lambda org: getattr(org, kind).create(dict(fields)))["id"])

    def receipt(self, id_: str, case_id: str | None = None) -> Receipt:
        """For an effect; `case_id` where it is about a case."""
        link = f"{self._session.base}/{case_id or id_}"
        return Receipt(id_, thread=case_id, link=link, rest=self._session.rest)

    def _ask(self, work: Callable[[Salesforce], Result]) -> Result:
        try:
            return self._once(work)
        except Expired:
            _tokens.pop(self._known_as, None)
            return self._once(work)

    def _once(self, work: Callable[[Salesforce], Result]) -> Result:
        try:
            token = _tokens.get(self._known_as) or self._signed_in()
            return work(Salesforce(session_id=token, instance=_NAME, session=self._session))
        except _ODD:
            said = f"{TITLE} answered something else than was asked for"
            raise VendorError(said, unsure=self._session.writing) from None

    def _signed_in(self) -> str:
        token, _ = SalesforceLogin(
            consumer_key=self._key, consumer_secret=self._secret, domain=_NAME,
            session=self._session,
        )  # fmt: skip
        if not isinstance(token, str) or not token:
            raise VendorError(f"{TITLE} gave no access", reconnect=True)
        _tokens[self._known_as] = token
        return token


@contextmanager
def connected(vendor: Vendor) -> Iterator[Org]:
    """The Salesforce that an admin entered."""
    key = str(vendor.config.get("consumer_key") or "")
    secret = vendor.secrets.get("consumer_secret") or ""
    if not key or not secret:
        raise VendorError(f"{TITLE}: consumer key or secret is missing", reconnect=True)
    with Session(home(vendor.config), vendor.allow) as session:
        yield Org(session, key, secret)


def _name(field: str) -> str:
    """Names of fields stand in addresses and queries as they are."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*(, [A-Za-z][A-Za-z0-9_]*)*", field):
        raise VendorError(f"{TITLE} has no field of such a name", permanent=True)
    return field
