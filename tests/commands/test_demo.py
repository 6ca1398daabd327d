"""`demo` in the shell: what it says it has loaded."""

import re

import pytest
from sqlmodel import col, select

from db import demo_occasions, engine
from db.models import Job, Rule, RuleLater
from services import config
from services.commands import demo
from services.rules import running


def test_the_shell_counts_the_cases(
    shell_env: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for metric, n in {"nps": 300, "csat": 60, "ces": 40}.items():
        monkeypatch.setitem(demo_occasions.ANSWERS, metric, n)
    monkeypatch.setenv("LOOPDESK_DEMO", "1")
    monkeypatch.setenv("LOOPDESK_DEMO_DATABASE_URL", shell_env["DATABASE_URL"])
    monkeypatch.delenv("DATABASE_URL")
    config.load.cache_clear()
    demo.load()
    said = capsys.readouterr().out
    assert re.search(
        r"400 responses, \d+ comments, \d+ cases, [\d,]+ events, \d+ notes, \d+ deliver\w+, "
        r"[1-9]\d* plays, 3 rules",
        said,
    )
    demo.load()
    assert capsys.readouterr().out == ""
    with engine.transaction() as session:
        known = session.exec(select(Rule.live, Rule.shadow).order_by(col(Rule.position))).all()
        assert known == [(2, None), (1, 2), (None, None)]
        (job,) = session.exec(select(Job).where(Job.name == "rules"))
        assert not running.ahead(session, job.state["behind"]), "all of it was looked at"
        assert not session.exec(select(RuleLater)).all(), "a demo sends nothing"
