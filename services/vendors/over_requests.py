"""What goes wrong over HTTP, for vendors whose SDK speaks through `requests`."""

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from urllib3.exceptions import MaxRetryError

from services import egress
from services.vendors.base import VendorError

TIMEOUT = (5, 10)  # seconds to connect, to read
_WRONG = (
    requests.exceptions.InvalidHeader, requests.exceptions.InvalidJSONError,
    requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
)  # fmt: skip


@contextmanager
def told(title: str, entered: str, *, effect: bool) -> Iterator[None]:
    """Turns each failure of a connection into a VendorError; `effect`: doing it twice matters.

    `entered`: what is wrong where the vendor points elsewhere.
    """
    try:
        yield
    except egress.Refusal as error:
        raise VendorError(f"{title}: {error}", permanent=True) from None
    except _WRONG:
        raise VendorError(f"{title}: this cannot be sent as it is", permanent=True) from None
    except requests.TooManyRedirects:
        said = f"{title} points elsewhere; is the {entered} right?"
        raise VendorError(said, permanent=True) from None
    except requests.RequestException as error:
        if _before(error):
            raise VendorError(f"{title} cannot be reached") from None
        if isinstance(error, requests.Timeout):
            raise VendorError(f"{title} did not answer in time", unsure=effect) from None
        raise VendorError(f"{title} hung up before it answered", unsure=effect) from None
    except UnicodeError:
        said = f"{title}: address or token hold characters that cannot be sent"
        raise VendorError(said, reconnect=True) from None


def _before(error: requests.RequestException) -> bool:
    """Whether the connection was never made, so that nothing can have happened."""
    if isinstance(error, requests.exceptions.SSLError):
        return False  # may also end a connection that was good
    reason = error.args[0] if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, MaxRetryError | str)
