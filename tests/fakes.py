"""A vendor of our own that remembers what it got and fails as it is told to."""

from collections.abc import Mapping
from typing import Any, ClassVar

from services.vendors.base import Message, Receipt, Unsure, Vendor, VendorError


class Remembering(Vendor):
    """`fails`: errors for the next sends; one with `unsure` happened all the same."""

    name, title, fields = "webhook", "Remembering", ()
    actions: ClassVar[Mapping[str, Unsure]] = {
        "look": Unsure.LOOK, "again": Unsure.AGAIN, "ask": Unsure.ASK, "event": Unsure.AGAIN,
    }  # fmt: skip

    def __init__(self) -> None:
        super().__init__({}, {}, frozenset())
        self.got: list[Message] = []
        self.fails: list[VendorError | None] = []
        self.blind = 0

    def check(self) -> str:
        return "fine"

    def payload(self, message: Message) -> dict[str, Any]:
        return dict(message.body)

    def send(self, message: Message) -> Receipt:
        error = self.fails.pop(0) if self.fails else None
        if error is None or error.unsure:
            self.got.append(message)
        if error is not None:
            raise error
        return Receipt(f"r{len(self.got)}", thread=message.thread or f"t-{message.key}")

    def find(self, message: Message) -> Receipt | None:
        if self.blind:
            self.blind -= 1
            return None
        there = [each for each in self.got if each.key == message.key]
        return Receipt("found") if there else None
