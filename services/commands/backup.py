"""`backup` and `restore`: a whole desk into one file, and out of it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from db import engine, whole
from services import config
from services.access import SHELL
from services.backup import archive, desk_key, restoring, writing
from services.backup.form import Manifest
from services.commands import shell
from services.commands.shell import AsJson

File = Annotated[Path, typer.Argument(metavar="FILE")]
WithKey = Annotated[
    bool, typer.Option("--with-key", help="Take the desk's key along: it opens vendors' secrets.")
]
KeepKey = Annotated[
    bool, typer.Option("--keep-key", help="Leave the key that is in the file where it is.")
]
Check = Annotated[
    bool, typer.Option("--check", help="Say whether the file is whole and what it holds, no more.")
]


def backup(file: File, with_key: WithKey = False, as_json: AsJson = False) -> None:
    """Write the whole desk into FILE, while it goes on working."""
    now = shell.now()
    with shell.changing() as session:
        noted = writing.note(session, SHELL, with_key=with_key, now=now)
    with shell.whole_file(file) as out, engine.reading() as session:
        manifest = writing.write(session, SHELL, noted, out)
    facts = {"file": str(file), "bytes": file.stat().st_size} | _facts(manifest)
    text = f"{file} holds {_said(manifest)}."
    if not with_key:
        text += " The key is not in it: without the same key, vendors are connected again."
    shell.answer(as_json, facts, text)


def restore(
    file: File, check: Check = False, keep_key: KeepKey = False, as_json: AsJson = False
) -> None:
    """Fill an empty desk from FILE: all of it, or nothing."""
    with file.open("rb") as opened:
        found = archive.read(opened)
        facts, held = _facts(found.manifest), _said(found.manifest)
        if check:
            shell.answer(as_json, facts, f"{file} is whole and holds {held}.")
            return
        engine.use(config.load().url)
        with (
            desk_key.put(None if keep_key else found.key()) as taken,
            whole.moving_in() as session,
        ):
            done = restoring.restore(session, SHELL, found, with_key=taken, now=shell.now())
    facts |= {
        "key_taken": taken, "paused": done.paused, "locked": done.locked, "foreign": done.foreign,
    }  # fmt: skip
    shell.answer(as_json, facts, "\n".join([f"The desk holds {held}.", *_left_to_do(done)]))


def _left_to_do(done: restoring.Restored) -> list[str]:
    lines = ["Everybody signs in anew; links that were not used yet are sent again."]
    if done.paused:
        named = ", ".join(done.paused)
        why = "what waits there may have been sent since"
        lines.append(f"Paused until you resume them, because {why}: {named}.")
    if done.locked:
        lines.append(f"{done.locked} secrets need the old key: connect those vendors again.")
    if done.foreign:
        lines.append(f"{done.foreign:,} rows of the ledger can be checked with the old key only.")
    return lines


def _facts(manifest: Manifest) -> dict[str, Any]:
    return {
        "made_at": manifest.made_at, "engine": manifest.engine, "revision": manifest.revision,
        "rows": manifest.rows, "tables": {sheet.name: sheet.rows for sheet in manifest.tables},
        "with_key": manifest.key is not None,
    }  # fmt: skip


def _said(manifest: Manifest) -> str:
    made = f"{manifest.made_at:%Y-%m-%d %H:%M} UTC on {manifest.engine}"
    return f"{manifest.rows:,} rows in {len(manifest.tables)} tables, as of {made}"
