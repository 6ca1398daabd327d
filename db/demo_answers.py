"""What the people of the demo desk answered: scores, comments and wishes to be called back.

A score comes from how the firm feels about Ostervale, what happened lately (db.demo_story), how
kind this person is, and chance; the comment from the score, the times and who writes.
"""

from bisect import bisect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from statistics import NormalDist

from db import demo_story
from db.demo_company import Company, Person, renewal_after, stage
from db.demo_occasions import Occasion, occasions
from db.demo_text import LANGUAGES, TEST_COMMENTS, comment

Band = Callable[[str, int, str, str], int]
SCALES = {"nps": "0-10", "csat": "1-5", "ces": "1-7"}
DIRECTION = "high-is-good"
SHARES = {  # per mille of the answers in ordinary times, from the lowest score up
    "nps": (14, 8, 13, 18, 21, 46, 56, 108, 182, 210, 324),
    "csat": (52, 68, 120, 320, 440),
    "ces": (30, 38, 66, 130, 216, 290, 230),
}
SPREAD = 1.02  # standard deviation of the sum below, over everybody
COMMENTED = {-1: 0.79, 0: 0.62, 1: 0.635}
OPENNESS = {"email": 1.08, "web": 1.08, "in_app": 0.95, "sms": 0.72}
FOLLOWUP = {-1: (46, 40, 14), 0: (18, 70, 12), 1: (12, 78, 10)}  # requested, not asked, declined
ANONYMOUS = 0.034
EXCLUDED_EVERY = 2_222


@dataclass(frozen=True)
class Answer:
    """One response, ready to be kept. Anonymous and test answers have no person."""

    key: str
    person: Person | None
    unit: str
    metric: str
    survey: str
    channel: str
    touchpoint: str
    score: int
    band: int
    comment: str | None
    answered_at: datetime
    received_at: datetime
    followup: str
    anonymous: bool
    is_test: bool
    excluded_reason: str | None
    props: Mapping[str, str]


def answers(company: Company, now: datetime, band: Band, seed: int = 7) -> list[Answer]:
    """All responses of the two years that end with `now`, in order of time."""
    asked = occasions(company, now, seed)
    tests = {round((n + 0.7) * len(asked) / len(TEST_COMMENTS)): n
             for n in range(len(TEST_COMMENTS))}  # fmt: skip
    return list(_Answering(now, band, seed).all(asked, tests))


