"""The vendors' side of webhooks: requests as they send them, signed with the desk's secret."""

import hashlib
import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

Request = tuple[bytes, dict[str, str]]
SECRET = "dGhpcyBpcyBhIHNpZ25pbmcgc2VjcmV0"


def zendesk(ticket: Any, secret: str = SECRET, at: datetime | None = None, n: int = 0) -> Request:
    """A trigger's webhook with the body of the guide; `n` tells two of one second apart."""
    raw = json.dumps({"ticket_id": str(ticket)}).encode()
    stamp = f"{at or datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    signed = hmac.new(secret.encode(), stamp.encode() + raw, hashlib.sha256).digest()
    return raw, {
        "Content-Type": "application/json",
        "X-Zendesk-Webhook-Signature": b64encode(signed).decode(),
        "X-Zendesk-Webhook-Signature-Timestamp": stamp,
        "X-Zendesk-Webhook-Invocation-Id": f"01J{n:023}",
    }


def intercom(
    conversation: Any, secret: str = SECRET, topic: str = "conversation.admin.replied", n: int = 0
) -> Request:
    """A notification about a conversation."""
    item = {"type": "conversation", "id": str(conversation)}
    body = {
        "type": "notification_event", "id": f"notif_{n:06}", "topic": topic,
        "created_at": 1734537436, "data": {"type": "notification_event_data", "item": item},
    }  # fmt: skip
    raw = json.dumps(body).encode()
    signed = hmac.new(secret.encode(), raw, hashlib.sha1).hexdigest()
    return raw, {"Content-Type": "application/json", "X-Hub-Signature": f"sha1={signed}"}


def slack(payload: dict[str, Any], secret: str = SECRET, at: datetime | None = None) -> Request:
    """What Slack sends when somebody presses a button or sends a form."""
    raw = urlencode({"payload": json.dumps(payload)}).encode()
    stamp = str(int((at or datetime.now(UTC)).timestamp()))
    signed = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + raw, hashlib.sha256).hexdigest()
    return raw, {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={signed}",
    }  # fmt: skip
