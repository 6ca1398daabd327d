"""Whether a request is from the vendor it says: its signature, and that it is not an old one."""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime

WINDOW = 300.0  # seconds; what is older (or newer) was kept by somebody and is sent again


def zendesk(secret: str, headers: Mapping[str, str], raw: bytes, now: datetime) -> bool:
    """base64(HMAC-SHA256(secret, timestamp + body))."""
    stamp = headers.get("x-zendesk-webhook-signature-timestamp", "")
    wanted = b64encode(_hmac(secret, stamp.encode() + raw, "sha256")).decode()
    return _same(wanted, headers.get("x-zendesk-webhook-signature", "")) and _fresh(stamp, now)


def intercom(secret: str, headers: Mapping[str, str], raw: bytes, _now: datetime) -> bool:
    """sha1= and HMAC-SHA1(client secret, body) in hex. Intercom signs no time."""
    wanted = f"sha1={_hmac(secret, raw, 'sha1').hex()}"
    return _same(wanted, headers.get("x-hub-signature", ""))


def slack(secret: str, headers: Mapping[str, str], raw: bytes, now: datetime) -> bool:
    """v0= and HMAC-SHA256(signing secret, "v0:timestamp:body") in hex."""
    stamp = headers.get("x-slack-request-timestamp", "")
    wanted = f"v0={_hmac(secret, b'v0:' + stamp.encode() + b':' + raw, 'sha256').hex()}"
    return _same(wanted, headers.get("x-slack-signature", "")) and _fresh(stamp, now)


def _hmac(secret: str, said: bytes, how: str) -> bytes:
    return hmac.new(secret.encode(), said, getattr(hashlib, how)).digest()


def _same(wanted: str, given: str) -> bool:
    return hmac.compare_digest(wanted.encode(), given.encode())


def _fresh(stamp: str, now: datetime) -> bool:
    try:
        at = datetime.fromtimestamp(float(stamp), UTC) if _number(stamp) else _date(stamp)
        return abs((now - at).total_seconds()) <= WINDOW
    except (ValueError, OverflowError, OSError):
        return False


def _number(stamp: str) -> bool:
    return stamp.isascii() and stamp.isdigit()


def _date(stamp: str) -> datetime:
    at = datetime.fromisoformat(stamp)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
