"""How a delivery stands, in words: what it is, where it is, and what comes next."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.domain.retrying import State
from services.insights.case_words import Standing, at, span
from services.insights.delivery_rows import Row
from services.insights.vendor_words import Condition

ACTIONS = {
    "ticket": "Ticket", "case": "Case", "conversation": "Conversation", "post": "Post",
    "event": "Event",
    "reply": "Reply to the customer", "auto": "Message of a rule to the customer",
    "note": "Internal note", "status": "Status over there",
    "score": "Score of a customer",
    "close": "End of the conversation", "open": "Reopening of the conversation",
    "owner": "Owner of the ticket", "update": "Change of the post",
    "thread": "Reply below the post", "direct": "Message to a colleague",
    "notice": "Mail to a colleague", "digest": "Digest",
}  # fmt: skip
STATES = {
    State.PENDING: "pending", State.SENDING: "being sent", State.SENT: "sent",
    State.UNKNOWN: "being looked up", State.FAILED: "failed", State.CANCELLED: "cancelled",
}  # fmt: skip
ASKS = "did it arrive?"


def what(action: str) -> str:
    """What is sent, as people call it."""
    return ACTIONS.get(action, action)


def standing(row: Row, zone: ZoneInfo) -> Standing:
    """Where it is. `tone` is the state, or "asks" where a person has to decide."""
    tone, words = ("asks", ASKS) if row.asks else (row.state.value, STATES[row.state])
    return Standing(tone, words, at(row.ended_at or row.not_before, zone))


def coming(row: Row, vendor: Condition, now: datetime) -> str:
    """What happens to it next, if anything does; `vendor` is how the vendor is doing."""
    looked_up = row.state is State.UNKNOWN and row.look_at is not None
    if not (looked_up or row.state is State.PENDING):
        return ""
    if vendor.held:
        state = "to be reconnected" if vendor.tone == "broken" else vendor.words
        return f"waits: {row.title} is {state}"
    if looked_up:
        return f"{row.title} is asked {_until(row.look_at or now, now)}"
    if row.behind:
        return "waits for an earlier one of this case"
    return f"leaves {_until(row.not_before, now)}"


def tries(n: int) -> str:
    """How often it was tried."""
    return {0: "not tried yet", 1: "1 try"}.get(n, f"{n:,} tries")


def _until(moment: datetime, now: datetime) -> str:
    left = moment - now
    if left <= timedelta(0):
        return "next"
    seconds = int(left.total_seconds())
    return f"in {seconds} s" if seconds < 120 else f"in {span(left)}"
