"""HMACs under the desk's key, under a key of its own for each use."""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any

from services import config


def key_for(use: bytes) -> bytes:
    """The key for one use: who learns it learns neither the desk's key nor another use's."""
    return hashlib.sha256(use + b"\0" + config.load().key()).digest()


def keyed(use: bytes, text: str) -> str:
    """HMAC of a text."""
    return _of(key_for(use), text)


def fingerprint(body: Mapping[str, Any]) -> str:
    """HMAC of a payload, for the record of its attempts."""
    return fingerprints()(body)


def fingerprints() -> Callable[[Mapping[str, Any]], str]:
    """The same for many payloads: the key is made once."""
    key = key_for(b"payload")
    return lambda body: _of(key, json.dumps(body, sort_keys=True, default=str))


def _of(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()
