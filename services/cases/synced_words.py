"""What the journal says of changes that came from a vendor, and of those that both sides made."""

from db.models import CaseEvent
from services.cases.names import VENDORS, Names
from services.domain.lifecycle import Move

# These say by themselves where it was.
_SAID = frozenset({Move.ANSWERED, Move.DONE_THERE, Move.CONFLICTED, Move.SETTLED})


def where(event: CaseEvent) -> str:
    """ " in Zendesk", after what was done there."""
    there = event.data.get("there")
    return f" in {VENDORS[there]}" if there and event.kind not in _SAID else ""


def done_there(event: CaseEvent, _known: Names) -> str:
    """Solved there."""
    return f"solved it in {VENDORS[event.data['there']]}: say here how it ended, and why it arose"


def conflicted(event: CaseEvent, known: Names) -> str:
    """Both values, since neither has won."""
    theirs, ours = values(event, known)
    there = VENDORS[event.data["there"]]
    return f"changed it in {there} while it changed here: {theirs} there, {ours} here"


def values(event: CaseEvent, known: Names) -> tuple[str, str]:
    """What stands there, and what stood here, when both had changed."""
    if event.data["field"] == "owner":
        both = (event.data.get("to"), event.data.get("owner"))
        theirs, ours = ("nobody" if one is None else known.people.get(one, "somebody")
                        for one in both)  # fmt: skip
        return f"owned by {theirs}", f"by {ours}"
    return str(event.data["theirs"]), str(event.data["ours"])


def settled(event: CaseEvent, _known: Names) -> str:
    """Which holds."""
    there = VENDORS[event.data["there"]]
    if event.data.get("agreed"):
        return f"noted that {there} says the same again"
    return f"kept what stands here, whatever {there} says"
