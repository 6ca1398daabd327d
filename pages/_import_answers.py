"""Import of answers: choose a file, see what it means, check, import."""

from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from db.engine import reading, transaction
from pages import _import_parts as parts
from pages import _jobs
from pages._ask import ask
from pages._door import actor, now
from pages._parts import PAGES
from services import settings
from services.domain.periods import Days
from services.domain.scores import Direction, Estimate, Metric
from services.domain.scores import show as shown
from services.importing import run
from services.importing.files import Table
from services.importing.planning import Choices
from services.importing.presets import AUTO, find
from services.importing.proposals import SAMPLE
from services.importing.request import Prepared, prepare
from services.insights.case_filter import CaseFilter, View
from services.insights.desk_people import zone_name

KEY = "answers"
FIELDS = (
    ("score", "Score"), ("comment", "Comment"), ("answered_at", "Answered at"),
    ("external_id", "Id of the answer"), ("email", "E-mail"), ("name", "Name"),
    ("account", "Account"), ("channel", "Channel"), ("touchpoint", "Touchpoint"),
    ("followup", "Follow-up wanted"), ("anonymous", "Anonymous"),
)  # fmt: skip
PRESET_WORDS = {
    AUTO: "Recognise it", "delighted": "Delighted export", "wootric": "Wootric / InMoment export",
    "generic": "Any other file",
}  # fmt: skip
LABELS = {"delighted": "Delighted", "wootric": "Wootric / InMoment", "generic": ""}
WAYS = {Direction.HIGH_IS_GOOD: "good", Direction.HIGH_IS_BAD: "bad"}
METRIC_WORDS = {"": "As the file says", "nps": "NPS", "csat": "CSAT", "ces": "CES"}
SCALES = {"": "By the scores"} | {each: each for each in ("0-10", "1-10", "1-5", "1-7")}


@dataclass(frozen=True)
class Kept:
    """A report, and the file and choices it is about: other choices make it stale."""

    mark: tuple[Any, ...]
    report: run.Report


def show() -> None:
    """The whole tab."""
    job = _jobs.current(KEY)
    if job is not None:
        if job.ended:
            ended(job)
        else:
            _jobs.running(KEY, "records are in", "You can leave this page: the import goes on.")
        return
    words = "CSV, TSV or Excel, up to 100 MB. The same file twice changes nothing."
    parts.tab(KEY, words, "A file of answers", settled, steps)


def since() -> date | None:
    """From which day on low answers open a case; None: as the desk's settings say."""
    with reading() as session:
        days = settings.get(session, "case_age_days")
    day: date | None = st.date_input(
        "Open cases for low answers since", None, key=f"{KEY}_since", format="YYYY-MM-DD",
        max_value=now().date(), width=260,
        help=f"Empty: those of the last {days} days, as the settings say. Nobody is sent anything.",
    )  # fmt: skip
    return day


def settled(table: Table, name: str) -> Prepared | None:
    """The choices settled against the whole file; None while the order of the dates is open."""
    choices, survey = chosen(table)
    first = since()

    def work(order: str | None) -> Prepared:
        said = replace(choices, order=order)
        with reading() as session:
            return prepare(
                session, table.path, said, now=now(), survey=survey, file_name=name,
                open_cases_since=first,
            )  # fmt: skip

    return parts.dated(KEY, table, (choices, survey, first), work)


def chosen(table: Table) -> tuple[Choices, str | None]:
    """What the person says about the file, starting from what its columns tell."""
    preset, survey, metric, scale, direction = question()
    found = find(preset, table.columns)
    sample = (cells for _, _, cells in islice(table.records(), SAMPLE))
    proposed = parts.once(
        f"{KEY}_proposed",
        (table.path, found.name),
        lambda: dict(found.mapping(table.columns, sample).columns),
    )
    with st.expander(parts.mapped(LABELS[found.name], proposed, table), expanded=not found.fields):
        st.text("All other columns become properties that you can filter by.")
        options = parts.mapper(f"{KEY}_{found.name}", table, FIELDS, proposed)
    choices = Choices(preset, options, Metric(metric) if metric else None, scale or None, direction)
    return choices, " ".join(survey.split()) or None


