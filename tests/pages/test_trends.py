"""Trends: the finding in words, figures with their n, and the way to the people behind them."""

import json
import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from streamlit.elements.lib import streamlit_plotly_theme as streamlit_theme
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import PropertyValue, User, UserUnit
from pages import _charts
from services import insights, settings
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import open_page

ROOT = Path(__file__).parents[2]
EVIL = "![x](http://tracker.invalid/p.png) <b>bold</b> :red[x] $x$"
pytestmark = pytest.mark.usefixtures("sqlite_desk", "clock")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages._door.clock", lambda: NOW)


@dataclass
class Company:
    """A desk with answers: its manager and the ids of its units."""

    boss: User
    north: int
    south: int


@pytest.fixture
def company() -> Company:
    """Forty answers in June, forty worse ones in May; all but five a month of the North."""
    with transaction() as session:
        boss = make.user(session, "manager", name="Ann")
        north, south = make.unit(session, "North"), make.unit(session, "South")
        for n in range(40):
            for month, score in ((6, 10 if n % 4 else 3), (5, 3 if n % 4 else 10)):
                make.response(
                    session, score, channel=("email", "sms")[n % 2],
                    unit_id=(south if n >= 35 else north).id,
                    answered_at=datetime(2026, month, 9, 8, tzinfo=UTC),
                )  # fmt: skip
        for name in ("email", "sms"):
            session.add(PropertyValue(name="channel", value=name))
        make.response(session, 5, "csat", answered_at=NOW - timedelta(days=1), unit_id=north.id)
        return Company(boss, north.id or 0, south.id or 0)


def url(at: AppTest) -> dict[str, list[str]]:
    return {key: [v] if isinstance(v, str) else [*v] for key, v in at.query_params.items()}


def parts(at: AppTest, name: str) -> list[dict[str, Any]]:
    """What our own components called `name` were given."""
    found = (element.proto for element in at.get("bidi_component"))
    return [json.loads(p.json) for p in found if p.component_name == f"loopdesk.{name}"]


def charts(at: AppTest) -> list[dict[str, Any]]:
    return [json.loads(element.proto.spec) for element in at.get("plotly_chart")]


def html(at: AppTest) -> str:
    return " ".join(element.proto.body for element in at.get("html"))


def readable(at: AppTest) -> str:
    """Every text that Streamlit would read as markdown or HTML, and all of the charts."""
    kinds = ("markdown", "caption", "title", "header", "subheader", "error", "warning", "info")
    found = [element.value for kind in kinds for element in getattr(at, kind)]
    widgets = [
        w for kind in ("button", "toggle", "selectbox", "multiselect") for w in getattr(at, kind)
    ]
    return " ".join([*found, *(w.label for w in widgets), html(at), json.dumps(charts(at))])


# --- states


@pytest.mark.parametrize(("role", "links"), [("manager", True), ("csm", False)])
def test_an_empty_desk_says_what_to_do_first(role: str, links: bool) -> None:
    with transaction() as session:
        user = make.user(session, role)
    at = open_page(user, "trends.py")
    assert not at.exception
    assert at.title[0].value == "Trends"
    assert at.header[0].value == "No responses yet"
    labels = [element.proto.label for element in at.get("page_link")]
    assert ("Import an export" in labels) is links


def test_the_title_says_the_finding(company: Company) -> None:
    at = open_page(company.boss, "trends.py", {"range": "month"})
    assert not at.exception
    assert at.title[0].value.startswith("NPS is up 100 points on the same days of the month before")
    at = open_page(company.boss, "trends.py", {"range": "2026-06-01..2026-06-30"})
    assert at.title[0].value == "NPS is up 100 points on the days before"


def test_every_figure_has_its_n_its_interval_and_its_definition(company: Company) -> None:
    at = open_page(company.boss, "trends.py", {"range": "2026-06-01..2026-06-30"})
    told = html(at)
    assert "n 40" in told and "\N{PLUS-MINUS SIGN}" in told and "up 100 points" in told
    assert "95 % adjusted-Wald interval" in told
    assert "too few to say" in told  # CSAT, one answer
    assert "1–30 Jun 2026 (UTC): 40 responses from 0 contacts" in at.caption[0].value
    assert any("% promoters (9-10)" in caption.value for caption in at.caption)


def test_no_rows_name_the_filter_and_the_way_out(company: Company) -> None:
    at = open_page(company.boss, "trends.py", {"channel": "fax", "range": "30d"})
    assert at.header[0].value == "No responses match"
    assert any("Only channel fax" in text.value for text in at.text)
    at.button(key="loosen").click().run()
    assert url(at) == {"range": ["30d"]}
    assert at.header[0].value != "No responses match"


