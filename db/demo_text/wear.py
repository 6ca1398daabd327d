"""Making composed sentences look typed: capitals, full stops, line breaks, haste, typos, emoji."""

from collections.abc import Callable, Sequence
from random import Random

STYLES = {"neat": 62, "undotted": 16, "lower": 10, "hasty": 8, "loud": 4}
EMOJI = {
    "angry": "😡🤬👎", "disappointed": "😕😞🙁", "resigned": "🤷😐", "ironic": "🙃👏😏",
    "plain": "👍🙂🔧", "luke": "🙂😐👌", "pleased": "🙂👍😊", "delighted": "😍🎉❤🙌⭐",
}  # fmt: skip
ENDINGS = (".", "!", "?", "…", ":")


def finish(rng: Random, sentences: Sequence[str], mood: str) -> str:
    """Sentences as a text: capitalised, dotted; long ones now and then in paragraphs."""
    done = [_sentence(rng, text, mood) for text in sentences]
    if len(done) > 2 and rng.random() < 0.10:
        return rng.choice(("\n", "\n\n")).join((done[0], " ".join(done[1:])))
    if len(done) > 3 and rng.random() < 0.03:
        return "\n".join(f"- {sentence}" for sentence in done)
    if len(done) > 1 and done[0].endswith(".") and rng.random() < 0.13:
        return _run_on(done)
    return " ".join(done)


def _sentence(rng: Random, text: str, mood: str) -> str:
    whole = text[:1].upper() + text[1:]
    if whole.endswith(ENDINGS) or not whole[-1:].isalnum() and whole[-1:] not in ')"%€':
        return whole
    loud = {"angry": 0.16, "delighted": 0.3, "pleased": 0.06}.get(mood, 0)
    return whole + ("!" if rng.random() < loud else ".")


def _run_on(done: Sequence[str]) -> str:
    """The first two sentences run into each other, as in speech."""
    return " ".join((done[0].rstrip(".") + " ...", *done[1:]))


def worn(
    rng: Random, text: str, style: str, mood: str, careless: Callable[[Random, str], str]
) -> str:
    """`text` as a person of this style types it; `careless` knows the habits of the language."""
    if style in ("undotted", "lower", "hasty") or len(text) < 30 and rng.random() < 0.6:
        text = text.removesuffix(".")
    if style == "lower":
        text = careless(rng, text).lower()
    elif style == "hasty":
        text = _with_typos(rng, careless(rng, text))
    elif style == "loud":
        text = _loud(rng, text, mood)
    if rng.random() < 0.035:
        text = f"{text.removesuffix('.')} {rng.choice(EMOJI[mood])}"
    return text


def _loud(rng: Random, text: str, mood: str) -> str:
    if mood in ("angry", "delighted") and len(text) < 60 and rng.random() < 0.4:
        return text.upper().removesuffix(".") + "!!"
    return text[:-1] + "!!" if text.endswith((".", "!")) else text


def _with_typos(rng: Random, text: str) -> str:
    """Two letters swapped, one dropped or one doubled, in one or two of the longer words."""
    words = text.split(" ")
    places = [place for place, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    for place in rng.sample(places, min(len(places), 1 + (len(places) > 12))):
        words[place] = _typo(rng, words[place])
    return " ".join(words)


def _typo(rng: Random, word: str) -> str:
    at = rng.randrange(1, len(word) - 2)
    kind = rng.random()
    if kind < 0.5:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + word[at + 1 :] if kind < 0.8 else word[:at] + word[at] + word[at:]
