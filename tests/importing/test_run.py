"""Importing answers into a real desk, on both engines: once, whole, every refusal named."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.engine import reading, transaction, version
from db.models import Account, Audit, Contact, ImportReject, ImportRun, PropertyValue, Response
from services.access import SHELL, Forbidden
from services.domain.scores import Metric
from services.importing import history, run
from services.importing.limits import ImportRefused
from services.importing.planning import Choices
from services.importing.request import Prepared, prepare
from tests import builders as make
from tests.builders import NOW

HERE = Path(__file__).parents[1]
DELIGHTED = HERE / "fixtures" / "delighted.csv"
REAL = HERE.parent.parent / "shared" / "data" / "real" / "seat_reviews.csv"


def quiet(_read: int) -> None:
    """Nobody watches."""


def ready(path: Path, **choices: object) -> Prepared:
    survey = choices.pop("survey", None)
    with reading() as session:
        return prepare(session, path, Choices(**choices), now=NOW, survey=survey)  # type: ignore[arg-type]


def imported(path: Path, **choices: object) -> run.Report:
    return run.import_file(transaction, SHELL, ready(path, **choices), NOW, quiet)


def table(folder: Path, text: str, name: str = "answers.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def count(what: type) -> int:
    with reading() as session:
        return int(session.exec(select(sa.func.count()).select_from(what)).one())


@pytest.mark.usefixtures("desk")
def test_a_delighted_export_comes_in_whole_and_twice_changes_nothing() -> None:
    first = imported(DELIGHTED)
    with reading() as session:
        before = version(session)
        rows = session.exec(select(Response)).all()
        linked = [row for row in rows if row.contact_id and row.account_id]
    assert first.preset == "delighted"
    assert first.stored.new == len(rows) == first.read - first.rejected - first.stored.known
    assert len(linked) > 0.9 * len(rows)
    assert {row.import_run_id for row in rows} == {first.run_id}
    assert all(0 < row.change_seq <= before for row in rows)

    again = imported(DELIGHTED)
    assert (again.stored.new, again.stored.known) == (0, first.stored.new + first.stored.known)
    assert count(Response) == len(rows)
    assert again.before == again.after == first.after


@pytest.mark.usefixtures("desk")
def test_the_dry_run_says_what_the_import_does_and_writes_nothing() -> None:
    prepared = ready(DELIGHTED)
    with reading() as session:
        foretold = run.dry_run(session, SHELL, prepared, NOW, quiet)
    assert (count(Response), count(Contact), count(ImportRun)) == (0, 0, 0)
    done = imported(DELIGHTED)
    assert foretold.stored == done.stored
    assert (foretold.read, foretold.rejects, foretold.warnings) == (
        done.read, done.rejects, done.warnings,
    )  # fmt: skip
    assert (foretold.before, foretold.after) == (done.before, done.after)


@pytest.mark.skipif(not REAL.exists(), reason="the sample of real reviews is not here")
@pytest.mark.usefixtures("desk")
def test_the_real_sample_gives_the_published_figures() -> None:
    report = imported(REAL)
    assert (report.read, report.stored.new, report.rejected) == (1258, 1257, 1)
    assert report.stored.bands == (865, 241, 151)
    assert report.after and report.after.value == pytest.approx(-56.80, abs=0.005)
    assert (report.after.low, report.after.high) == pytest.approx((-60.52, -52.82), abs=0.005)
    assert any("1-10" in warning for warning in report.warnings)
    again = imported(REAL)
    assert (again.stored.new, again.stored.known, again.rejected) == (0, 1257, 1)


@pytest.mark.usefixtures("desk")
def test_bad_rows_stay_out_and_can_be_had_again(tmp_path: Path) -> None:
    path = table(tmp_path, "score,comment,date\n9,fine,2026-01-01\n11,=1+1,2026-01-02\n3,,\n")
    report = imported(path)
    assert (report.stored.new, report.rejected) == (1, 2)
    assert count(ImportReject) == 2
    with reading() as session:
        text = history.rejected_rows(session, SHELL, report.run_id or 0)
    header, first, second = text.splitlines()
    assert header == "record,line,column,reason,score,comment,date"
    assert first.startswith("2,3,score,") and first.endswith(",11,'=1+1,2026-01-02")
    assert second.endswith(",3,,")


@pytest.mark.usefixtures("desk")
def test_people_and_companies_are_found_again_and_never_overwritten(tmp_path: Path) -> None:
    with transaction() as session:
        acme = make.account(session, "Acme", domain="acme.example.com", unit_id=None)
        emea = make.unit(session, "EMEA")
        acme.unit_id = emea.id
        make.contact(session, "dana@acme.example.com", name="Dana R.", account_id=acme.id)
    path = table(
        tmp_path,
        "score,date,email,name,company\n"
        "2,2026-01-01,DANA@acme.example.com,Somebody Else,\n"
        "9,2026-01-02,lee@acme.example.com,Lee,\n"
        "9,2026-01-03,kim@other.example.com,Kim,Other  Ltd\n",
    )
    imported(path)
    with reading() as session:
        people = {c.email_norm: c for c in session.exec(select(Contact))}
        accounts = {a.name: a for a in session.exec(select(Account))}
        units = session.exec(select(Response.unit_id).order_by(col(Response.answered_at))).all()
    assert people["dana@acme.example.com"].name == "Dana R."
    assert people["lee@acme.example.com"].account_id == accounts["Acme"].id
    assert people["kim@other.example.com"].account_id == accounts["Other Ltd"].id
    assert units == [emea.id, emea.id, None]


@pytest.mark.usefixtures("desk")
def test_properties_are_kept_and_offered_as_filters(tmp_path: Path) -> None:
    lines = [f"{i % 11},2026-01-01 10:00:{i % 60:02},{i},plan {i % 3}" for i in range(400)]
    path = table(tmp_path, "score,date,Ticket No,Plan (new)\n" + "\n".join(lines))
    imported(path)
    with reading() as session:
        one = session.exec(select(Response).limit(1)).one()
        known = session.exec(select(PropertyValue)).all()
    assert set(one.props) == {"ticket_no", "plan_new"}
    assert {v.value for v in known if v.name == "props.plan_new"} == {"plan 0", "plan 1", "plan 2"}
    assert len([v for v in known if v.name == "props.ticket_no"]) == 200


@pytest.mark.usefixtures("desk")
def test_an_import_that_breaks_off_keeps_what_it_had_and_can_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.importing.rows.CHUNK", 100)
    monkeypatch.setattr("services.importing.parts.TOGETHER", 1)
    lines = [f"{i % 11},2026-01-01 10:00:00,c{i}" for i in range(350)]
    path = table(tmp_path, "score,date,comment\n" + "\n".join(lines))

    @contextmanager
    def failing() -> Iterator[Session]:
        with transaction() as session:
            yield session
            if session.exec(select(sa.func.count()).select_from(Response)).one() > 250:
                raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk"):
        run.import_file(failing, SHELL, ready(path), NOW, quiet)
    assert count(Response) == 200
    with reading() as session:
        broken = session.exec(select(ImportRun)).one()
    assert broken.state in ("running", "failed")
    done = imported(path)
    assert (done.stored.new, done.stored.known) == (150, 200)


@pytest.mark.usefixtures("desk")
def test_a_survey_keeps_its_metric_and_scale(tmp_path: Path) -> None:
    csat = table(tmp_path, "score,date\n5,2026-01-01\n1,2026-01-02\n")
    imported(csat, survey="Support", metric=Metric.CSAT, scale="1-5")
    assert imported(csat, survey="Support").stored.known == 2
    with pytest.raises(ImportRefused, match="Support"):
        ready(csat, survey="Support", metric=Metric.CES)
    with pytest.raises(ImportRefused, match="Support"):
        ready(csat, survey="Support", scale="1-7")


@pytest.mark.usefixtures("desk")
def test_equal_ids_of_two_surveys_are_two_answers(tmp_path: Path) -> None:
    path = table(tmp_path, "id,score,date\n1,9,2026-01-01\n")
    for survey in ("One", "Two"):
        assert imported(path, survey=survey, options=("external_id=id",)).stored.new == 1
    assert count(Response) == 2


@pytest.mark.usefixtures("desk")
def test_only_admins_and_managers_import() -> None:
    prepared = ready(DELIGHTED)
    for role in ("csm", "support"):
        with pytest.raises(Forbidden):
            run.import_file(transaction, make.actor(role), prepared, NOW, quiet)
        with reading() as session, pytest.raises(Forbidden):
            run.dry_run(session, make.actor(role), prepared, NOW, quiet)
    assert count(Response) == count(ImportRun) == 0


@pytest.mark.usefixtures("desk")
def test_the_audit_names_the_import_and_no_person() -> None:
    report = imported(DELIGHTED)
    with reading() as session:
        entry = session.exec(select(Audit).where(Audit.verb == "import.start")).one()
    assert (entry.entity, entry.entity_id) == ("import_run", report.run_id)
    assert "@" not in str(entry.data)


@pytest.mark.usefixtures("desk")
def test_known_ids_with_other_content_are_said_and_never_swallowed(tmp_path: Path) -> None:
    first = table(tmp_path, "id,score,date\n1,9,2026-01-01\n2,10,2026-01-02\n3,8,2026-01-03\n")
    imported(first, options=("external_id=id",))
    other = table(
        tmp_path, "id,score,date\n1,1,2026-01-01\n2,10,2026-02-02\n3,8,2026-01-03\n", "b.csv"
    )
    report = imported(other, options=("external_id=id",))
    assert (report.stored.new, report.stored.known, report.stored.differing) == (0, 3, 2)
    assert any("another score or time" in warning for warning in report.warnings)


@pytest.mark.usefixtures("desk")
def test_scores_of_another_scale_do_not_slip_into_a_survey(tmp_path: Path) -> None:
    zeros = "\n".join(f"{i % 11},2026-01-01 10:00:{i:02}" for i in range(50))
    imported(table(tmp_path, f"score,date\n{zeros}"))
    ones = "\n".join(f"{i % 10 + 1},2026-01-02 10:00:{i:02}" for i in range(50))
    report = imported(table(tmp_path, f"score,date\n{ones}", "b.csv"))
    assert any("1-10" in warning and "0-10" in warning for warning in report.warnings)


@pytest.mark.usefixtures("desk")
def test_a_delighted_export_without_a_zero_is_still_on_0_10(tmp_path: Path) -> None:
    rows = "\n".join(f"r{i},{i % 10 + 1},,2026-01-01 10:00:{i:02},nps" for i in range(50))
    text = f"Response ID,Score,Comment,Created At,Survey Type\n{rows}"
    prepared = ready(table(tmp_path, text))
    assert (prepared.plan.preset.name, str(prepared.plan.scale)) == ("delighted", "0-10")
    assert not any("1-10" in note for note in prepared.notes)


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("column", ["id", "company", "channel"])
def test_a_cell_too_long_for_an_index_costs_its_row_only(tmp_path: Path, column: str) -> None:
    path = table(
        tmp_path,
        f"score,date,{column}\n9,2026-01-01,a\n9,2026-01-02,{'x' * 10_000}\n9,2026-01-03,b\n",
    )
    field = {"id": "external_id", "company": "account"}.get(column, column)
    report = imported(path, options=(f"{field}={column}",))
    assert (report.stored.new, report.rejected) == (2, 1)
    assert "longer than 200" in report.rejects[0].reason
