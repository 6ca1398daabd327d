"""How Intercom is spoken to: its client, and what its refusals mean."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from intercom import Intercom as Sdk
from intercom.core.api_error import ApiError

from services import egress
from services.vendors import limits
from services.vendors.base import VendorError
from services.vendors.over_http import refused, told

VERSION = "2.14"
TITLE = "Intercom"


@contextmanager
def opened(token: str, base_url: str, allow: frozenset[str]) -> Iterator[Sdk]:
    """A client for the requests of one send. It pins the version, or the workspace's own counts."""
    if not token.isascii() or not token.isprintable() or not token.strip():
        raise VendorError("This is not an access token of Intercom", permanent=True, reconnect=True)
    with egress.client(allow) as http:
        headers = {"Intercom-Version": VERSION}
        yield Sdk(token=token.strip(), base_url=base_url, headers=headers, httpx_client=http)


@contextmanager
def said(*, effect: bool) -> Iterator[None]:
    """Around one request: what goes wrong becomes a VendorError. `effect`: not to be done twice."""
    with told(TITLE, effect=effect):
        try:
            yield
        except ApiError as error:
            raise _refused(error, effect) from None
        except (egress.Refusal, UnicodeError):
            raise
        except (TypeError, ValueError, AttributeError, LookupError):
            # Its models are unchecked: an answer of another shape fails anywhere.
            raise unreadable(effect) from None


def unreadable(effect: bool) -> VendorError:
    """An answer that is not what was asked for; nobody knows what was done."""
    return VendorError("Intercom gave an answer that cannot be read", unsure=effect)


def ident(value: Any) -> str | None:
    """An id as Intercom makes them, safe inside an address; None for anything else."""
    text = str(value) if isinstance(value, str | int) else ""
    return text if re.fullmatch(r"[0-9A-Za-z_-]{1,64}", text) else None


def rest(headers: Mapping[str, str]) -> float:
    """Seconds until the allowance is filled again, where it is used up."""
    left, until = headers.get("x-ratelimit-remaining"), headers.get("x-ratelimit-reset")
    return limits.rest(left, until, datetime.now(UTC))


def of(thing: Any, name: str) -> Any:
    """A part of an error's body, which is a model, a dict or neither."""
    return thing.get(name) if isinstance(thing, dict) else getattr(thing, name, None)


def first(error: ApiError, name: str) -> str:
    """A part of the first of the errors that a refusal lists."""
    errors = of(error.body, "errors")
    return str(of(errors[0], name) or "") if isinstance(errors, list) and errors else ""


def _refused(error: ApiError, effect: bool) -> VendorError:
    status = error.status_code or 0
    if 200 <= status < 300:
        return unreadable(effect)
    code = first(error, "code")
    reason = code if re.fullmatch(r"[a-z_]{1,40}", code) else ""
    return refused(TITLE, status, error.headers or {}, effect=effect, reason=reason)
