"""English: names of days and months, American spelling, careless short forms."""

import re
from collections.abc import Mapping
from random import Random

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
AMERICAN = {
    "optimiser": "optimizer", "organised": "organized", "apologise": "apologize",
    "apologising": "apologizing", "colours": "colors", "centre": "center", "lay-by": "rest area",
    "car park": "parking lot", "petrol station": "gas station", "licence": "license",
    "km": "miles", "penny": "cent", "learnt": "learned", "holiday": "vacation",
    "swimming pool": "public pool", "primary school": "elementary school", "town hall": "city hall",
}  # fmt: skip
SHORT = {"please": "pls", "because": "bc", "and": "&", "you": "u", "cannot": "cant",
         "I am": "im", "it is": "its", "do not": "dont", "does not": "doesnt"}  # fmt: skip
SPOKEN = {
    "it is": "it's", "I am": "I'm", "do not": "don't", "does not": "doesn't", "cannot": "can't",
    "we are": "we're", "is not": "isn't", "did not": "didn't", "I will": "I'll",
    "that is": "that's", "I would": "I'd", "will not": "won't", "are not": "aren't",
    "could not": "couldn't", "was not": "wasn't", "you are": "you're", "It is": "It's",
    "has not": "hasn't", "should not": "shouldn't", "we will": "we'll",
    "would not": "wouldn't", "We are": "We're", "have not": "haven't",
}  # fmt: skip


def _any_of(words: Mapping[str, str], end: str = "") -> re.Pattern[str]:
    return re.compile(rf"\b({'|'.join(map(re.escape, words))})\b{end}")


_AMERICAN, _SHORT = _any_of(AMERICAN), _any_of(SHORT)
# Not before a comma or at the end of a sentence: "it is" is never short there.
_SPOKEN = _any_of(SPOKEN, r"(?! ?[.,;:!?…]|$)")
_PERFECT = re.compile(r"\b(I|[Ww]e) have(?= (?:never|had|gone|seen|become|learnt|rung|\w+ed)\b)")


def local(text: str, facts: Mapping[str, str]) -> str:
    """Words of the country; most people write "don't", some write "do not"."""
    if facts.get("country") == "US":
        text = _AMERICAN.sub(lambda found: AMERICAN[found[1]], text)
    if facts.get("formal"):
        return text
    return _PERFECT.sub(r"\1've", _SPOKEN.sub(lambda found: SPOKEN[found[1]], text))


def careless(rng: Random, text: str) -> str:
    """Short forms of people in a hurry, and often no apostrophes."""
    text = _SHORT.sub(lambda found: SHORT[found[1]] if rng.random() < 0.4 else found[1], text)
    return text.replace("'", "") if rng.random() < 0.5 else text
