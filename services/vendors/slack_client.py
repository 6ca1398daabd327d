"""How slack_sdk reaches Slack: over the desk's own connections, once, its failures in words."""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.request import Request

import httpx
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from services.vendors.base import VendorError
from services.vendors.over_http import refused, told

TITLE = "Slack"
_PAGE, _PAGES = 200, 25  # messages looked through: 5,000
_RECONNECT = {
    "access_denied", "account_inactive", "invalid_auth", "invalid_token", "missing_scope",
    "no_active_hooks", "no_permission", "no_service", "no_service_id", "no_team", "not_authed",
    "not_allowed_token_type", "team_access_not_granted", "team_disabled", "token_expired",
    "token_revoked",
}  # fmt: skip
# Slack says of some of these that a part may have been done before they were raised.
_LATER = {
    "fatal_error", "internal_error", "message_limit_exceeded", "request_timeout", "rollup_error",
    "service_unavailable", "team_added_to_org",
}  # fmt: skip
_PAUSE = {"rate_limited", "ratelimited"}
_SENTENCES = {
    "action_prohibited": "the workspace does not allow it",
    "cant_update_message": "the message is not Loopdesk's to change",
    "channel_is_archived": "the channel is archived",
    "channel_not_found": "there is no such channel, or the app was not invited to it",
    "edit_window_closed": "the workspace does not let messages be changed any more",
    "is_archived": "the channel is archived",
    "message_not_found": "the message was deleted in Slack",
    "not_in_channel": "the app is not in the channel: invite it with /invite",
    "restricted_action": "the workspace does not let the app write there",
    "thread_not_found": "the message was deleted in Slack",
    "user_disabled": "this person no longer has a Slack account",
    "users_not_found": "nobody in Slack has this e-mail address",
}
# slack_sdk writes whole messages down at DEBUG, and at ERROR the start of pages it cannot read.
_silent = logging.getLogger("slack_sdk.silent")
_silent.setLevel(logging.CRITICAL + 1)


class _Web(WebClient):
    """slack_sdk with its one door to the network replaced.

    Its own follows redirects, obeys proxies of the environment and connects to any address.
    """

    def __init__(self, http: httpx.Client, token: str, base_url: str) -> None:
        super().__init__(token=token, base_url=base_url, retry_handlers=[], logger=_silent)
        self._http = http

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        body = req.data if isinstance(req.data, bytes) else b""
        answer = self._http.post(url, content=body, headers=dict(req.header_items()))
        return {
            "status": answer.status_code,
            "headers": httpx.Headers(answer.headers),
            "body": answer.text,
        }


def web(http: httpx.Client, token: str, base_url: str) -> WebClient:
    """The SDK's client over our own connections."""
    return _Web(http, token, base_url)


