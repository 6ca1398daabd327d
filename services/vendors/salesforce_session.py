"""How simple-salesforce reaches Salesforce: at the address that was entered, its failures in words.

Left alone it signs in again and repeats a request for as long as Salesforce says that the session
is over, has no time limit, and puts what Salesforce said into its errors. All three end here: each
failure is a VendorError before the SDK sees it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

from services import egress
from services.vendors.base import VendorError
from services.vendors.over_http import refused
from services.vendors.over_requests import TIMEOUT, told

TITLE = "Salesforce"
SIGN_IN = "/services/oauth2/token"
USED_UP = 900.0  # seconds of rest when the requests of 24 hours are used up: it says no time
_BUSY = {"UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "QUERY_TIMEOUT"}  # none of them did anything
_STRANGER = {"invalid_client", "invalid_client_id", "invalid_grant", "inactive_user"}


class Expired(VendorError):
    """The session is over: whoever signs in again may go on."""


def home(config: Mapping[str, Any]) -> str:
    """The address of this Salesforce, without a path."""
    if base := str(config.get("base_url") or "").strip():
        return base.rstrip("/")
    entered = str(config.get("my_domain") or "").strip().lower()
    name = entered.removeprefix("https://").rstrip("/").removesuffix(".my.salesforce.com")
    if not re.fullmatch(
        r"[a-z0-9][a-z0-9-]{0,79}(\.(sandbox|develop|scratch|demo|trailblaze))?", name
    ):
        said = f"{TITLE}: this is not a My Domain such as acme.my.salesforce.com"
        raise VendorError(said, permanent=True)
    return f"https://{name}.my.salesforce.com"


class Session(requests.Session):
    """For one message. `writing`: whether the last request could change anything.

    `rest`: seconds for which Salesforce wants to be left alone after the last answer.
    """

    def __init__(self, base: str, allow: frozenset[str]) -> None:
        super().__init__()
        self.trust_env = False
        self.writing, self.rest, self.base = False, 0.0, base
        for scheme in ("https://", "http://"):
            self.mount(scheme, egress.adapter(allow))

    def request(self, method: str, url: str, **kw: Any) -> requests.Response:  # type: ignore[override]
        """The same place in the Salesforce that was entered, wherever the SDK points."""
        parts = urlsplit(url)
        signing = parts.path == SIGN_IN
        self.writing = method.upper() != "GET" and not signing
        place = self.base + parts.path + (f"?{parts.query}" if parts.query else "")
        with told(TITLE, "My Domain", effect=self.writing):
            response = super().request(method, place, **kw | {"timeout": TIMEOUT})
        self.rest = _rest(response.headers.get("Sforce-Limit-Info") or "")
        if response.status_code >= 300:
            raise _refusal(response, effect=self.writing, signing=signing)
        if response.status_code != 204 and not isinstance(_json(response), dict | list):
            said = f"{TITLE} answered with a page instead of data"
            raise VendorError(said, unsure=self.writing)
        return response


def _refusal(response: requests.Response, *, effect: bool, signing: bool) -> VendorError:
    status, codes, fields = response.status_code, *_reason(response)
    reason = ": ".join(filter(None, (", ".join(codes), ", ".join(fields))))
    number = f"{status} {reason}".strip()
    if signing and (status == 401 or _STRANGER & set(codes)):
        return VendorError(f"{TITLE} does not accept key and secret ({number})", reconnect=True)
    if status == 401:
        return Expired(f"{TITLE} does not accept our credentials ({number})", reconnect=True)
    if "REQUEST_LIMIT_EXCEEDED" in codes:
        return VendorError(f"{TITLE} takes no more requests for now ({number})", wait=USED_UP)
    if _BUSY & set(codes):
        return VendorError(f"{TITLE} was changing it at the same time ({number})")
    if status == 300:
        said = f"{TITLE} has more than one record with this external id ({number})"
        return VendorError(said, permanent=True)
    error = refused(TITLE, status, response.headers, effect=effect, reason=reason)
    # A 503 of something that stands before Salesforce says nothing about what Salesforce did.
    error.unsure = error.unsure or (effect and status >= 500)
    return error


def _reason(response: requests.Response) -> tuple[list[str], list[str]]:
    """Salesforce's own words for it and the fields it is about, never the sentences."""
    said = _json(response)
    told = said if isinstance(said, list) else [said]
    errors = [each for each in told if isinstance(each, dict)]
    codes = _words(each.get("errorCode") or each.get("error") for each in errors)
    lists = [each.get("fields") for each in errors]
    return codes, _words(name for names in lists if isinstance(names, list) for name in names)[:5]


def _words(values: Iterable[Any]) -> list[str]:
    return [text for text in map(str, values) if re.fullmatch(r"[A-Za-z_0-9.]{1,60}", text)]


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def _rest(usage: str) -> float:
    found = re.search(r"api-usage=(\d{1,18})/(\d{1,18})", usage)
    return USED_UP if found and int(found[1]) >= int(found[2]) > 0 else 0.0
