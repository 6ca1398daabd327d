"""Slack's Socket Mode: the desk calls Slack and listens, so that it needs no public address."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.builtin.client import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from services import egress
from services.vendors.base import VendorError
from services.vendors.over_http import told
from services.vendors.slack_client import TITLE, refusal, web

log = logging.getLogger(__name__)
_AT_ONCE = 2  # threads that take what comes
# Seconds between two looks whether the connection is there: the SDK comes back no sooner, and who
# presses a button meanwhile reads after three seconds that it failed.
_PING = 2.0
Handler = Callable[[Any], Callable[[], None] | None]


class _Client(SocketModeClient):
    """Connects only where the desk may, and by no proxy that the environment names."""

    allow: frozenset[str] = frozenset()

    def issue_new_wss_url(self) -> str:
        url = super().issue_new_wss_url()
        self.proxy = None
        # What is asked of an address over TLS is asked of a socket over TLS, too.
        egress.check(url.replace("ws", "http", 1), self.allow)
        return url


@contextmanager
def listening(
    app_token: str, base_url: str, allow: frozenset[str], handler: Handler
) -> Iterator[SocketModeClient]:
    """Connected, until the block ends; what was pressed goes to `handler` before Slack is told.

    What the handler gives back is done after that: Slack waits three seconds.
    """
    with egress.client(allow) as http:
        client = _Client(
            app_token, web_client=web(http, app_token, base_url), logger=_quiet(),
            ping_interval=_PING, concurrency=_AT_ONCE,
        )  # fmt: skip
        client.allow = allow
        client.web_client.ssl = egress.tls()
        client.socket_mode_request_listeners.append(_taking(handler))
        try:
            with _understood():
                client.connect()
            yield client
        finally:
            client.close()


def _taking(handler: Handler) -> Callable[[BaseSocketModeClient, SocketModeRequest], None]:
    def take(client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        after = None
        try:
            if request.type == "interactive":
                after = handler(request.payload)
        except Exception as error:  # not told as taken, so Slack sends it again
            log.error("what Slack sent could not be kept: %s", type(error).__name__)
            return
        client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))
        if after is not None:
            after()

    return take


@contextmanager
def _understood() -> Iterator[None]:
    try:
        with told(TITLE, effect=False):
            yield
    except SlackApiError as error:
        known = error.response.data if isinstance(error.response.data, dict) else {}
        raise refusal(
            error.response.status_code, error.response.headers, known.get("error"), effect=False
        ) from None
    except VendorError:
        raise
    except Exception as error:  # the SDK's own socket raises whatever it meets
        raise VendorError(f"{TITLE} cannot be listened to ({type(error).__name__})") from None


def _quiet() -> logging.Logger:
    """The SDK writes down whole messages, and each of its reconnects as an error."""
    quiet = logging.getLogger("slack_sdk.silent")
    quiet.setLevel(logging.CRITICAL + 1)
    return quiet