def question() -> tuple[str, str, str, str, Direction | None]:
    """Where the file comes from and which question its answers are to."""
    left, middle, right, last = st.columns(4)
    preset = left.selectbox(
        "Where it comes from",
        PRESET_WORDS,
        format_func=PRESET_WORDS.__getitem__,
        key=f"{KEY}_preset",
    )
    survey = middle.text_input(
        "Survey",
        key=f"{KEY}_survey",
        placeholder="named after its source",
        help="Answers to one question belong to one survey.",
    )
    metric = right.selectbox(
        "Metric", METRIC_WORDS, format_func=METRIC_WORDS.__getitem__, key=f"{KEY}_metric"
    )
    scale = last.selectbox("Scale", SCALES, format_func=SCALES.__getitem__, key=f"{KEY}_scale")
    direction = None
    if metric in ("csat", "ces"):
        direction = st.radio(
            "A high score is",
            WAYS,
            format_func=WAYS.__getitem__,
            key=f"{KEY}_direction",
            horizontal=True,
        )
    return preset, survey, metric, scale, direction


def steps(ready: Prepared) -> None:
    """Check, look at what it would do, import."""
    mark = (ready.sha256, ready.plan, ready.survey_name, ready.cases_since)
    kept: Kept | None = st.session_state.get(f"{KEY}_report")
    if kept is None or kept.mark != mark:
        parts.warnings(ready.notes)
        if st.button("Check the file", type="primary", key=f"{KEY}_check"):
            tell, clear = parts.counter()
            with reading() as session:
                report = run.dry_run(session, actor(), ready, now(), tell)
            clear()
            st.session_state[f"{KEY}_report"] = Kept(mark, report)
            st.rerun()
        return
    summary(kept.report, done=False)
    new = kept.report.stored.new
    if not new:
        st.info("Nothing in this file is new: there is nothing to import.")
    elif st.button(f"Import {new:,} answers", type="primary", key=f"{KEY}_import"):
        who, moment = actor(), now()
        _jobs.start(
            KEY,
            kept.report.read,
            lambda tell: run.import_file(transaction, who, ready, moment, tell),
        )
        st.rerun()


def ended(job: _jobs.Job) -> None:
    """What an import did, or how far it came."""
    if job.result is not None:
        summary(job.result, done=True)
    elif job.refused:
        parts.refused("The import was refused.", job.refused)
    else:
        st.error(
            f"The import broke off after {job.read:,} records. They are kept: import the same file "
            "again to go on."
        )
    st.button("Import another file", on_click=_jobs.forget, args=(KEY,), key=f"{KEY}_more")


def summary(report: run.Report, *, done: bool) -> None:
    """What the import would do, or did."""
    low, middle, high = report.stored.bands
    if done:
        st.success(f"Imported {report.stored.new:,} answers.")
        first, second, third = st.columns([1, 1, 3])
        first.page_link(PAGES / "trends.py", label="See the trend")
        second.page_link(PAGES / "verbatims.py", label="Read the answers")
        if report.stored.cases:
            with third:
                to_cases(report.stored.cases)
    st.subheader("What was imported" if done else "What this import would do", anchor=False)
    parts.counts(
        [
            ("Records read", report.read),
            ("New", report.stored.new),
            ("Known already", report.stored.known),
            ("Not taken", report.rejected),
        ]
    )
    st.text(
        f"Into the survey {report.survey}: {high:,} new answers in the top band, {middle:,} in the "
        f"middle, {low:,} in the bottom band. No message is sent to anybody."
    )
    opens = "opened" if done else "would open"
    st.text(
        f"Cases that {opens} for people whose answer is low and recent: {report.stored.cases:,}."
    )
    st.text(f"Score of the desk before: {said(report.before)}. After: {said(report.after)}.")
    parts.warnings(report.warnings)
    parts.rejects(report.rejects, report.rejected)


def to_cases(n: int) -> None:
    """To the cases that were opened just now, among all those of today."""
    today = now().astimezone(ZoneInfo(ask(zone_name))).date()
    opened = CaseFilter(View.ANY, opened=str(Days(today, today)))
    label = "See the case" if n == 1 else f"See the {n:,} cases"
    st.page_link(PAGES / "case_queue.py", label=label, query_params=opened.to_query())


def said(found: Estimate | None) -> str:
    """A score with its interval and n."""
    if found is None or found.value is None or found.low is None or found.high is None:
        return "none yet"
    return f"{shown(found.value)} ({shown(found.low)} to {shown(found.high)}), n {found.n:,}"
