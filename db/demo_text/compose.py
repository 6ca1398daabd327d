"""Composing a comment from fragments: which clauses go together, in which order, how many.

A comment has one core (a thing said about the hinted topic, with the mood of its score) and, as
it gets longer, an opening, what follows from the core, a second topic, a request or an ending.
Whatever is praised and whatever is damned in one comment belong to topics that do not touch.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random

from db.demo_text.grammar import Aspect, Book, Pen, Topic, book

MOODS = {
    -1: {"angry": 26, "disappointed": 26, "resigned": 16, "plain": 22, "ironic": 10},
    0: {"luke": 70, "plain": 22, "resigned": 8},
    1: {"pleased": 52, "delighted": 30, "plain": 18},
}
ASIDES = {  # topics of asides and second thoughts by role, with weights
    "buyer": {
        "scheduling": 9, "reporting": 10, "support": 9, "reliability": 6, "integrations": 7,
        "price": 8, "portal": 6, "relationship": 7, "billing": 5, "mobile": 5, "usability": 4,
    },
    "admin": {
        "scheduling": 10, "mobile": 7, "usability": 9, "support": 9, "reporting": 8,
        "reliability": 6, "integrations": 8, "performance": 6, "records": 7, "price": 3,
        "portal": 5, "docs": 4, "permissions": 6, "billing": 2, "localisation": 3, "onboarding": 2,
    },
    "end_user": {
        "mobile": 14, "scheduling": 9, "usability": 10, "records": 9, "performance": 7,
        "reliability": 6, "support": 6, "docs": 4, "localisation": 3, "portal": 2,
    },
}  # fmt: skip
NEAR = {  # what else comes to mind right after a ticket or after the first weeks
    "ticket": {"support": 1},
    "onboarding": {"support": 4, "docs": 3, "usability": 4, "mobile": 4, "records": 2},
}
KIN = (  # praising one and damning another of the same kin would sound confused
    {"reliability", "performance"},
    {"usability", "docs", "onboarding", "localisation"},
    {"price", "billing"},
    {"support", "relationship", "docs", "onboarding", "localisation"},
    {"mobile", "usability"},
)
TERSE, SHORT, MIDDLE, LONG = range(4)
LENGTHS = {
    "sms": (34, 48, 16, 2),
    "in_app": (18, 42, 30, 10),
    "web": (11, 33, 38, 18),
    "email": (8, 27, 40, 25),
}


@dataclass(frozen=True)
class Scene:
    """Who says something about what: all that a comment depends on besides chance."""

    band: int
    topic: str
    tags: frozenset[str]
    role: str = "admin"
    channel: str = "email"
    facts: Mapping[str, str] = field(default_factory=dict)
    flips: bool = False  # from detractor to promoter or back; the last score: facts["before"]

    def near(self) -> Mapping[str, int]:
        """The topics besides the hinted one, with weights."""
        for moment, topics in NEAR.items():
            if moment in self.tags:
                return topics
        return ASIDES[self.role]


def compose(rng: Random, language: str, scene: Scene) -> tuple[list[str], str]:
    """The sentences of one comment, not yet capitalised or dotted, and its mood."""
    writer = _Writer(rng, book(language), scene)
    (size,) = rng.choices(range(4), LENGTHS[scene.channel])
    if size == TERSE:
        return [writer.terse()], writer.mood
    write = {-1: writer.complain, 0: writer.weigh, 1: writer.praise}[scene.band]
    return list(write(size)), writer.mood


class _Writer:
    def __init__(self, rng: Random, fragments: Book, scene: Scene) -> None:
        self.rng, self.book, self.scene = rng, fragments, scene
        self.voice = fragments.voice
        self.pen = Pen(rng, self.voice.slots, scene.facts, tactful="new" in scene.tags)
        self.ticket = "ticket" in scene.tags
        self.opened, self.used = False, {scene.topic}
        moods = MOODS[scene.band]
        (self.mood,) = rng.choices(list(moods), list(moods.values()))

    def terse(self) -> str:
        """A few words, as most people type them."""
        if self.chance(0.02):
            return self.pen.pick(self.voice.terse["odd"])
        noun = self.rng.choice(self._topic(self.scene.topic).nouns)
        self.pen.slots |= {"noun": noun, "noun_bare": noun.split(" ", 1)[-1]}
        lines = self.voice.ticket if self.ticket and self.chance(0.9) else self.voice.terse
        return self.pen.pick(lines[("neg", "mid", "pos")[self.scene.band + 1]])

    def complain(self, size: int) -> Iterator[str]:
        """A detractor: perhaps an opening, the complaint, its consequences, a request."""
        aspect = self._aspect(self.scene.topic, -1)
        core = self.pen.pick(aspect.say)
        yield from self._opening(size, 0.34)
        if size > SHORT and not self.ticket and self.chance(0.13):
            core = self._joined(self._aside("fine"), core)
        yield self._led(core, size)
        yield from self._more(aspect, size)
        if size == LONG and not self.ticket and self.chance(0.55):
            yield from self._second(-1)
        yield from self._ending(aspect, size)

    def weigh(self, size: int) -> Iterator[str]:
        """A passive: something fine against something missing, or a shrug."""
        kind = self.rng.random()
        if kind < 0.3:
            yield from self._shrug(size)
            return
        if kind < 0.54:
            yield self._reserved(self._wish_here(0.6))
        elif kind < 0.77 and not self.ticket:
            yield self._joined(self._aside("fine"), self._wish_here(1))
        else:
            said = self.pen.pick(self._topic(self.scene.topic).fine)
            yield self._joined(said, self._aside("wish"))
        if size == LONG:
            yield self._also(self._aside("wish"))
        if size > SHORT and self.chance(0.5):
            yield self.pen.pick(self.voice.close["luke"])

    def praise(self, size: int) -> Iterator[str]:
        """A promoter: the praise, what it brought, now and then a flaw."""
        aspect = self._aspect(self.scene.topic, 1)
        yield from self._opening(size, 0.36)
        yield self._led(self.pen.pick(aspect.say), size)
        yield from self._more(aspect, size)
        if size == LONG and not self.ticket and self.chance(0.5):
            yield from self._second(1)
        if size > SHORT and self.chance(0.14 if self.ticket else 0.27):
            yield f"{self.pen.pick(self.voice.joints['gripe'])} {self._aside('wish')}"
        elif size > SHORT and self.chance(0.3):
            yield self.pen.pick(self.voice.close[self.mood])

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def _reserved(self, wish: str) -> str:
        if self.chance(0.3):
            return f"{self.pen.pick(self.voice.open['mixed'])}: {wish}"
        return self._joined(self.pen.pick(self.voice.open["luke"]), wish)

    def _shrug(self, size: int) -> Iterator[str]:
        aspect = self._aspect(self.scene.topic, 0)
        if size > SHORT and self.chance(0.4):
            yield self._setting()
        yield self._led(self.pen.pick(aspect.say), size)
        if size > SHORT or self.chance(0.4):
            yield self.pen.pick(aspect.more)
        if size == LONG:
            yield self._also(self._aside("wish"))

    def _opening(self, size: int, share: float) -> Iterator[str]:
        if self.scene.flips and self.chance(0.3):
            self.opened = True
            yield self.pen.pick(self.voice.flip["down" if self.scene.band < 0 else "up"])
        elif self.chance(share * (0.8 if size == SHORT else 1)):
            self.opened = True
            yield self._setting() if self.mood == "plain" else self._exclaimed()

    def _exclaimed(self) -> str:
        return self.pen.pick(self.voice.open[self.mood])

    def _setting(self) -> str:
        """Who speaks; newcomers and people with a ticket do not tell of years of use."""
        if self.scene.topic == "onboarding" or self.ticket or self.chance(0.2):
            return self.pen.pick(self.voice.open["plain"])
        return self.pen.pick(self.voice.setting[self.scene.role])

    def _led(self, clause: str, size: int) -> str:
        """A lone clause now and then says first who speaks."""
        if size == SHORT and not self.opened and not self.ticket and self.chance(0.17):
            return f"{self.pen.pick(self.voice.lead[self.scene.role])} {clause}"
        return clause

    def _more(self, aspect: Aspect, size: int) -> Iterator[str]:
        wanted = {SHORT: int(self.chance(0.22)), MIDDLE: 1, LONG: 2 + self.chance(0.3)}[size]
        known = len(aspect.more)
        for place in sorted(self.rng.sample(range(known), min(wanted, known))):
            yield self.pen.fill(aspect.more[place])

    def _second(self, band: int) -> Iterator[str]:
        aspect = self._aspect(self._other_topic(clear=False, praising=band > 0), band)
        yield self._also(self.pen.pick(aspect.say))
        if aspect.more and self.chance(0.5):
            yield self.pen.pick(aspect.more)

    def _ending(self, aspect: Aspect, size: int) -> Iterator[str]:
        if size > SHORT and aspect.ask and self.chance(0.42):
            yield self.pen.pick(aspect.ask)
        elif size > SHORT and self.chance(0.3):
            yield self.pen.pick(self.voice.close[self.mood])

    def _also(self, clause: str) -> str:
        return f"{self.pen.pick(self.voice.joints['also'])} {clause}"

    def _joined(self, first: str, second: str) -> str:
        joint = self.rng.choice(self.voice.joints["but"])
        return f"{first.rstrip('.!')}{joint} {second}"

    def _wish_here(self, share: float) -> str:
        if self.ticket or self.chance(share):
            return self.pen.pick(self._topic(self.scene.topic).wish)
        return self._aside("wish")

    def _aside(self, kind: str) -> str:
        topic = self._topic(self._other_topic(clear=True, praising=kind == "fine"))
        return self.pen.pick(topic.fine if kind == "fine" else topic.wish)

    def _other_topic(self, *, clear: bool, praising: bool) -> str:
        """Another topic than the hinted one; `clear`: one that does not touch it."""
        near, ruled_out = self.scene.near(), set(self.used)
        if len(near) == 1:
            return next(iter(near))
        if clear:
            ruled_out |= {topic for kin in KIN if self.scene.topic in kin for topic in kin}
        else:
            ruled_out |= {"onboarding"}
        if praising and "outage" in self.scene.tags:
            ruled_out |= {"reliability", "performance"}
        left = {topic: weight for topic, weight in near.items() if topic not in ruled_out}
        (chosen,) = self.rng.choices(list(left), list(left.values()))
        self.used.add(chosen)
        return chosen

    def _topic(self, name: str) -> Topic:
        return self.book.topics[name]

    def _aspect(self, name: str, band: int) -> Aspect:
        """An aspect that fits; those that this very situation calls for are likelier."""
        topic = self._topic(name)
        known = (topic.neg, topic.mid, topic.pos)[band + 1]
        fitting = [aspect for aspect in known if aspect.fits(self.scene.tags)] or list(known)
        weights = [len(aspect.say) * (3 if aspect.only else 1) for aspect in fitting]
        (chosen,) = self.rng.choices(fitting, weights)
        return chosen
