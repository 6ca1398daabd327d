"""The contact of a case in Intercom: by our id, then by address, then a new one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from intercom import CreateContactRequestWithEmail, SingleFilterSearchRequest, StartingAfterPaging
from intercom import CreateContactRequestWithExternalId as WithExternalId
from intercom import Intercom as Sdk
from intercom.core.api_error import ApiError

from services.vendors.base import VendorError
from services.vendors.intercom_calls import first, ident, said, unreadable


@dataclass(frozen=True)
class Person:
    """What we use of a contact: `workspace` is the first part of links into Intercom."""

    id: str
    role: str
    workspace: str | None


def known(sdk: Sdk, who: Mapping[str, str]) -> Person | None:
    """The contact that Intercom already has, if it can be found: its search lags by minutes."""
    found = _by_external_id(sdk, who["external_id"]) if "external_id" in who else None
    return found or (_by_email(sdk, who["email"]) if "email" in who else None)


def known_or_new(sdk: Sdk, who: Mapping[str, str]) -> Person:
    """Exactly one contact, however often it is asked for."""
    if "external_id" not in who and "email" not in who:
        why = "Intercom cannot know a customer who has neither an id nor an address"
        raise VendorError(why, permanent=True)
    return known(sdk, who) or _new(sdk, who)


def _by_external_id(sdk: Sdk, external_id: str) -> Person | None:
    if not external_id.strip("."):
        return None  # in an address, dots alone lead elsewhere
    with said(effect=False):
        try:
            found = sdk.contacts.show_contact_by_external_id(quote(external_id, safe=""))
        except ApiError as error:
            if error.status_code == 404:
                return None
            raise
    return _person(found)


def _by_email(sdk: Sdk, email: str) -> Person | None:
    query = SingleFilterSearchRequest(field="email", operator="=", value=email)
    with said(effect=False):
        page = sdk.contacts.search(query=query, pagination=StartingAfterPaging(per_page=20))
    people = [_person(found) for found in page.items or []]
    return next((one for one in people if one.role == "user"), people[0] if people else None)


def _new(sdk: Sdk, who: Mapping[str, str]) -> Person:
    kind = CreateContactRequestWithEmail if "email" in who else WithExternalId
    with said(effect=False):
        try:
            return _person(sdk.contacts.create(request=kind(**who, role="user")))
        except ApiError as error:
            taken = re.search(r"\bid=([0-9a-f]{24})\b", first(error, "message"))
            if error.status_code != 409 or taken is None:
                raise
            archived = "archived" in first(error, "message").lower()
    if archived:
        with said(effect=False):
            sdk.contacts.unarchive(taken[1])
    with said(effect=False):
        return _person(sdk.contacts.find(taken[1]))


def _person(contact: Any) -> Person:
    number = ident(getattr(contact, "id", None))
    if number is None:
        raise unreadable(effect=False)
    role = contact.role if contact.role in ("user", "lead") else "contact"
    return Person(number, role, ident(contact.workspace_id))