class Workspace:
    """The few calls to Slack that the desk makes."""

    def __init__(self, http: httpx.Client, token: str, base_url: str) -> None:
        self._http = http
        self._web = _Web(http, token, base_url)

    def who(self) -> tuple[str, str, set[str]]:
        """Team, our name there, and the scopes that we have, if Slack says them."""
        said = _ask(self._web.auth_test, effect=False)
        scopes = httpx.Headers(said.headers).get("x-oauth-scopes", "")
        return str(said.get("team")), str(said.get("user")), set(scopes.replace(",", " ").split())

    def post(self, body: Mapping[str, Any]) -> tuple[str, str]:
        """Channel and name of the new message."""
        said = _ask(lambda: self._web.chat_postMessage(**body), effect=True)
        return _word(said, "channel", effect=True), _word(said, "ts", effect=True)

    def update(self, body: Mapping[str, Any]) -> None:
        _ask(lambda: self._web.chat_update(**body), effect=True)

    def link(self, channel: str, ts: str) -> str | None:
        """Where people find the message; None if Slack does not say: it was sent all the same."""
        try:
            said = _ask(
                lambda: self._web.chat_getPermalink(channel=channel, message_ts=ts), effect=False
            )
        except VendorError:
            return None
        return str(said.get("permalink") or "") or None

    def direct(self, email: str) -> str:
        """The channel between the app and the person with this address."""
        found = _ask(lambda: self._web.users_lookupByEmail(email=email), effect=False)
        user = str((found.get("user") or {}).get("id"))
        opened = _ask(lambda: self._web.conversations_open(users=user), effect=False)
        return str((opened.get("channel") or {}).get("id"))

    def picture(self, channel: str, thread: str, png: bytes, title: str, alt: str) -> None:
        """Put a picture into a thread. The three calls of `files_upload_v2`, over our own door."""
        named = {"filename": "chart.png", "length": len(png), "alt_txt": alt}
        said = _ask(lambda: self._web.files_getUploadURLExternal(**named), effect=False)  # type: ignore[arg-type]
        address, file = (_word(said, name, effect=False) for name in ("upload_url", "file_id"))
        with told(TITLE, effect=False):
            taken = self._http.post(address, content=png)
        if taken.status_code != 200:
            raise refused(TITLE, taken.status_code, taken.headers, effect=False)
        files: list[dict[str, str | None]] = [{"id": file, "title": title}]
        _ask(
            lambda: self._web.files_completeUploadExternal(
                files=files, channel_id=channel, thread_ts=thread
            ),
            effect=True,
        )

    def email_of(self, user: str) -> str | None:
        """The address of somebody of this workspace, if it was confirmed; None for anybody else."""
        found = _ask(lambda: self._web.users_info(user=user), effect=False).get("user") or {}
        strange = ("is_bot", "deleted", "is_stranger", "is_restricted", "is_ultra_restricted")
        unconfirmed = found.get("is_email_confirmed") is False
        if unconfirmed or any(found.get(name) for name in strange) or not self._at_home(found):
            return None
        return str((found.get("profile") or {}).get("email") or "") or None

    def _at_home(self, found: Mapping[str, Any]) -> bool:
        """Whether they belong to our workspace or its organisation. Slack calls nobody a stranger
        with whom a channel is shared, and what their address is another company decides."""
        us = _ask(self._web.auth_test, effect=False)
        theirs = (found.get("enterprise_user") or {}).get("enterprise_id")
        same = bool(theirs) and theirs == us.get("enterprise_id")
        return same or (bool(us.get("team_id")) and found.get("team_id") == us.get("team_id"))

    def form(self, trigger: str, view: Mapping[str, Any]) -> None:
        """Show a form to whoever has just pressed a button."""
        _ask(lambda: self._web.views_open(trigger_id=trigger, view=dict(view)), effect=True)

    def tell(self, channel: str, user: str, text: str) -> None:
        """Say something to one person alone, below what they pressed."""
        post = self._web.chat_postEphemeral
        _ask(lambda: post(channel=channel, user=user, text=text, parse="none"), effect=True)

    def may_read(self, channel: str) -> None:
        """VendorError where the app is not let into the channel."""
        _ask(lambda: self._web.conversations_history(channel=channel, limit=1), effect=False)

    def messages(self, channel: str, thread: str, oldest: str) -> Iterator[Mapping[str, Any]]:
        """The messages of a channel since `oldest`, or of a thread in it, with their metadata."""
        where: dict[str, Any] = {"channel": channel, "limit": _PAGE, "include_all_metadata": True}
        where |= {"oldest": oldest} if oldest else {}
        where |= {"ts": thread} if thread else {}
        page = self._web.conversations_replies if thread else self._web.conversations_history
        for _ in range(_PAGES):
            said = _ask(partial(page, **where), effect=False)
            yield from said.get("messages") or ()
            cursor = (said.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return
            where["cursor"] = cursor
        raise VendorError(f"{TITLE} has too many messages to look through", permanent=True)


def refusal(
    status: int, headers: Mapping[str, str], code: Any, *, effect: bool, needs: Any = None
) -> VendorError:
    """What a no of Slack means; `code` is its word for it, if it is one."""
    word = code if isinstance(code, str) and re.fullmatch(r"[a-z_]{1,60}", code) else ""
    if status == 429 or word in _PAUSE:
        return refused(TITLE, 429, headers, effect=effect)
    if word in _RECONNECT or status == 401:
        wants = f": {needs}" if isinstance(needs, str) and re.fullmatch(r"[a-z:.,]+", needs) else ""
        return VendorError(
            f"{TITLE} no longer lets us in ({word or status}{wants})", reconnect=True
        )
    if status >= 500 or word in _LATER:
        error = refused(TITLE, max(status, 500), headers, effect=effect, reason=word)
        error.unsure = effect
        return error
    if word:
        return VendorError(f"{TITLE}: {_SENTENCES.get(word, f'refused ({word})')}", permanent=True)
    if status == 200:
        return VendorError(f"{TITLE} answered with a page instead of data", unsure=effect)
    return refused(TITLE, status, headers, effect=effect)


def _ask(call: Callable[[], SlackResponse], *, effect: bool) -> SlackResponse:
    """The answer of one call; `effect`: doing it twice matters."""
    try:
        with told(TITLE, effect=effect):
            return call()
    except SlackApiError as error:
        said = error.response
        known = said.data if isinstance(said.data, dict) else {}
        raise refusal(
            said.status_code, said.headers, known.get("error"), effect=effect,
            needs=known.get("needed"),
        ) from None  # fmt: skip
    except (SlackClientError, AttributeError, TypeError, ValueError):
        raise _odd(effect=effect) from None


def _word(said: SlackResponse, name: str, *, effect: bool) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value:
        raise _odd(effect=effect)
    return value


def _odd(*, effect: bool) -> VendorError:
    return VendorError(f"{TITLE} answered something else than was asked for", unsure=effect)
