"""Good news: who was unhappy with us and is not any more, and whom do we thank?"""

from zoneinfo import ZoneInfo

import streamlit as st

from pages._ask import ask, failing_gently
from pages._cards import cards
from pages._good_news_parts import aside, bar, put, turn
from pages._live import announce, drawn
from pages._look import styles
from pages._notice import MANY, notice
from pages._url import CURSOR, wanted
from services.insights import Filter
from services.insights.desk_people import zone_name
from services.insights.good_news import NewsPage, good_news
from services.insights.good_news_selects import NewsFilter
from services.insights.verbatims import Cursor


def show(page: NewsPage, zone: ZoneInfo, at: Cursor | None) -> None:
    """Each answer with what it was before, what lay between, and what can be done now."""
    since = f", looked back to {page.since.astimezone(zone):%d %b %Y}" if page.since else ""
    st.caption(
        "People whose last answer to the same question was low and whose new one is not, the "
        f"latest first{since}."
    )
    asides = {news.answer.id: aside(news, zone) for news in page.rows}
    rows = [news.answer for news in page.rows]
    cards(rows, zone=zone.key, label="Good news", page=str(at or ""), asides=asides)


def nothing(page: NewsPage, zone: ZoneInfo, filter: NewsFilter) -> None:
    """No rows: say how far one looked, and what to do."""
    st.header("No good news yet", anchor=False)
    since = f" Looked back to {page.since.astimezone(zone):%d %b %Y}." if page.since else ""
    st.text(f"It stands here when somebody who scored low scores better.{since}")
    if filter != NewsFilter():
        st.button("Drop the filters", key="loosen", on_click=put, args=(NewsFilter(),))


styles()
notice(only=MANY)
st.title("Good news", anchor=False)
with failing_gently():
    since = drawn()
    asked, at = wanted(NewsFilter), Cursor.parse(st.query_params.get(CURSOR, ""))
    zone = ZoneInfo(ask(zone_name))
    found = ask(good_news, asked, cursor=at)
    bar(asked)
    if found.rows:
        show(found, zone, at)
    else:
        nothing(found, zone, asked)
    if found.rows or at:
        turn(str(found.older) if found.older else None)
    announce(since, Filter())
