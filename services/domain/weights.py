"""How much each reason counts in the order of the queue: hours that the admin may change. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

# Most hours of each. The least is 0: a reason that does not count.
MOST_OF: Mapping[str, float] = {
    "value": 48, "renewal": 168, "asked": 168, "flip": 168, "depth": 168, "repeated": 72,
    "tenure": 72,
}  # fmt: skip


@dataclass(frozen=True)
class Weights:
    """Hours that a case moves forward for each reason at its full strength.

    `value`: for each doubling of the ARR. `renewal`: on the day of the renewal, less the further
    ahead it lies. `depth`: for the lowest score of the scale. `repeated`: for one other case, as
    much again for each doubling. `tenure`: for somebody known for three years.
    """

    value: float = 24
    renewal: float = 72
    asked: float = 24
    flip: float = 24
    depth: float = 36
    repeated: float = 12
    tenure: float = 8

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> Self:
        """Weights as they are kept; those that are not named have their defaults. ValueError."""
        strange = sorted(set(given) - set(MOST_OF))
        if strange:
            raise ValueError(f"there is no weight {strange[0]!r}")
        for name, hours in given.items():
            right = isinstance(hours, int | float) and not isinstance(hours, bool)
            if not right or not 0 <= hours <= MOST_OF[name]:
                raise ValueError(f"the weight {name!r} is 0 to {MOST_OF[name]:g} hours")
        return cls(**{name: float(hours) for name, hours in given.items()})

    def to_json(self) -> dict[str, float]:
        """What differs from the defaults."""
        usual = asdict(type(self)())
        return {name: hours for name, hours in asdict(self).items() if hours != usual[name]}


NAMES = tuple(one.name for one in fields(Weights))
USUAL = Weights()