def test_when_the_database_does_not_answer_the_page_says_so(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_args: Any, **_named: Any) -> None:
        raise OperationalError("SELECT 1", {}, Exception("locked"))

    monkeypatch.setattr(insights, "report", gone)
    at = open_page(company.boss, "trends.py", {"channel": "sms"})
    assert not at.exception
    assert "did not answer" in at.error[0].value and "locked" not in at.error[0].value
    assert url(at)["channel"] == ["sms"]


# --- the filter and the URL


def test_the_url_restores_the_filter(company: Company) -> None:
    query = {"metric": "csat", "range": "90d", "compare": "none", "grain": "month"}
    at = open_page(company.boss, "trends.py", query)
    assert at.segmented_control(key="f_metric").value == "csat"
    assert at.selectbox(key="f_range").value == "90d"
    assert at.selectbox(key="f_compare").value == "none"
    assert at.selectbox(key="f_grain").value == "month"
    assert "CSAT" in at.title[0].value


def test_a_widget_writes_the_url_and_other_parameters_stay(company: Company) -> None:
    at = open_page(company.boss, "trends.py", {"channel": "sms", "band": "low"})
    at.selectbox(key="f_range").select("90d").run()
    assert url(at) == {"channel": ["sms"], "band": ["low"], "range": ["90d"]}
    at.segmented_control(key="f_metric").set_value("csat").run()
    assert url(at) == {"channel": ["sms"], "range": ["90d"], "metric": ["csat"]}


def test_filters_are_chosen_in_the_popover(company: Company) -> None:
    at = open_page(company.boss, "trends.py")
    at.session_state["f_more"] = True
    at.run()
    at.multiselect(key="f_channels").select("sms").run()
    at.multiselect(key="f_units").select(company.north).run()
    assert url(at) == {"channel": ["sms"], "unit": [str(company.north)]}
    assert any("Only unit North; channel sms" in text.value for text in at.text)


def test_junk_in_the_url_is_named_and_changes_nothing_else(company: Company) -> None:
    at = open_page(company.boss, "trends.py", {"range": EVIL, "survey": "999", "metric": "csat"})
    assert not at.exception
    notices = [text.value for text in at.text]
    assert any("a range that is not known" in notice for notice in notices)
    assert any("a survey that is not there" in notice for notice in notices)
    assert "CSAT" in at.title[0].value and "tracker" not in readable(at)


def test_custom_days_begin_with_those_in_force(company: Company) -> None:
    at = open_page(company.boss, "trends.py", {"range": "month"})
    at.selectbox(key="f_range").select("custom").run()
    assert url(at) == {"range": ["2026-06-01..2026-06-15"]}
    first, last = at.date_input(key="f_days").value
    assert (first.day, last.day) == (1, 15)


# --- charts, tables, drill-down


def test_the_chart_has_a_table_with_the_same_way_to_the_responses(company: Company) -> None:
    at = open_page(company.boss, "trends.py", {"range": "90d", "grain": "month", "channel": "sms"})
    assert len(charts(at)) == 2
    at.toggle(key="as_table").set_value(True).run()
    rows = parts(at, "table")[0]["rows"]
    may, june = rows[-2:]
    assert (may["cells"][:3], june["cells"][:3]) == (
        ["May 2026", "20", "-100"],
        ["Jun 2026 (part)", "20", "100"],
    )
    assert may["href"] == "verbatims?range=2026-05-01..2026-05-31&grain=month&channel=sms"
    assert rows[0]["href"] is None  # nobody answered
    assert len(charts(at)) == 1


def test_segments_lead_to_their_responses(company: Company) -> None:
    at = open_page(company.boss, "trends.py", {"range": "month"})
    table = parts(at, "table")[-1]
    assert {row["cells"][0] for row in table["rows"]} == {"email", "sms"}
    assert {row["href"] for row in table["rows"]} == {
        "verbatims?range=month&channel=email",
        "verbatims?range=month&channel=sms",
    }
    at.selectbox(key="by").select("unit").run()
    names = [row["cells"][0] for row in parts(at, "table")[-1]["rows"]]
    assert names == ["North", "South"]


def test_a_point_with_too_few_answers_is_hollow_and_has_no_ribbon() -> None:
    with transaction() as session:
        user = make.user(session, "manager")
        for day, times in ((1, 20), (2, 3), (3, 20)):
            for _ in range(times):
                make.response(session, 9, answered_at=datetime(2026, 6, day, 8, tzinfo=UTC))
    at = open_page(user, "trends.py", {"range": "2026-06-01..2026-06-03", "compare": "none"})
    traces = charts(at)[0]["data"]
    line = next(trace for trace in traces if trace.get("mode") == "markers")
    assert line["marker"]["symbol"] == ["circle", "circle-open", "circle"]
    assert len([trace for trace in traces if trace.get("fill") == "toself"]) == 2
    assert "95" not in line["text"][1] and "too few to say" in line["text"][1]


