"""A program of the customer's own: one signed POST for each event, as Standard Webhooks has it."""

import json
import secrets
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from hmac import digest
from typing import Any, ClassVar

from services import egress
from services.vendors.base import Field, Message, Receipt, Unsure, Vendor, VendorError
from services.vendors.over_http import refused, told

TITLE = "The receiver"
_PREFIX = "whsec_"


def new_secret() -> str:
    """A secret for signing that nobody has: 32 random bytes, as receivers expect it written."""
    return _PREFIX + b64encode(secrets.token_bytes(32)).decode()


class Webhook(Vendor):
    """The same event may arrive twice, under the same `webhook-id`: receivers keep one."""

    name = "webhook"
    title = "Webhook"
    fields: ClassVar[tuple[Field, ...]] = (
        Field("url", "Address", "Where events are sent. It starts with https://."),
        Field(
            "secret", "Signing secret", "Starts with whsec_. Leave it empty to have one made.",
            secret=True, required=False,
        ),
    )  # fmt: skip
    actions: ClassVar[Mapping[str, Unsure]] = {"event": Unsure.AGAIN}

    @classmethod
    def made_secrets(cls, given: Mapping[str, str]) -> dict[str, str]:
        """One to sign with."""
        return {} if given.get("secret") else {"secret": new_secret()}

    def check(self) -> str:
        now = datetime.now(UTC)
        body = {"type": "ping", "timestamp": now.isoformat(), "data": {}}
        status = self._post(f"ping-{secrets.token_hex(8)}", body)
        return f"The receiver took a ping ({status})"

    def payload(self, message: Message) -> dict[str, Any]:
        """`at` of the body is when it happened; without it the event has no time of its own."""
        body = message.body
        return {"type": body["type"], "timestamp": body.get("at"), "data": dict(body["card"])}

    def send(self, message: Message) -> Receipt:
        self._post(message.key, self.payload(message))
        return Receipt(message.key)

    def _post(self, key: str, body: dict[str, Any]) -> int:
        content = _written(body)
        headers = {"Content-Type": "application/json", "User-Agent": "Loopdesk"}
        headers |= self._signed(key, content)
        url = str(self.config.get("url", ""))
        # What the receiver says back is of no use, so it is not even read.
        with (
            told(TITLE, effect=True),
            egress.client(self.allow) as http,
            http.stream("POST", url, content=content, headers=headers) as answer,
        ):
            if not answer.is_success:
                raise refused(TITLE, answer.status_code, answer.headers, effect=True)
            return answer.status_code

    def _signed(self, key: str, content: bytes) -> dict[str, str]:
        at = str(int(datetime.now(UTC).timestamp()))
        signature = digest(self._secret(), f"{key}.{at}.".encode() + content, sha256)
        return {
            "webhook-id": key,
            "webhook-timestamp": at,
            "webhook-signature": f"v1,{b64encode(signature).decode()}",
        }

    def _secret(self) -> bytes:
        text = self.secrets.get("secret", "").strip().removeprefix(_PREFIX)
        try:
            known = b64decode(text, validate=True)
        except (NotBase64, ValueError):
            known = b""
        if not known:
            said = f"The signing secret is not {_PREFIX} and base64"
            raise VendorError(said, permanent=True, reconnect=True)
        return known


def _written(body: dict[str, Any]) -> bytes:
    try:
        text = json.dumps(body, ensure_ascii=False, allow_nan=False, default=str)
    except ValueError:
        raise VendorError("The event holds a number that JSON cannot say", permanent=True) from None
    # Half of a surrogate pair is no character in UTF-8.
    return text.encode("utf-8", "replace")
