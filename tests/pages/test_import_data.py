"""The Import page: empty, a whole import, a file that is refused, and who may not."""

import threading
import time
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import Workbook
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from db.engine import reading, transaction
from db.models import Account, ImportRun, Response, User
from services import config
from services.importing import run
from tests import builders as make
from tests.pages.app import open_page

pytestmark = pytest.mark.usefixtures("sqlite_desk")
DELIGHTED = Path(__file__).parents[1] / "fixtures" / "delighted.csv"
REAL = Path(__file__).parents[3] / "shared" / "data" / "real" / "seat_reviews.csv"


@pytest.fixture(autouse=True)
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOPDESK_VAR", str(tmp_path / "var"))
    config.load.cache_clear()


@pytest.fixture
def manager() -> User:
    with transaction() as session:
        return make.user(session, "manager")


def brought(user: User, name: str, content: bytes, tab: str = "Answers") -> AppTest:
    at = open_page(user, "import_data.py")
    if tab != "Answers":
        at.session_state["tab"] = tab
        at.run()
    at.file_uploader[0].set_value((name, content, "text/csv"))
    return at.run()


def texts(at: AppTest) -> str:
    parts = [*at.main.text, *at.main.error, *at.main.warning, *at.main.info, *at.main.success]
    return "\n".join(str(part.value) for part in parts)


def button(at: AppTest, words: str) -> AppTest:
    found = next(each for each in at.main.button if each.label.startswith(words))
    return found.click().run()


def imported(at: AppTest, words: str) -> AppTest:
    """Press the button and wait for the work in its thread."""
    at = button(at, words)
    for _ in range(200):
        if any(each.label == "Import another file" for each in at.main.button):
            return at
        time.sleep(0.05)
        at = at.run()
    raise AssertionError(texts(at))


def test_the_empty_page_asks_for_a_file_and_says_nothing_was_imported(manager: User) -> None:
    at = open_page(manager, "import_data.py")
    assert not at.exception
    assert [title.value for title in at.main.title] == ["Import"]
    at.session_state["tab"] = "Earlier"
    assert "Nothing has been imported yet." in texts(at.run())


def test_a_file_is_checked_then_imported_then_known(manager: User) -> None:
    at = brought(manager, "delighted.csv", DELIGHTED.read_bytes())
    assert not at.exception
    at = button(at, "Check the file")
    assert {m.label: m.value for m in at.main.metric}["New"] == "400"
    with reading() as session:
        assert session.exec(select(Response)).first() is None
    at = imported(at, "Import 400 answers")
    assert not at.exception
    assert "Imported 400 answers." in texts(at)
    with reading() as session:
        run = session.exec(select(ImportRun)).one()
        assert (run.state, run.new, run.actor_id) == ("done", 400, manager.id)
    again = button(brought(manager, "delighted.csv", DELIGHTED.read_bytes()), "Check the file")
    assert "there is nothing to import" in texts(again)


def test_an_import_goes_on_when_the_page_is_touched_or_left(
    manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    going, go = threading.Event(), threading.Event()
    real = run.import_file

    def slow(*args: object) -> object:
        going.set()
        go.wait(10)
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "import_file", slow)
    at = button(brought(manager, "delighted.csv", DELIGHTED.read_bytes()), "Check the file")
    at = button(at, "Import 400 answers")
    assert going.wait(10)
    assert "You can leave this page" in texts(at)
    at.switch_page("verbatims.py").run()
    go.set()
    at.switch_page("import_data.py").run()
    for _ in range(200):
        if "Imported 400 answers." in texts(at):
            return
        time.sleep(0.05)
        at = at.run()
    raise AssertionError(texts(at))


def test_an_import_that_breaks_says_what_is_kept(
    manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object) -> object:
        raise OSError("disk full")

    monkeypatch.setattr(run, "import_file", broken)
    monkeypatch.setattr(threading, "excepthook", lambda _args: None)
    at = button(brought(manager, "delighted.csv", DELIGHTED.read_bytes()), "Check the file")
    at = imported(at, "Import 400 answers")
    assert "broke off" in texts(at) and "disk" not in texts(at)


def test_an_order_of_dates_that_nobody_can_know_is_asked(manager: User) -> None:
    at = brought(manager, "a.csv", b"score,date\n9,03/04/2026\n2,05/06/2026\n")
    assert "can be read in two ways" in texts(at)
    assert not [each for each in at.main.button if each.label == "Check the file"]
    at.main.radio[0].set_value("mdy").run()
    imported(button(at, "Check the file"), "Import 2 answers")
    with reading() as session:
        days = sorted(row.answered_at.date().isoformat() for row in session.exec(select(Response)))
    assert days == ["2026-03-04", "2026-05-06"]


def test_a_column_that_nobody_can_know_is_asked(manager: User) -> None:
    at = brought(manager, "a.csv", b"x,date\nhello,2026-01-01\nworld,2026-01-02\n")
    assert "Say which column holds the score" in texts(at)


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv", b""), ("a.csv", b"\x89PNG\r\n\x1a\n\x00\x00"), ("a.xlsx", b"PK\x03\x04broken")],
)
def test_what_is_no_table_gets_one_clear_sentence(manager: User, name: str, content: bytes) -> None:
    at = brought(manager, name, content)
    assert not at.exception
    assert "Nothing was written." in texts(at)
    assert not at.main.button


def test_the_text_of_a_file_is_shown_as_text_only(manager: User) -> None:
    rows = b"score,date,![x](http://t.invalid/p.png)\nbad,2026-01-01,<img src=x>\n9,2026-01-02,ok\n"
    at = button(brought(manager, "**a**.csv", rows), "Check the file")
    assert not at.exception
    marked = [*at.main.markdown, *at.main.caption, *at.main.error, *at.main.warning]
    assert not [each for each in marked if "t.invalid" in str(each.value)]


def test_a_workbook_of_accounts_is_imported(manager: User) -> None:
    book, content = Workbook(), BytesIO()
    book.active.append(["Name", "ARR", "Currency"])
    book.active.append(["Acme", 84000, "EUR"])
    book.save(content)
    at = brought(manager, "accounts.xlsx", content.getvalue(), tab="Accounts")
    at = button(at, "Import 1 accounts")
    assert not at.exception
    with reading() as session:
        assert session.exec(select(Account.name)).all() == ["Acme"]


@pytest.mark.parametrize("role", ["csm", "support"])
def test_who_may_not_import_has_no_such_page(role: str) -> None:
    with transaction() as session:
        user = make.user(session, role)
    with pytest.raises(ValueError, match="navigation page"):
        open_page(user, "import_data.py")


@pytest.mark.skipif(not REAL.exists(), reason="the sample of real reviews is not here")
def test_the_real_sample_comes_in_through_the_page(manager: User) -> None:
    at = button(brought(manager, "seat_reviews.csv", REAL.read_bytes()), "Check the file")
    counts = {metric.label: metric.value for metric in at.main.metric}
    assert (counts["New"], counts["Not taken"]) == ("1,257", "1")
    assert "1-10 scores are kept as given" in texts(at)
    at = imported(at, "Import 1,257 answers")
    assert "-57 (-61 to -53), n 1,257" in texts(at)
    at = button(brought(manager, "seat_reviews.csv", REAL.read_bytes()), "Check the file")
    assert "there is nothing to import" in texts(at)
