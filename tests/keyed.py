"""A morning at the queue without a mouse, for the tests and the bench: cases of nobody, the keys
that are done with them, and how long it takes until the list shows it."""

from datetime import UTC, datetime, timedelta
from itertools import cycle

from playwright.sync_api import Page
from sqlmodel import Session, col, func, select

from db.models import Case
from tests import builders as make

# take; snooze until tomorrow; resolve as the second ending with the first cause
WAYS = (("a",), ("s", "2"), ("e", "2", "1"))
LIST = "[...document.querySelectorAll('.st-key-queue *')].find(one => one.shadowRoot)?.shadowRoot"
FOCUS = f"() => Number(({LIST})?.activeElement?.closest('tr')?.dataset.number)"
WATCH = f"""number => {{
  const began = performance.now()
  window.gone = new Promise(done => {{
    const look = () => ({LIST})?.querySelector(`tr[data-number='${{number}}']`)
      ? requestAnimationFrame(look) : done(performance.now() - began)
    look()
  }})
}}"""


def cases_of_nobody(session: Session, n: int, said: str = "comment") -> list[int]:
    """The numbers of `n` new cases in the order of the queue; each customer is called by it, and
    `said` goes before it in what they said."""
    now, base = datetime.now(UTC), int(session.exec(select(func.count(col(Case.id)))).one())
    numbers = [*range(base + 1, base + n + 1)]
    for k in numbers:
        who = make.contact(session, f"c{k}@example.com", name=f"Customer {k}")
        opened = now - timedelta(minutes=100 + numbers[-1] - k)
        make.case(session, 6, contact_id=who.id, comment=f"{said} word{k}", now=opened)
    return numbers


def triaged(page: Page, n: int) -> tuple[list[float], int]:
    """Be done with the first `n` cases of the list that is open: the ms from the first key of each
    until it is gone from the list, and the most keys that one took."""
    page.keyboard.press("j")
    times = []
    for _, keys in zip(range(n), cycle(WAYS), strict=False):
        page.evaluate(WATCH, page.evaluate(FOCUS))
        for key in keys:
            page.keyboard.press(key)
        times.append(float(page.evaluate("window.gone")))
    return times, max(map(len, WAYS))
