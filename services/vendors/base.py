"""What a vendor is to the desk: it sends one message, and finds one that may have been sent.

An SDK's exceptions never leave the vendor's file: what went wrong is a `VendorError`, which says
what the outbox may do next.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar


class Unsure(StrEnum):
    """What can be done about a message of which nobody knows whether it arrived."""

    LOOK = "look"  # the vendor tells for sure whether it has it
    AGAIN = "again"  # sent once more under the same name it is still one
    ASK = "ask"  # a person decides


NAMED = "loopdesk-case-"  # and its number: what vendors that take a name call a case


@dataclass(frozen=True)
class Message:
    """One intended effect. `key` names it for ever; `thread` is what the vendor calls the case.

    `since`: it was owed then, so the vendor has it from no earlier day.
    """

    key: str
    action: str
    body: Mapping[str, Any]
    thread: str | None = None
    since: datetime | None = None


def external_id(message: Message) -> str:
    """What vendors that take a name call the case. Unique in Salesforce, so the same case twice is
    one; not in Zendesk: an agent may copy it."""
    return f"{NAMED}{int(message.body['card']['number'])}"


@dataclass(frozen=True)
class Receipt:
    """What the vendor made of it. `thread` where it (now) calls the case something of its own.

    `rest`: seconds for which the vendor wants to be left alone, by its own headers.
    """

    remote_id: str
    thread: str | None = None
    link: str | None = None
    rest: float = 0


@dataclass(frozen=True)
class There:
    """What a vendor has of a message: how often, and whether the case ended there if it says."""

    copies: int
    ended: bool | None = None


@dataclass(frozen=True)
class Update:
    """What came in from outside: `kind` is answer, bounce, away or other."""

    kind: str
    key: str  # what the vendor calls it: the same one twice is one
    at: datetime
    thread: tuple[str, ...] = ()  # what it answers, the nearest first
    sender: str | None = None
    subject: str = ""
    text: str = ""
    failed: str | None = None  # the address that a bounce is about
    hard: bool = False  # a bounce that will not go away


class VendorError(Exception):
    """It did not work. `str` is for people: what happened, without texts or addresses.

    permanent: the same again would fail again. unsure: it may have happened. reconnect: the vendor
    does not accept our credentials. wait: seconds after which it may be tried, if the vendor
    said so.
    """

    def __init__(
        self,
        said: str,
        *,
        permanent: bool = False,
        unsure: bool = False,
        reconnect: bool = False,
        wait: float | None = None,
    ) -> None:
        super().__init__(said)
        self.permanent, self.unsure = permanent, unsure
        self.reconnect, self.wait = reconnect, wait


@dataclass(frozen=True)
class Field:
    """One thing that an admin enters to connect a vendor."""

    name: str
    label: str
    help: str = ""
    secret: bool = False
    default: str = ""
    choices: tuple[str, ...] = ()
    required: bool = True
    lines: bool = False  # it may be a text of several lines


class Vendor(ABC):
    """Made of what the admin entered; `allow` lists hosts that may be private or without TLS."""

    name: ClassVar[str]
    title: ClassVar[str]
    fields: ClassVar[tuple[Field, ...]]
    actions: ClassVar[Mapping[str, Unsure]]

    def __init__(
        self, config: Mapping[str, Any], secrets: Mapping[str, str], allow: frozenset[str]
    ) -> None:
        self.config, self.secrets, self.allow = config, secrets, allow

    @classmethod
    def made_secrets(cls, given: Mapping[str, str]) -> dict[str, str]:
        """Secrets that the desk makes itself where none is `given`; shown to the admin once."""
        del given
        return {}

    @classmethod
    def wrong_field(cls, theirs: str) -> str | None:
        """Why no field over there can be called so, if none can."""
        del theirs
        return None

    @abstractmethod
    def check(self) -> str:
        """Ask the vendor who we are; in a few words for the admin. VendorError says why not."""

    @abstractmethod
    def payload(self, message: Message) -> dict[str, Any]:
        """Exactly what `send` will send."""

    @abstractmethod
    def send(self, message: Message) -> Receipt:
        """Do it once. VendorError where it did not work."""

    def find(self, message: Message) -> Receipt | None:
        """What the vendor has of an earlier try; None: it has nothing."""
        raise VendorError(f"{message.action} cannot be looked up", permanent=True)

    def there(self, messages: Sequence[Message]) -> dict[str, There]:
        """What the vendor has of these, by key; those that it cannot tell about are left out."""
        found = {}
        for message in filter(self.sees, messages):
            try:
                found[message.key] = There(int(self.find(message) is not None))
            except VendorError as error:
                if error.reconnect or not error.permanent:
                    raise
        return found

    def sees(self, message: Message) -> bool:
        """Whether the vendor tells for sure if it has this one."""
        return message.action in self.actions and self.unsure(message) is Unsure.LOOK

    def unsure(self, message: Message) -> Unsure:
        """What can be done about this one if nobody knows whether it arrived."""
        return self.actions[message.action]


def pick(card: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path of a card, such as contact.properties.plan; None if none."""
    found: Any = card
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
