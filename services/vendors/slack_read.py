"""What Slack has of what was sent: a channel is read once, and its messages carry our keys."""

from collections import Counter
from collections.abc import Mapping

from services.vendors.base import There
from services.vendors.slack_client import Workspace


def there(slack: Workspace, where: Mapping[str, str], since: Mapping[str, str]) -> dict[str, There]:
    """The posts with these keys, each in its channel and from its moment on."""
    counted = Counter[tuple[str, str]]()
    for channel in set(where.values()):
        first = min(since[key] for key, place in where.items() if place == channel)
        for said in slack.messages(channel, "", first):
            payload = (said.get("metadata") or {}).get("event_payload") or {}
            counted[channel, str(payload.get("key"))] += 1
    return {key: There(counted[channel, key]) for key, channel in where.items()}
