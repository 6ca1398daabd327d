"""`backup` and `restore`: every row arrives, on either engine and from one to the other."""

import json
import stat
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import sqlalchemy as sa
from click.testing import Result
from sqlmodel import Session, select
from typer.testing import CliRunner

from db import engine, migrate, search, whole
from db.models import Audit, Integration, Response, RootCause, User, metadata
from services import config, passwords, sessions, trail, vault
from services.access import SHELL
from services.backup import form, restoring, writing
from services.cli import app
from services.ledger import verifying
from tests import builders as make
from tests.builders import NOW
from tests.commands import backups
from tests.conftest import ENGINES, make_database

Move = Callable[..., sa.Engine]


@pytest.fixture
def move(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Move]:
    """Turn to a new desk: its database and its folder are this process's from then on."""
    monkeypatch.delenv("LOOPDESK_KEY", raising=False)
    with ExitStack() as databases:

        def turn(kind: str, name: str, *, migrated: bool = True) -> sa.Engine:
            folder = tmp_path / name
            folder.mkdir()
            made = contextmanager(make_database)(kind, folder, migrated=migrated)
            monkeypatch.setenv("DATABASE_URL", databases.enter_context(made))
            monkeypatch.setenv("LOOPDESK_VAR", str(folder / "var"))
            config.load.cache_clear()
            return engine.use(config.load().url)

        yield turn
        engine.current().dispose()
    config.load.cache_clear()


def run(*args: object) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


def told(*args: object) -> dict[str, Any]:
    result = run(*args, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)  # type: ignore[no-any-return]


def refused(*args: object) -> str:
    """What the shell says when it refuses, and that it does."""
    result = run(*args)
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    return result.stderr


def holds() -> backups.Rows:
    with engine.reading() as session:
        return backups.kept(session)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "desk.backup"


@pytest.fixture
def backed(move: Move, file: Path) -> Path:
    """The backup of a full desk on SQLite; the desk itself is turned away from."""
    move("sqlite", "old")
    with engine.transaction() as session:
        backups.fill(session)
    assert run("backup", file).exit_code == 0
    return file


def test_the_desk_of_these_tests_has_a_row_in_every_table(move: Move) -> None:
    move("sqlite", "old")
    with engine.transaction() as session:
        backups.fill(session)
    with engine.reading() as session:
        empty = {name for name, rows in backups.kept(session).items() if not rows}
    assert empty == set(), "a new table: give it a row in tests/commands/backups.py"


@pytest.mark.parametrize("target", ENGINES)
@pytest.mark.parametrize("source", ENGINES)
def test_every_row_arrives_and_the_desk_works(
    move: Move, file: Path, source: str, target: str
) -> None:
    move(source, "old")
    with engine.transaction() as session:
        backups.fill(session)
    made = told("backup", file, "--with-key")
    before = holds()
    assert made["rows"] == sum(len(r) for n, r in before.items() if n not in form.LEFT_OUT)
    assert (made["engine"], made["with_key"]) == (source, True)
    move(target, "new", migrated=source == target)
    done = told("restore", file)
    assert (done["rows"], done["key_taken"], done["locked"]) == (made["rows"], True, 0)
    after = holds()
    for name in metadata.tables.keys() - form.LEFT_OUT - set(backups.CHANGED):
        assert after[name] == before[name], name
    assert after["audit"][:-1] == before["audit"]
    assert all(after[name] == [] for name in form.LEFT_OUT)
    assert after["data_version"][0][1] == before["data_version"][0][1] + 1
    works()


def works() -> None:
    """Somebody signs in, comments are found, rows are added, secrets are read."""
    with engine.transaction() as session:
        tried = sessions.attempt(session, "boss@example.com", "127.0.0.1", now=NOW)
        assert passwords.right(tried.password_hash, backups.PASSWORD)
        assert sessions.sign_in(session, tried, now=NOW)
        for word in ("broke", "für", "say"):
            found = search.matches(session, word)
            assert found is not None
            assert len(session.exec(select(Response.id).where(found)).all()) == 1, word
        assert make.unit(session, "New").id == 2
        make.case(session)
        make.response(session, 1, comment="broke again")
        assert vault.of(session, "vendor.slack") == {"token": "a secret"}
        paused = session.exec(select(Integration)).one()
        assert (paused.name, paused.paused_at is not None) == ("slack", True)
        line = session.exec(select(Audit).where(Audit.verb == "backup.restored")).one()
        assert verifying.verify(session, SHELL).intact
        assert line.data["tables"] == len(form.tables())
        assert (line.data["with_key"], line.data["paused"]) == (True, 1)


