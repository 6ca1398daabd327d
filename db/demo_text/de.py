"""German: names of days and months, Swiss spelling, careless short forms."""

from collections.abc import Mapping
from random import Random

WEEKDAYS = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag")
MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September",
    "Oktober", "November", "Dezember",
)  # fmt: skip
SHORT = {" nicht ": " nich ", " und ": " u. ", "ein paar": "paar", " etwas": " was",
         "bitte ": "bitte bitte ", " auch ": " auch ", "habe ich": "hab ich"}  # fmt: skip
ASCII = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})


def local(text: str, facts: Mapping[str, str]) -> str:
    """Swiss writers have no ß."""
    return text.replace("ß", "ss") if facts.get("country") == "CH" else text


def careless(rng: Random, text: str) -> str:
    """Short forms of people in a hurry; some keyboards have no umlauts."""
    for word in rng.sample(sorted(SHORT), 2):
        text = text.replace(word, SHORT[word])
    return text.translate(ASCII) if rng.random() < 0.25 else text
