"""What the figures of the loop are called and how each is made: the words and the parts."""

from dataclasses import dataclass

from services.insights.case_filter import Loop
from services.insights.loop_filter import Part

INTERVAL = "95 % adjusted-Wald interval"
OPENED = (
    "Opened = cases opened in these days, by the rule or by hand; a case that was merged into "
    "another one is not counted"
)
ESCALATED = (
    "Escalated = opened cases with a promise that was found broken: noted on the case, and passed "
    "on to whoever leads the team unless they own it"
)
CONTACT_WAIT = (
    "Time to first contact = business hours from the opening to the first contact, of the cases "
    "that have had one; the middle case with the 95 % interval of its rank, and what 9 of 10 did "
    "not exceed"
)
CLOSE_WAIT = (
    "Time to close = business hours from the opening to the resolution without the time that we "
    "waited for the customer or that the case lay resolved before it was reopened, of the cases "
    "that are closed (contacted and resolved); middle, interval and 9 of 10 as above"
)


@dataclass(frozen=True)
class Rule:
    """How a share is made: hits of those `among`, or (`decided`) of hits and misses alone."""

    hits: Part
    misses: Part | None
    definition: str
    among: Part = ()
    decided: bool = False


CLOSED = Rule(
    (Loop.CLOSED,), (Loop.NOT_CLOSED,),
    "Loop closed = share of the opened cases that are contacted and resolved",
)  # fmt: skip
CONTACTED = Rule(
    (Loop.CONTACTED,), (Loop.NOT_CONTACTED,),
    "Contacted = share of the opened cases in which we reached the customer: an e-mail that was "
    "accepted, a public reply, a logged call or meeting; a contact that was taken back is none",
)  # fmt: skip
RESOLVED = Rule(
    (Loop.RESOLVED,), None,
    "Resolved = share of the opened cases that have an outcome and a root cause now",
)  # fmt: skip
CONTACT_IN_TIME = Rule(
    (Loop.CONTACT_KEPT,), (Loop.CONTACT_MISSED,),
    "First contact in time = promises kept, as a share of those kept and missed; what still runs, "
    "waits for the customer or was resolved before it was due is left out",
    decided=True,
)  # fmt: skip
CLOSE_IN_TIME = Rule(
    (Loop.CLOSE_KEPT,), (Loop.CLOSE_MISSED,),
    "Resolved in time = promises kept, as a share of those kept and missed; what still runs or "
    "waits for the customer is left out, and a reopened case has a new promise",
    decided=True,
)  # fmt: skip
ASKED_REACHED = Rule(
    (Loop.ASKED, Loop.CONTACTED), (Loop.ASKED, Loop.NOT_CONTACTED),
    "Asked and reached = of the cases whose customer asked to be contacted, the share that we "
    "contacted",
    among=(Loop.ASKED,),
)  # fmt: skip
ASKED_IN_TIME = Rule(
    (Loop.ASKED, Loop.CONTACT_KEPT), (Loop.ASKED, Loop.CONTACT_MISSED),
    "Asked and reached in time = of the cases whose customer asked to be contacted, first "
    "contacts in time as a share of those in time and late; what still runs is left out",
    among=(Loop.ASKED,), decided=True,
)  # fmt: skip
