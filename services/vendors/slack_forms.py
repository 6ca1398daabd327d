"""The forms that a button on a case's post opens in Slack. Nothing here talks to it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slack_sdk.models import blocks as kit
from slack_sdk.models.views import View

from services.vendors.slack_blocks import safe

# What a button says; those that need to know more open a form.
BUTTONS = {"claim": "Claim", "snooze": "Snooze", "reply": "Reply", "resolve": "Resolve"}
FORMS = frozenset(BUTTONS) - {"claim"}
LONGEST = 3000  # characters that a field takes
_MOST = 100  # options of a list
_LABEL = 75  # characters of an option


@dataclass(frozen=True)
class About:
    """What a form is about; Slack gives it back with what was entered."""

    number: int
    version: int
    channel: str
    way: str = ""

    def kept(self) -> str:
        return json.dumps(self.__dict__)


def resolve(about: About, outcomes: Mapping[str, str], causes: Mapping[int, str]) -> dict[str, Any]:
    """How it ended, and why it arose."""
    ended = _select("outcome", "How it ended", outcomes)
    why = _select("cause", "Root cause", {str(key): name for key, name in causes.items()})
    return _view("resolve", f"Resolve case {about.number}", "Resolve", about, [ended, why])


def snooze(about: About, until: datetime) -> dict[str, Any]:
    """Until when; `until` is proposed."""
    picker = kit.DateTimePickerElement(action_id="until", initial_date_time=int(until.timestamp()))
    block = kit.InputBlock(block_id="until", label="Out of the queue until", element=picker)
    return _view("snooze", f"Snooze case {about.number}", "Snooze", about, [block])


def reply(about: About, to: str) -> dict[str, Any]:
    """What to write; `to` says whom it reaches, and how."""
    box = kit.PlainTextInputElement(action_id="text", multiline=True, max_length=LONGEST)
    block = kit.InputBlock(block_id="text", label=kit.PlainTextObject(text=safe(to, 150)),
                           element=box)  # fmt: skip
    return _view("reply", f"Reply, case {about.number}", "Send", about, [block])


def _select(name: str, label: str, options: Mapping[str, str]) -> kit.InputBlock:
    offered = [
        kit.Option(value=value, text=kit.PlainTextObject(text=safe(words, _LABEL)))
        for value, words in [*options.items()][:_MOST]
    ]
    element = kit.StaticSelectElement(action_id=name, options=offered)
    return kit.InputBlock(block_id=name, label=label, element=element)


def _view(
    name: str, title: str, button: str, about: About, blocks: Sequence[kit.Block]
) -> dict[str, Any]:
    return View(
        type="modal", callback_id=name, title=title[:24], submit=button, close="Cancel",
        blocks=blocks, private_metadata=about.kept(),
    ).to_dict()  # fmt: skip