def test_a_desk_that_is_used_is_left_as_it_is(backed: Path) -> None:
    before = holds()
    n = sum(len(rows) for name, rows in before.items() if name not in restoring.BORN_WITH)
    said = refused("restore", backed)
    assert f"into an empty desk only, and this one keeps {n} rows (response 5" in said
    assert "Nothing was changed." in said
    assert holds() == before


def test_what_a_running_desk_has_in_memory_is_stale_after_a_restore(
    move: Move, backed: Path
) -> None:
    move("sqlite", "new")
    with engine.transaction() as session:
        for _ in range(50):  # more than the desk in the backup has seen
            was = engine.bump(session)
    told("restore", backed)
    assert holds()["data_version"] == [(1, was + 1)]


@pytest.mark.parametrize("kind", ENGINES)
def test_a_backup_is_of_one_moment_while_others_write(
    move: Move, file: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(kind, "old")
    real, written = form.lines, []

    def writing_meanwhile(columns: Any, rows: Any) -> bytes:
        if not written:
            with engine.transaction() as session:
                written.append(make.unit(session, "Too late").id)
        return real(columns, rows)

    monkeypatch.setattr(form, "lines", writing_meanwhile)
    made = told("backup", file)
    assert (len(written), made["tables"]["unit"]) == (1, 0)
    assert len(holds()["unit"]) == 1


def test_a_backup_is_its_owners_alone_and_is_noted(move: Move, file: Path) -> None:
    move("sqlite", "old")
    file.write_bytes(b"an older one")
    said = run("backup", file).stdout
    assert "The key is not in it" in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.glob("*.part")) == []
    with engine.reading() as session:
        (line,) = trail.lines(session, SHELL, trail.Wanted("backup.made"))
    n = len(form.tables())
    assert line.what == f"the desk backed up the desk (rows 12, tables {n}, with key no)"
    assert f"is whole and holds 13 rows in {n} tables" in run("restore", file, "--check").stdout


