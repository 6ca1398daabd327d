"""What makes a row of the ledger: its columns in a form of their own, under the desk's key.

Who can write into the database but has no key can make neither a row nor the head of a chain.
"""

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.keyed import key_for

# Everything that the hash of a row covers, in this order; `hash` itself stands after it.
COLUMNS = (
    "case_id", "seq", "at", "kind", "delivery_id", "attempt_id", "vendor", "action", "actor_id",
    "why", "state", "remote_id", "payload_hmac", "key_id", "prev",
)  # fmt: skip
AT, SEQ = COLUMNS.index("at"), COLUMNS.index("seq")
# What stands for the row before where a chain was found cut off or its head forged.
BROKEN = "broken"


def _other(value: Any) -> list[str]:
    """What the desk has not written stands as no value of its own does."""
    return ["of another kind", repr(value)]


_written = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_other).encode


@dataclass(frozen=True)
class Key:
    """The key of rows and heads. `id` tells it from another desk's, and tells nothing of it."""

    secret: bytes
    id: str

    def row(self, values: Sequence[Any]) -> str:
        """The hash of a row of these COLUMNS."""
        moment, told = values[AT], [*values]
        known = isinstance(moment, datetime)
        told[AT] = moment.astimezone(UTC).isoformat() if known else _other(moment)
        return self._of(_written(told))

    def head(self, case_id: int, n: int, last: str) -> str:
        """The seal of a chain that ends with its n-th row, whose hash is `last`."""
        return self._of(_written(["counted", case_id, n, last, self.id]))

    def uncounted(self, case_id: int, n: int, last: str) -> str:
        """The same from before all chains were counted together."""
        return self._of(_written(["head", case_id, n, last, self.id]))

    def sealed(self, head: Any) -> bool:
        """Whether the head is one that was written with this key."""
        known = (head.case_id, head.n, head.hash)
        return head.seal in (self.head(*known), self.uncounted(*known))

    def _of(self, text: str) -> str:
        return hmac.digest(self.secret, text.encode(), "sha256").hex()


def of(secret: bytes) -> Key:
    """The key that this secret makes."""
    return Key(secret, hmac.digest(secret, b"id", "sha256").hex()[:12])


def desk_key() -> Key:
    """The key of this desk."""
    return of(key_for(b"ledger"))
