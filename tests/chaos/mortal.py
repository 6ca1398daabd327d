"""Real workers that may die at each step of what is pressed in Slack, and are there again at once.

`python -m tests.chaos.mortal FOLDER COUNT CHANCE`: the desk is that of the environment. Each death
leaves a file in FOLDER that names the step; nobody dies any more once there is one called ENOUGH.
"""

import gc
import os
import sys
from pathlib import Path
from random import SystemRandom
from typing import Any

from services import egress
from services.inbound import acts, looking, pressing
from services.outbox import sending
from services.vendors import KNOWN, kind
from tests.chaos import worker
from tests.chaos.plan import die

# When one may die: right after this.
STEPS = {
    "kept, not written": (acts, "keep"),
    "written, Slack not told": (pressing, "came"),
    "connected": (pressing, "slack"),
    "done, not written": (acts, "take"),
    "written, nobody told": (pressing, "done"),
    "claimed": (sending, "take"),
    "sent": (sending, "attempt"),
}
ALWAYS_BUSY = ("claimed",)  # it looks again and again, and has mostly found nothing
PAUSE = 0.5  # seconds until a second try
ENOUGH = "enough"


def arm(folder: Path, chance: float) -> None:
    """The product knows nothing of it."""
    for step, (place, name) in STEPS.items():
        _arm(folder, chance, step, place, name)


def _arm(folder: Path, chance: float, step: str, place: Any, name: str) -> None:
    does, dice = getattr(place, name), SystemRandom()  # a fork throws its own

    def mortal(*args: Any, **named: Any) -> Any:
        done = does(*args, **named)
        idle = done is None and step in ALWAYS_BUSY
        if dice.random() < chance and not idle and not (folder / ENOUGH).exists():
            (folder / f"died, {step}, {os.getpid()}").touch()
            die()
        return done

    setattr(place, name, mortal)


def deaths(folder: Path) -> list[str]:
    """The steps at which workers have died."""
    return [one.name.split(", ", 1)[1].rsplit(", ", 1)[0] for one in folder.glob("died, *")]


def main() -> None:
    folder, count, chance = sys.argv[1:]
    for name in KNOWN:
        kind(name)
    egress.tls()
    worker.warm()
    looking.PAUSE = PAUSE
    arm(Path(folder), float(chance))
    gc.collect()
    gc.freeze()
    worker.nurse(int(count))


if __name__ == "__main__":
    main()