def test_a_backup_that_cannot_be_read_back_is_not_kept(
    move: Move, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    move("sqlite", "old")
    file.write_bytes(b"an older one")
    monkeypatch.setattr(writing._Kept, "facts", lambda _: {"bytes": 1, "sha256": "0" * 64})
    assert "another size" in refused("backup", file)
    assert file.read_bytes() == b"an older one"


def test_the_key_stays_behind_unless_it_is_asked_for(move: Move, backed: Path) -> None:
    key = config.load().key()
    with ZipFile(backed) as zipped:
        assert not any(key in zipped.read(name) for name in zipped.namelist())
    move("sqlite", "new")
    result = run("restore", backed)
    assert "1 secrets need the old key" in result.stdout
    assert "because what waits there may have been sent since: slack." in result.stdout
    assert config.load().key() != key


def test_another_key_is_never_replaced(move: Move, file: Path) -> None:
    move("sqlite", "old")
    with engine.transaction() as session:
        backups.fill(session)
    assert run("backup", file, "--with-key").exit_code == 0
    move("sqlite", "new")
    own = config.load().key()
    assert "--keep-key" in refused("restore", file)
    assert len(holds()["user"]) == 0
    restored = told("restore", file, "--keep-key")
    assert restored["locked"] == 1 and restored["foreign"] == len(holds()["ledger"]) > 0
    assert config.load().key() == own
    assert "with another key than this desk has" in run("ledger", "verify").stdout


def test_a_key_is_taken_away_again_when_the_rest_fails(
    move: Move, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    move("sqlite", "old")
    assert run("backup", file, "--with-key").exit_code == 0
    move("sqlite", "new")
    monkeypatch.setattr(whole, "dangling", lambda _: "case")
    assert "leads to one that is missing" in refused("restore", file)
    assert not config.load().key_file.exists()


def lead_to_nobody(rows: list[Any]) -> None:
    rows[-1][1] = 999  # entries of the journal: the case they are of


def twice(rows: list[Any]) -> None:
    rows.append(rows[-1])


def short(rows: list[Any]) -> None:
    rows[-1].pop()


def no_list(rows: list[Any]) -> None:
    rows[-1] = 7


@pytest.mark.parametrize("kind", ENGINES)
@pytest.mark.parametrize("change", [lead_to_nobody, twice, short, no_list])
def test_it_is_all_or_nothing(
    move: Move, backed: Path, kind: str, change: Callable[[list[Any]], None]
) -> None:
    backed.write_bytes(backups.changed(backed, "case_event", change))
    move(kind, "new", migrated=False)
    assert "Nothing was changed." in refused("restore", backed)
    assert sa.inspect(engine.current()).get_table_names() == []


def test_a_backup_of_an_earlier_version_comes_up_to_date(move: Move, file: Path) -> None:
    earlier = "0005"
    old = move("sqlite", "old", migrated=False)
    migrate.upgrade(old, earlier)
    then = sa.MetaData()
    then.reflect(old)
    tables = [then.tables[table.name] for table in form.tables() if table.name in then.tables]
    ana = {"id": 4, "name": "Ana", "email": "a@x.org", "email_norm": "a@x.org", "role": "csm",
           "absent_until": NOW, "created_at": NOW, "notify": {}}  # fmt: skip
    rows = {"user": [[ana.get(column.name) for column in then.tables["user"].columns]],
            "data_version": [[1, 7]]}  # fmt: skip
    file.write_bytes(backups.of_rows(earlier, tables, rows))
    move("sqlite", "at its newest")
    assert "give it a new database" in refused("restore", file)
    move("sqlite", "new", migrated=False)
    assert told("restore", file)["revision"] == earlier
    assert migrate.at(engine.current()) == migrate.newest()
    with engine.reading() as session:
        (user,) = session.exec(select(User)).all()
        assert (user.id, user.absent_until) == (4, NOW)
        assert user.absent_since is not None  # what the step up makes of it
        assert session.exec(select(RootCause)).all() == []
        assert engine.version(session) > 7


def test_a_backup_of_a_later_version_says_which_to_use(move: Move, backed: Path) -> None:
    with ZipFile(backed) as zipped:
        manifest = json.loads(zipped.read(form.MANIFEST))
        files = {n: zipped.read(n) for n in zipped.namelist() if n != form.MANIFEST}
    backed.write_bytes(backups.packed(manifest | {"revision": "9999"}, files))
    move("sqlite", "new", migrated=False)
    assert "use the version that made it" in refused("restore", backed)
    assert sa.inspect(engine.current()).get_table_names() == []
    backed.write_bytes(backups.packed(manifest | {"format": 2}, files))
    assert "has format 2" in refused("restore", backed)


def test_a_file_that_is_not_there_is_said(move: Move, tmp_path: Path) -> None:
    move("sqlite", "old")
    assert "nowhere: No such file" in refused("restore", tmp_path / "nowhere")
    assert "No such file" in refused("backup", tmp_path / "no" / "desk.backup")


def test_what_is_in_memory_does_not_grow_with_the_desk(move: Move, file: Path) -> None:
    move("sqlite", "old")
    with engine.transaction() as session:
        copies(session, 10_000)
    assert peak("backup", file) < 12_000_000  # the comments alone are 10 MB
    move("sqlite", "new")
    assert peak("restore", file) < 20_000_000


def copies(session: Session, n: int) -> None:
    first = make.response(session, 3, comment="x" * 1000, answered_at=NOW - timedelta(days=1))
    table = metadata.tables["response"]
    row = dict(session.connection().execute(sa.select(table)).mappings().one())
    rows = [row | {"id": first.id + k, "external_id": f"x{k}"} for k in range(1, n)]
    session.connection().execute(table.insert(), rows)


def peak(*args: object) -> int:
    tracemalloc.start()
    try:
        assert run(*args).exit_code == 0
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
