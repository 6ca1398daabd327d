"""A million believable answers of the last two years: as CSV files and as bare rows."""

import csv
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

WORDS = [
    "support", "slow", "export", "invoice", "great", "team", "login", "broken", "dashboard",
    "report", "mobile", "price", "helpful", "waiting", "answer", "sync", "missing", "feature",
    "onboarding", "easy", "crash", "update", "customer", "manager", "quickly", "never", "always",
    "again", "since", "release", "integration", "calendar", "shift", "planning", "worker", "error",
    "screen",
]  # fmt: skip
COMMON, RARE = "support", "parental"  # in about a seventh of the answers; in one of ten thousand
HEADER = ("id", "score", "comment", "answered at", "email", "company", "channel", "plan", "region")
CONTACTS, ACCOUNTS = 100_000, 10_000
SPAN = timedelta(days=730)
ROWS_A_FILE = 500_000  # about 70 MB; an import takes files of up to 100 MB

Answer = tuple[str, ...]


def answers(n: int, end: datetime, seed: int = 7) -> list[Answer]:
    """`n` answers up to `end`, in order of time as exports have them, 60 % with a comment."""
    rng, step = random.Random(seed), SPAN / n
    made: list[Answer] = []
    for i in range(n):
        person = rng.randrange(CONTACTS)
        score = min(10, max(0, int(rng.gauss(7.6, 2.4))))
        at = end - SPAN + step * (i + rng.random())
        made.append((
            f"a{i}", str(score), _comment(rng), at.strftime("%Y-%m-%d %H:%M:%S"),
            f"p{person}@c{person % ACCOUNTS}.example.com", f"Company {person % ACCOUNTS}",
            ("email", "in_app", "web")[i % 3], ("free", "pro", "max")[person % 3],
            ("EMEA", "APAC", "Americas", "Nordics")[person % 4],
        ))  # fmt: skip
    return made


def _comment(rng: random.Random) -> str:
    if rng.random() >= 0.6:
        return ""
    words = rng.choices(WORDS, k=rng.randint(3, 17))
    return " ".join([*words, RARE] if rng.random() < 1 / 6000 else words)


def write(folder: Path, made: Sequence[Answer]) -> list[Path]:
    """The answers as CSV files with a header each, in as many files as an import takes."""
    rows, files = iter(made), list[Path]()
    while part := list(islice(rows, ROWS_A_FILE)):
        files.append(folder / f"answers-{len(files) + 1}.csv")
        with files[-1].open("w", newline="") as file:
            csv.writer(file).writerows([HEADER, *part])
    return files


COLUMNS = (
    "id", "source", "external_id", "import_run_id", "survey_id", "invitation_id", "account_id",
    "contact_id", "unit_id", "score_given", "scale", "score", "band", "comment", "channel",
    "touchpoint", "answered_at", "received_at", "followup", "anonymous", "is_test", "excluded_at",
    "excluded_by", "excluded_reason", "props", "change_seq",
)  # fmt: skip


def bare(made: Sequence[Answer]) -> list[tuple[object, ...]]:
    """The same answers as the finished rows of `response` that an import stores."""
    rows: list[tuple[object, ...]] = []
    props: dict[tuple[str, str], str] = {}
    for i, (external, given, comment, at, email, account, channel, plan, region) in enumerate(made):
        score, person = int(given), int(email[1 : email.index("@")])
        text = props.setdefault((plan, region), f'{{"plan":"{plan}","region":"{region}"}}')
        rows.append((
            i + 1, "generic:Imported NPS", external, 1, 1, None, int(account[8:]) + 1, person + 1,
            None, given, "0-10", score, (score > 8) - (score < 7),
            comment or None, channel, None, f"{at}.000000", "2026-01-01 00:00:00.000000",
            "not_asked", False, False, None, None, None, text, 2,
        ))  # fmt: skip
    return rows