def test_only_a_change_that_is_one_is_told_on_the_chart(company: Company) -> None:
    at = open_page(company.boss, "trends.py", {"range": "90d", "grain": "month", "compare": "none"})
    told = [note["text"] for note in charts(at)[0]["layout"]["annotations"]]
    assert [text for text in told if "points" in text] == ["<b>Jun</b> up 100 points"]
    at = open_page(company.boss, "trends.py", {"range": "month", "grain": "day"})
    told = [note["text"] for note in charts(at)[0]["layout"]["annotations"]]
    assert not [text for text in told if "points" in text]


# --- who sees what


def test_a_csm_limited_to_units_sees_only_those(company: Company) -> None:
    with transaction() as session:
        settings.put(session, "csm_sees_all_units", False, actor_id=company.boss.id, now=NOW)
        dana = make.user(session, "csm")
        session.add(UserUnit(user_id=dana.id, unit_id=company.south))
    for query in ({"range": "month"}, {"range": "month", "unit": str(company.north)}):
        at = open_page(dana, "trends.py", query)
        assert not at.exception
        assert "n 5" in html(at) and "n 40" not in html(at)
    at.selectbox(key="by").select("channel").run()
    assert sum(int(row["cells"][1]) for row in parts(at, "table")[-1]["rows"]) == 5
    assert "North" not in json.dumps([text.value for text in at.text])


def test_figures_from_memory_are_not_shown_to_who_may_not_see_them(company: Company) -> None:
    with transaction() as session:
        settings.put(session, "csm_sees_all_units", False, actor_id=company.boss.id, now=NOW)
        dana = make.user(session, "csm")
    assert "n 40" in html(open_page(company.boss, "trends.py", {"range": "month"}))
    at = open_page(dana, "trends.py", {"range": "month"})
    assert at.header[0].value == "No responses yet"


def test_a_new_answer_changes_the_figure_at_the_next_run(company: Company) -> None:
    at = open_page(company.boss, "trends.py", {"range": "month"})
    assert "n 40" in html(at)
    with transaction() as session:
        make.response(session, 10)
    assert "n 41" in html(at.run())


# --- untrusted text and looks


def test_customer_text_reaches_no_markdown_label_or_chart() -> None:
    with transaction() as session:
        boss = make.user(session, "manager")
        asked = make.survey(session, name=EVIL, scale="1-10", warning=EVIL)
        session.add(PropertyValue(name=f"props.{EVIL}", value=EVIL))
        session.add(PropertyValue(name="channel", value=EVIL))
        for n in range(12):
            make.response(
                session, 1 + n % 9, survey=asked, channel=EVIL, props={EVIL: EVIL, "b": str(n)}
            )
    at = open_page(boss, "trends.py", {"channel": EVIL, "prop": f"{EVIL}={EVIL}"})
    at.session_state["f_more"] = True
    at.run()
    at.selectbox(key="by").select(f"props.{EVIL}").run()
    assert not at.exception
    assert "tracker.invalid" not in readable(at)
    assert any(EVIL in text.value for text in at.text)
    assert parts(at, "table")[-1]["rows"][0]["cells"][0] == EVIL


def luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


PALETTE = {
    "light": ["#2F5DA8", "#D55E00", "#009E73", "#8A8F98", "#B7791F"],
    "dark": ["#7FA7E8", "#F0803C", "#35C298", "#9AA0AA", "#E0A93B"],
}


@pytest.mark.parametrize("mode", PALETTE)
def test_the_charts_take_the_palette_from_the_theme_in_this_order(mode: str) -> None:
    theme = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())["theme"][mode]
    assert theme["chartCategoricalColors"] == PALETTE[mode]
    assert all(contrast(colour, theme["backgroundColor"]) >= 3 for colour in PALETTE[mode])
    names = (_charts.ACCENT, _charts.DETRACTOR, _charts.PROMOTER, _charts.PASSIVE, _charts.WARNING)
    assert names == tuple(getattr(streamlit_theme, f"CATEGORY_{n}") for n in range(5))
    assert (_charts.INK, _charts.PAPER) == (streamlit_theme.GRAY_90, streamlit_theme.BG_COLOR)


def test_text_in_colour_can_be_read_in_light_and_dark() -> None:
    sheets = [(ROOT / "pages/_assets" / name).read_text() for name in ("look.css", "cards.css")]
    pairs = re.findall(
        r"(?:--(?:up|down)|[;{] ?color): light-dark\((#\w{6}), (#\w{6})\)", " ".join(sheets)
    )
    assert len(pairs) >= 3
    for light, dark in pairs:
        if light.upper() in PALETTE["light"]:  # shapes beside a word: marks, not text
            assert contrast(light, "#FFFFFF") >= 3 and contrast(dark, "#14171C") >= 3
        else:
            assert contrast(light, "#FFFFFF") >= 4.5 and contrast(dark, "#14171C") >= 4.5
