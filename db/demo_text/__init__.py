"""What the customers of the demo desk write: comments in English, German and Spanish.

The fragments stand in <language>/*.toml, written by hand; `grammar` reads and fills them,
`compose` puts them together, `wear` makes them look typed, and `en`, `de`, `es` know what is
special about their language.
"""

from collections.abc import Mapping
from random import Random

from db.demo_text import de, en, es
from db.demo_text.compose import Scene, compose
from db.demo_text.wear import STYLES, finish, worn

__all__ = ["LANGUAGES", "STYLES", "TEST_COMMENTS", "Scene", "comment"]

LANGUAGES = {"en": en, "de": de, "es": es}
TEST_COMMENTS = (
    "test", "Test 2", "asdf", "please ignore, checking the link", "testing the e-mail template",
    "TEST TEST", "does umlaut work? ä ö ü ß", "123", "just a test from QA", "<script>alert(1)",
    "line one\nline two", "test after the DNS change", "hello?", "Robert'); DROP TABLE students;--",
)  # fmt: skip


def comment(
    rng: Random,
    *,
    score_band: int,
    metric: str,
    language: str,
    topic_hint: str,
    role: str = "admin",
    tags: frozenset[str] = frozenset(),
    channel: str = "email",
    style: str = "neat",
    facts: Mapping[str, str] | None = None,
    flips: bool = False,
) -> str:
    """One comment in `language`, with the mood of `score_band` (-1, 0, 1), mostly on `topic_hint`.

    `tags` say what is going on (db.demo_story), `facts` fill slots (city, jobs, month ...),
    `style` is how this person types, `flips` that they were a detractor and are a promoter now,
    or the reverse. CSAT is always about a support ticket.
    """
    if metric == "csat":
        tags, topic_hint = tags | {"ticket"}, "support"
    scene = Scene(score_band, topic_hint, tags, role, channel, facts or {}, flips)
    sentences, mood = compose(rng, language, scene)
    module = LANGUAGES[language]
    text = module.local(finish(rng, sentences, mood), scene.facts)
    return worn(rng, text, style, mood, module.careless)
