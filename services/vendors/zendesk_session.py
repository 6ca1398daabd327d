"""How zenpy reaches Zendesk: at the address that was entered, never twice, its failures in words.

zenpy would retry a write by itself, sleep through a 429 for as long as it is told to, and knows
only addresses under https. All three end here: each failure is a VendorError before zenpy sees it.
"""

import logging
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import requests

from services import egress
from services.vendors import limits
from services.vendors.base import VendorError
from services.vendors.over_http import refused
from services.vendors.over_requests import told

TITLE = "Zendesk"

# At DEBUG it writes down whole messages, with whatever customers wrote in them.
logging.getLogger("zenpy").setLevel(logging.INFO)


def home(config: Mapping[str, Any]) -> str:
    """The address of this Zendesk, without a path."""
    if base := str(config.get("base_url") or "").strip():
        return base.rstrip("/")
    entered = str(config.get("subdomain") or "").strip().lower()
    name = entered.removeprefix("https://").rstrip("/").removesuffix(".zendesk.com")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", name):
        raise VendorError(f"{TITLE}: this is not a subdomain such as acme", permanent=True)
    return f"https://{name}.zendesk.com"


class Session(requests.Session):
    """For one message. `key` names it: two POSTs under one key make one ticket.

    `writing`: whether the last request could change anything. `rest`: seconds for which Zendesk
    wants to be left alone after the last answer.
    """

    def __init__(self, base: str, allow: frozenset[str], key: str = "") -> None:
        super().__init__()
        self.trust_env = False
        self.writing, self.rest = False, 0.0
        self.base, self._key = base, key
        for scheme in ("https://", "http://"):
            self.mount(scheme, egress.adapter(allow))

    def request(self, method: str, url: str, **kw: Any) -> requests.Response:  # type: ignore[override]
        self.writing = method.upper() != "GET"
        if method.upper() == "POST" and self._key:
            named = {"Idempotency-Key": sha256(self._key.encode()).hexdigest()}
            kw["headers"] = dict(kw.get("headers") or {}) | named
        with told(TITLE, "subdomain", effect=self.writing):
            response = super().request(method, self._here(url), **kw)
        self.rest = _rest(response)
        if not response.ok:
            raise _refusal(response, effect=self.writing)
        if not isinstance(_json(response), dict):
            said = f"{TITLE} answered with a page instead of data"
            raise VendorError(said, unsure=self.writing)
        response.request.url = url  # by which zenpy knows whether an answer is its own
        return response

    def _here(self, url: str) -> str:
        """The same place in the Zendesk that was entered, wherever zenpy or an answer points."""
        parts = urlsplit(url)
        return self.base + parts.path + (f"?{parts.query}" if parts.query else "")


def _refusal(response: requests.Response, *, effect: bool) -> VendorError:
    status, reason = response.status_code, _reason(response)
    number = f"{status} {reason}".strip()
    if status == 401:
        said = f"{TITLE} does not accept our credentials ({number})"
        return VendorError(said, reconnect=True)
    if status == 409:
        return VendorError(f"{TITLE} was changing it at the same time ({number})")
    error = refused(TITLE, status, response.headers, effect=effect, reason=reason)
    # A 503 of something that stands before Zendesk says nothing about what Zendesk did.
    error.unsure = error.unsure or (effect and status >= 500)
    return error


def _reason(response: requests.Response) -> str:
    """Zendesk's own word for it and the fields it is about, never the sentences."""
    said = _json(response)
    if not isinstance(said, dict):
        return ""
    details = said.get("details")
    fields = _words(details) if isinstance(details, dict) else []
    return ": ".join([*_words([said.get("error")]), *([", ".join(fields[:5])] if fields else [])])


def _words(values: Iterable[Any]) -> list[str]:
    return [text for text in map(str, values) if re.fullmatch(r"[A-Za-z_]{1,40}", text)]


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def _rest(response: requests.Response) -> float:
    if (response.headers.get("X-Rate-Limit-Remaining") or "").strip() != "0":
        return 0
    now = limits.answered_at(response.headers)
    return limits.retry_after(response.headers.get("ratelimit-reset"), now) or 0
