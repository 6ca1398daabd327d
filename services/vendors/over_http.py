"""What goes wrong over HTTP, said as the outbox needs it. For every vendor reached with httpx."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from services import egress
from services.vendors import limits
from services.vendors.base import VendorError

# The request never left: nothing can have happened.
_BEFORE = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_WRONG = (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.InvalidURL, UnicodeError)


@contextmanager
def told(title: str, *, effect: bool) -> Iterator[None]:
    """Turns each failure of a connection into a VendorError; `effect`: doing it twice matters."""
    try:
        yield
    except egress.Refusal as error:
        raise VendorError(f"{title}: {error}", permanent=True) from None
    except _BEFORE:
        raise VendorError(f"{title} cannot be reached") from None
    except _WRONG:
        raise VendorError(f"{title}: this cannot be sent as it is", permanent=True) from None
    except httpx.TimeoutException:
        raise VendorError(f"{title} did not answer in time", unsure=effect) from None
    except httpx.HTTPError:
        raise VendorError(f"{title} hung up before it answered", unsure=effect) from None


def refused(
    title: str, status: int, headers: Mapping[str, str], *, effect: bool, reason: str = ""
) -> VendorError:
    """What an answer other than 2xx means. `reason`: a word of the vendor, never a text."""
    known = httpx.Headers(dict(headers))
    now = limits.answered_at(known)
    wait = limits.retry_after(known.get("retry-after"), now)
    number = f"{status} {reason}".strip()
    if status == 429:
        used_up = limits.rest("0", known.get("x-ratelimit-reset"), now)
        return VendorError(f"{title} asks for a pause ({number})", wait=wait or used_up or None)
    if status in (408, 425):
        return VendorError(f"{title} was too busy ({number})", wait=wait)
    if status >= 500:
        # 503 says that it was not done; the others leave it open.
        unsure = effect and status != 503
        return VendorError(f"{title} had an error of its own ({number})", unsure=unsure, wait=wait)
    if status == 401:
        said = f"{title} does not accept our credentials ({number})"
        return VendorError(said, permanent=True, reconnect=True)
    if 300 <= status < 400:
        return VendorError(f"{title} points elsewhere ({number}); we do not follow", permanent=True)
    return VendorError(f"{title} refused it ({number})", permanent=True)
