"""`rules`: what rules say, what they would have done, and which version acts."""

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlmodel import Session

from services.access import SHELL, Refused
from services.commands import shell
from services.commands.shell import AsJson
from services.domain.many import many
from services.domain.rules.body import Body, written
from services.domain.rules.words import WHY, lines
from services.rules import keeping, listing, reporting
from services.rules.calling import body_of, called
from services.rules.reporting import Report
from services.rules.simulating import NEW, Simulation, simulate

app = shell.verbs("Rules: simulate one, look at it in the shadow, let it act.")
Rule = Annotated[int, typer.Argument(help="The number of the rule, as `rules list` says.")]
File = Annotated[
    Path | None, typer.Option("--file", help="A rule as JSON, as `rules show` prints it.")
]
Days = Annotated[int, typer.Option(min=1, help="How far back, in days.")]
N = Annotated[int | None, typer.Option("--version", help="Which version; else the last one.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the rules in their order: which version acts, which is in the shadow."""
    with shell.looking() as session:
        found = listing.rules(session, SHELL)
    rows = [
        {"rule": one.id, "name": one.name, "live": one.live, "shadow": one.shadow,
         "versions": one.versions}
        for one in found
    ]  # fmt: skip
    shell.answer(as_json, {"rules": rows}, shell.table(rows, "There are no rules."))


@app.command("show")
def show(rule: Rule, version: N = None, as_json: AsJson = False) -> None:
    """Print what a rule says: in words, or as JSON that `save` takes."""
    with shell.looking() as session:
        n = version or _last(session, rule)
        body, names = body_of(session, rule, n), called(session)
    shell.answer(as_json, written(body), "\n".join(lines(body, names)))


@app.command("save")
def save(
    file: Annotated[Path, typer.Argument(help="A rule as JSON; nothing acts by being saved.")],
    name: Annotated[str, typer.Option(help="What the rule is called.")],
    rule: Annotated[int | None, typer.Option(help="A further version of this rule.")] = None,
    as_json: AsJson = False,
) -> None:
    """Keep a rule, or a further version of one."""
    body = _read(file)
    with shell.changing() as session:
        rule_id, n = keeping.save(
            session, SHELL, name=name, body=body, now=shell.now(), rule_id=rule
        )
    shell.answer(as_json, {"rule": rule_id, "version": n}, f"Rule {rule_id}, version {n}.")


@app.command("simulate")
def simulate_(
    days: Days = 30, rule: Annotated[int | None, typer.Option(help="Try this rule.")] = None,
    version: N = None, file: File = None,
    log: Annotated[Path | None, typer.Option(help="Write a line each firing here.")] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Say what the rules would have done with the answers of the last days. Nothing is sent.

    Without --rule: the rules as they act now. With it that rule in its last version, in --version,
    or as --file says; --file alone is a further rule.
    """
    with shell.looking() as session:
        drafts = _drafts(session, rule, version, file)
        done = simulate(
            session, SHELL, days=days, now=shell.now(), drafts=drafts, progress=_progress
        )
        told, names = reporting.report(session, SHELL, done), listing.rules(session, SHELL)
    if log is not None:
        with shell.whole_file(log) as out:
            out.write("".join(f"{line}\n" for line in done.log()).encode())
    called_ = {one.id: one.name for one in names} | {NEW: "the rule of the file"}
    shell.answer(as_json, _facts(done, told, called_), _words(done, told, called_))


@app.command("diff")
def diff(
    rule: Rule, before: Annotated[int, typer.Argument()], after: Annotated[int, typer.Argument()],
    days: Days = 30, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Say how two versions differ, in words and in what they would have done."""
    with shell.looking() as session:
        told = listing.diff(session, SHELL, rule, before, after)
        now = shell.now()
        was, would = (
            simulate(session, SHELL, days=days, now=now, drafts={rule: n}, progress=_progress)
            for n in (before, after)
        )
    changed = reporting.change(was, would, rule)
    more, fewer, otherwise = (
        len(some) for some in (changed.only_after, changed.only_before, changed.otherwise)
    )
    facts = {
        "rule": rule, "before": before, "after": after, "days": days,
        "lines": [{"sign": sign, "line": line} for sign, line in told],
        "only_before": fewer, "only_after": more, "otherwise": otherwise, "same": changed.same,
    }  # fmt: skip
    text = [f"{sign} {line}" for sign, line in told] or ["They say the same."]
    text += [
        f"In the last {days} days version {after} fires on "
        f"{many(more, 'answer')} more and {fewer:,} fewer, does otherwise on "
        f"{otherwise:,} and the same on {changed.same:,}."
    ]
    shell.answer(as_json, facts, "\n".join(text))


@app.command("enable")
def enable(
    rule: Rule, version: N = None,
    shadow: Annotated[bool, typer.Option(help="Only note what it would have done.")] = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Let a version act from now on; an earlier one is brought back in the same way."""
    with shell.changing() as session:
        n = version or _last(session, rule)
        keeping.enable(session, SHELL, rule, n, now=shell.now(), shadow=shadow)
    how = "is in the shadow" if shadow else "acts"
    facts = {"rule": rule, "version": n, "shadow": shadow}
    shell.answer(as_json, facts, f"Version {n} of rule {rule} {how} from now on.")


@app.command("disable")
def disable(
    rule: Rule,
    shadow: Annotated[bool, typer.Option(help="Take it out of the shadow only.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let a rule act no longer."""
    with shell.changing() as session:
        keeping.disable(session, SHELL, rule, now=shell.now(), shadow=shadow)
    how = "is out of the shadow" if shadow else "acts no longer"
    shell.answer(as_json, {"rule": rule, "shadow": shadow}, f"Rule {rule} {how}.")


def _progress(done: int, of: int) -> None:
    """One line that counts, where somebody looks on."""
    if sys.stderr.isatty():
        typer.echo(f"\r{done:,} of {of:,} answers looked at", err=True, nl=done == of)


def _drafts(
    session: Session, rule: int | None, version: int | None, file: Path | None
) -> dict[int, int | Body | None]:
    if version is not None and rule is None:
        raise typer.BadParameter("--version is of a rule: give --rule")
    if file is not None:
        return {rule or NEW: keeping.checked(session, _read(file))}
    return {} if rule is None else {rule: version or _last(session, rule)}


def _last(session: Session, rule: int) -> int:
    return listing.versions(session, SHELL, rule)[0].n


def _read(file: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Refused(f"{file} is no JSON: {error}.") from None
    if not isinstance(found, dict):
        raise Refused(f"{file} holds no rule.")
    return found


def _facts(done: Simulation, told: Report, names: Mapping[int, str]) -> dict[str, Any]:
    return {
        "start": done.start, "end": done.end, "answers": told.answers, "fired": told.fired,
        "rules": [
            {"rule": one.rule_id, "name": names[one.rule_id], "fired": one.fired,
             "done": dict(one.done),
             "not": [{"do": do, "why": why, "n": n} for (do, why), n in one.not_done.items()]}
            for one in told.rules
        ],
        "messages": dict(told.messages), "contacts": told.contacts,
        "more_than_one": len(told.often), "doubles_held_back": dict(told.doubles),
        "teams": {str(team): n for team, n in told.teams.items()},
        "people": [vars(one) for one in told.loads],
    }  # fmt: skip


def _words(done: Simulation, told: Report, names: Mapping[int, str]) -> str:
    text = [
        f"{told.answers:,} answers from {_day(done.start)} to {_day(done.end)}; rules fire on "
        f"{told.fired:,} of them. Nothing was sent."
    ]
    for one in told.rules:
        made = ", ".join(f"{do} {n:,}" for do, n in one.done.items()) or "nothing"
        text.append(f"{names[one.rule_id]}: fires on {one.fired:,}; {made}")
        text += [
            f"  not {do} {n:,} times: {WHY.get(why, why)}" for (do, why), n in one.not_done.items()
        ]
    sent = ", ".join(f"{vendor} {n:,}" for vendor, n in told.messages.items()) or "none"
    held = sum(told.doubles.values())
    text.append(
        f"Messages: {sent}; customers with more than one: {len(told.often):,}; doubles held back: "
        f"{held:,}"
    )
    text += [
        f"{one.name}: {one.cases:,} cases (had {one.had:,}, reached {one.contacted:,}), at most "
        f"{one.together:,} first contacts due on one day"
        for one in told.loads
    ]  # fmt: skip
    return "\n".join(text)


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