class _Answering:
    def __init__(self, now: datetime, band: Band, seed: int) -> None:
        self.now, self.band = now, band
        self.rng = Random(f"{seed}:answers")
        self.last: dict[tuple[str, str], tuple[int, int]] = {}  # person, metric -> score, band

    def all(self, asked: list[Occasion], tests: Mapping[int, int]) -> Iterator[Answer]:
        for n, occasion in enumerate(asked, 1):
            key = f"d-{n:05d}"
            yield self._test(key, occasion, tests[n]) if n in tests else self._answer(key, occasion)

    def _answer(self, key: str, it: Occasion) -> Answer:
        rng, person = self.rng, it.person
        score = self._score(it)
        band = self._band(it.metric, score)
        nameless = rng.random() < ANONYMOUS and it.channel in ("email", "web")
        text = self._comment(it, score, band, nameless)
        if not nameless:
            self.last[person.key, it.metric] = score, band
        return Answer(
            key=key,
            person=None if nameless else person,
            unit=person.firm.region.unit,
            metric=it.metric,
            survey=_survey(it),
            channel=it.channel,
            touchpoint=it.touchpoint,
            score=score,
            band=band,
            comment=text,
            answered_at=it.at,
            received_at=self._received(it),
            followup=self._followup(it, band, nameless),
            anonymous=nameless,
            is_test=False,
            excluded_reason=None if int(key[2:]) % EXCLUDED_EVERY else "Sent twice by mistake",
            props=_props(it, nameless),
        )

    def _test(self, key: str, it: Occasion, n: int) -> Answer:
        score = (10, 0, 7)[n % 3] if it.metric == "nps" else 1 + n % 5
        return Answer(
            key, None, it.person.firm.region.unit, it.metric, _survey(it), it.channel,
            it.touchpoint, score, self._band(it.metric, score), TEST_COMMENTS[n], it.at,
            self._received(it), "not_asked", False, True, None, {},
        )  # fmt: skip

    def _band(self, metric: str, score: int) -> int:
        return self.band(metric, score, SCALES[metric], DIRECTION)

    def _score(self, it: Occasion) -> int:
        firm, age = it.person.firm, self._age(it)
        mood = demo_story.mood(age, region=firm.region.name, role=it.person.role, plan=firm.plan)
        feeling = mood + firm.health + firm.drift * (1 - age / demo_story.DAYS) + it.person.temper
        weight, noise = (1, 0.55) if it.metric == "nps" else (0.62, 0.85)
        level = NormalDist().cdf((weight * feeling + self.rng.gauss(0, noise)) / SPREAD)
        steps = list(accumulate(SHARES[it.metric]))
        place = bisect(steps, level * steps[-1])
        return min(place, len(steps) - 1) + (it.metric != "nps")

    def _age(self, it: Occasion) -> int:
        return (self.now.date() - it.at.date()).days

    def _received(self, it: Occasion) -> datetime:
        if it.channel == "in_app":
            return it.at + timedelta(seconds=self.rng.randrange(1, 5))
        return min(self.now, it.at + timedelta(seconds=self.rng.randrange(5, 170)))

    def _followup(self, it: Occasion, band: int, nameless: bool) -> str:
        requested, not_asked, declined = FOLLOWUP[band]
        if nameless or it.channel == "sms":
            requested = 0
        odds = (requested, not_asked + (30 if it.channel == "in_app" else 0), declined)
        return self.rng.choices(("requested", "not_asked", "declined"), odds)[0]

    def _comment(self, it: Occasion, score: int, band: int, nameless: bool) -> str | None:
        if self.rng.random() > COMMENTED[band] * OPENNESS[it.channel]:
            return None
        person, region = it.person, it.person.firm.region
        before = None if nameless else self.last.get((person.key, it.metric))
        return comment(
            self.rng,
            score_band=band,
            metric=it.metric,
            language=person.language,
            topic_hint=self._topic(it, band),
            role=person.role,
            tags=self._tags(it),
            channel=it.channel,
            style=person.style,
            facts=_facts(self.rng, it, score, before[0] if before else 0, region.sign),
            flips=before is not None and before[1] * band == -1,
        )

    def _tags(self, it: Occasion) -> frozenset[str]:
        own = {"support": {"ticket"}, "onboarding": {"onboarding"}}.get(it.touchpoint, set())
        if _tenure(it) < 730:
            own = own | {"new"}
        return demo_story.tags(self._age(it), self._age(it) + _tenure(it)) | own

    def _topic(self, it: Occasion, band: int) -> str:
        if it.touchpoint == "support":
            return "support"
        if it.touchpoint == "onboarding" and self.rng.random() < 0.9:
            return "onboarding"
        odds = demo_story.topic_weights(
            self._age(it), band=band, role=it.person.role,
            region=it.person.firm.region.name, language=it.person.language,
        )  # fmt: skip
        if (it.at.date() - it.person.joined).days > 300:
            odds.pop("onboarding", None)
        return self.rng.choices(list(odds), list(odds.values()))[0]


def _tenure(it: Occasion) -> int:
    """Days since the firm became a customer."""
    return (it.at.date() - it.person.firm.since).days


def _survey(it: Occasion) -> str:
    if it.metric == "nps":
        return "In-app NPS" if it.channel == "in_app" else "Relationship NPS"
    if it.metric == "csat":
        return "Support CSAT"
    return "Onboarding effort" if it.touchpoint == "onboarding" else "Support effort"


def _props(it: Occasion, nameless: bool) -> dict[str, str]:
    """The segment at answer time; of a nameless answer only what could name nobody."""
    firm, day = it.person.firm, it.at.date()
    wide = {"region": firm.region.name, "language": it.person.language}
    if nameless:
        return wide
    return wide | {
        "plan": firm.plan,
        "industry": firm.industry.name,
        "role": it.person.role,
        "stage": stage(firm.since, renewal_after(firm.since, day), day),
    }


def _facts(rng: Random, it: Occasion, score: int, before: int, sign: str) -> dict[str, str]:
    """What the slots of a comment may say about who writes and when."""
    firm, words = it.person.firm, LANGUAGES[it.person.language]
    months = [words.MONTHS[(it.at + timedelta(days=days)).month - 1] for days in (-24, 75)]
    crew = firm.industry.crew
    return {
        "city": firm.city,
        "country": firm.country,
        "unit": firm.region.unit,
        "cur": sign,
        "job": firm.industry.job,
        "jobs": firm.industry.jobs[it.person.language],
        "crew": crew,
        "crew1": crew.removesuffix("s"),
        "csm": "Hannah" if firm.region.unit == "EMEA" else "Diego",
        "weekday": rng.choice(words.WEEKDAYS),
        "month": months[0],
        "soon": months[1],
        "score": str(score),
        "top": SCALES[it.metric].rsplit("-", 1)[1],
        "before": str(before),
        "a_before": f"an {before}" if before == 8 else f"a {before}",
        "years": str(_tenure(it) // 365),
        "formal": "yes" if it.person.formal else "",
    }
