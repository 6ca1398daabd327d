"""Agents in Slack who press buttons and send forms, and the two lines to the desk that lose them.

Over the socket an envelope is cut off before it is acknowledged, told again, doubled, late or out
of order; over HTTP a request is slow, doubled, late, forged by a stranger, or an old one.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from services.domain.lifecycle import Outcome
from tests.standins import hooks
from tests.standins.hooks import Request
from tests.standins.slack_pressed import Pressed

ANA, BO, CY, NOBODY = "U0ANA0001", "U0BO00001", "U0CY00001", "U0NOBODY1"
PEOPLE = {"ana@acme.example": ANA, "bo@acme.example": BO, "cy@acme.example": CY,
          "who@else.example": NOBODY}  # fmt: skip
GONE = 999_999  # a case that is not there any more
OLD = timedelta(minutes=6)
_BUTTONS = ("claim", "claim", "snooze", "snooze", "snooze", "reply", "reply", "resolve", "resolve")
_SOCKET = ("sent", "sent", "cut", "doubled", "late")
_HTTP = ("sent", "sent", "slow", "doubled", "late", "forged", "stale")
Payload = dict[str, Any]


@dataclass(eq=False)
class Did:
    """What somebody wanted of a case: claim it, or what they entered in a form of it, which has a
    `mark` that nobody else enters, and the `version` that the case had when it was opened.

    `taken`: Slack was told that the desk has it. `forged`: it does not come from Slack.
    """

    what: str
    number: int
    user: str
    mark: str = ""
    version: int = 0
    taken: bool = False
    forged: bool = False


@dataclass
class Agents:
    """`post` sends a request (slowly, if so) and gives the status, `up` says whether it makes
    sense to. Forged is all that comes from Cy; Nobody has an address that the desk does not know.
    """

    slack: Pressed
    post: Callable[[Request, bool], int]
    up: Callable[[], bool]
    chance: Random
    numbers: Sequence[int]
    cause: int
    did: list[Did] = field(default_factory=list)
    told: list[tuple[str, int]] = field(default_factory=list)
    late: list[Callable[[], None]] = field(default_factory=list)
    envelopes: dict[str, Did] = field(default_factory=dict)
    filled: set[int] = field(default_factory=set)

    def act(self, nth: int) -> None:
        """One of them presses a button, or sends a form that they have before them."""
        forms = [one for one in range(len(self.slack.forms)) if one not in self.filled]
        if forms and self.chance.random() < 0.7:
            did, payload = self._fills(self.chance.choice(forms), nth)
        else:
            did, payload = self._presses(nth)
        self.did.append(did)
        by_http = self.chance.random() < (0.5 if self.up() else 0.1)
        (self._over_http if by_http else self._over_socket)(did, payload, nth)

    def arrive(self) -> None:
        """What was late, in another order than it was done."""
        self.chance.shuffle(self.late)
        while self.late:
            self.late.pop()()

    def end(self) -> list[Did]:
        """All that was done, with what Slack knows to be taken."""
        for envelope in {*self.slack.taken} & self.envelopes.keys():
            self.envelopes[envelope].taken = True
        return self.did

    def _presses(self, nth: int) -> tuple[Did, Payload]:
        what, user = self.chance.choice(_BUTTONS), self.chance.choice((ANA, ANA, BO, BO, NOBODY))
        number = GONE if self.chance.random() < 0.05 else self.chance.choice(self.numbers)
        did = Did(what if what == "claim" else "open", number, user)
        return did, self.slack.press(what, number, user, nth)

    def _fills(self, form: int, nth: int) -> tuple[Did, Payload]:
        self.filled.add(form)
        view, user = self.slack.forms[form], self.slack.openers[form]
        about, what = json.loads(view["private_metadata"]), view["callback_id"]
        mark, values = self._entered(what, nth)
        did = Did(what, about["number"], user, mark, about["version"])
        return did, self.slack.enter(user, f"V{nth:06}", form, **values)

    def _entered(self, what: str, nth: int) -> tuple[str, Mapping[str, Any]]:
        if what == "reply":
            return f"Dear customer ({nth})", {"text": f"Dear customer ({nth})"}
        if what == "snooze":
            until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1, minutes=nth)
            return until.isoformat(), {"until": int(until.timestamp())}
        outcome = self.chance.choice([*Outcome]).value
        return outcome, {"outcome": outcome, "cause": self.cause}

    def _over_socket(self, did: Did, payload: Payload, nth: int) -> None:
        kind = self.chance.choice(_SOCKET)
        names = [f"e{nth}", f"e{nth}b"][: 2 if kind == "doubled" else 1]
        self.envelopes |= dict.fromkeys(names, did)
        self.told.append((f"socket {kind}", 0))

        def tell() -> None:
            for name in names:
                self.slack.push(payload, name, cut=kind == "cut")

        if kind == "late":
            self.late.append(tell)
        else:
            tell()

    def _over_http(self, did: Did, payload: Payload, _nth: int) -> None:
        kind = self.chance.choice(_HTTP)
        did.forged = kind in ("forged", "stale")
        if did.forged:
            did.user = payload["user"]["id"] = CY
        if kind == "late":
            self.late.append(lambda: self._request(kind, did, payload))
        else:
            for _ in range(2 if kind == "doubled" else 1):
                self._request(kind, did, payload)

    def _request(self, kind: str, did: Did, payload: Payload) -> None:
        secret = "guessed" if kind == "forged" else hooks.SECRET
        at = datetime.now(UTC) - (OLD if kind == "stale" else timedelta())
        status = self.post(hooks.slack(payload, secret, at), kind == "slow")
        did.taken = did.taken or status == 200
        self.told.append((f"http {kind}", status))
