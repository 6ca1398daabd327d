"""The rules of the house, as code: who may import whom, names, sizes, and what is documented."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(
    path
    for folder in ("pages", "services", "db")
    for path in (ROOT / folder).rglob("*.py")
    if "versions" not in path.parts
) + [ROOT / "app.py"]
STDLIB = sys.stdlib_module_names
MATHS = {"numpy", "scipy"}
KNOWN = STDLIB | set(packages_distributions())

# room (longest prefix wins) -> (what it may import of ours, what it must never import at all)
ROOMS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "pages/_charts": (("services.insights", "services.domain"), ("streamlit", "db", "sqlalchemy")),
    "pages/": (
        ("pages", "services", "db.engine"),
        ("sqlalchemy", "sqlmodel", "services.vendors", "services.outbox", "services.web"),
    ),
    "services/web/": (("services", "db.engine", "db.migrate"), ("streamlit", "sqlalchemy")),
    "services/commands/": (("services", "db"), ("streamlit",)),
    "services/domain/": (("services.domain",), ("os", "sqlite3", "socket", "random", "db")),
    "services/": (("services", "db"), ("streamlit", "starlette", "fastapi", "services.web")),
    "db/": (("db",), ("streamlit", "services", "pages")),
    "app": (("services.web",), ("sqlmodel",)),
}


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _room(path: Path) -> str:
    return max((room for room in ROOMS if _name(path).startswith(room)), key=len)


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _within(name: str, prefixes: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_a_room_imports_only_what_lies_below_it(path: Path) -> None:
    allowed, never = ROOMS[_room(path)]
    for name in _imports(path):
        assert not _within(name, never), f"{_name(path)} must not import {name}"
        if name.split(".")[0] in ("pages", "services", "db", "tests"):
            assert _within(name, allowed), f"{_name(path)} must not import {name}"


@pytest.mark.parametrize("path", sorted((ROOT / "services/domain").glob("*.py")), ids=_name)
def test_the_domain_is_pure(path: Path) -> None:
    for name in _imports(path):
        top = name.split(".")[0]
        assert top in STDLIB | MATHS or name.startswith("services.domain"), name
    text = path.read_text()
    assert not re.search(r"datetime\.now|date\.today|time\.time|\bopen\(|environ", text)


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_nothing_in_the_product_reads_the_clock_inside_a_rule_or_verb(path: Path) -> None:
    doors = (
        "pages/_door.py",
        "services/web/",
        "services/commands/",
        "services/worker/",
        "services/vendors/",
    )
    doors += ("db/models/base.py",)
    if not _name(path).startswith(doors):
        clocks = re.findall(r"datetime\.now\(|utcnow\(|date\.today\(", path.read_text())
        assert not clocks, f"{_name(path)} reads the clock: pass `now` in"


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_services_never_commit(path: Path) -> None:
    if _name(path).startswith("services/") and not _name(path).startswith("services/outbox"):
        assert ".commit()" not in path.read_text()


@pytest.mark.parametrize("path", sorted((ROOT / "pages").glob("*.py")), ids=_name)
def test_a_page_does_not_shadow_a_module(path: Path) -> None:
    assert path.stem not in KNOWN, f"pages/{path.name} would shadow the module {path.stem}"


def test_the_menu_names_exactly_the_pages() -> None:
    from pages._menu import MENU

    files = {path.name for path in (ROOT / "pages").glob("[!_]*.py")}
    assert {entry.file for entry in MENU} == files


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_files_and_functions_stay_small(path: Path) -> None:
    page = path.parent.name == "pages" and not path.name.startswith("_")
    lines = path.read_text().count("\n")
    assert lines <= (80 if page else 250), f"{_name(path)} has {lines} lines"
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= 40, f"{_name(path)}:{node.lineno} {node.name} has {length} lines"


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_nothing_is_left_for_later(path: Path) -> None:
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b", path.read_text())


def test_every_environment_setting_is_documented() -> None:
    from services.config import Settings

    text = (ROOT / ".env.example").read_text() + (ROOT / "docs/admin.md").read_text()
    for name in Settings.model_fields:
        assert name.upper() in text, f"{name.upper()} is not documented"


def test_every_desk_setting_and_page_is_documented() -> None:
    from pages._menu import MENU
    from services.settings import DEFAULTS

    docs = "\n".join(path.read_text() for path in (ROOT / "docs").glob("*.md"))
    for name in [*DEFAULTS, *(entry.title for entry in MENU)]:
        assert name in docs, f"{name} is not documented"


def test_every_field_of_a_vendor_is_documented() -> None:
    from services.vendors import KNOWN, kind

    for name in KNOWN:
        text = (ROOT / f"docs/vendors/{name}.md").read_text()
        for field in kind(name).fields:
            assert field.label in text, f"{field.label} is not in docs/vendors/{name}.md"
        assert "*Check*" not in text, "the button is called Test"


def test_every_shell_verb_is_documented() -> None:
    from services.cli import app

    docs = (ROOT / "docs/cli.md").read_text()
    verbs = [command.name for command in app.registered_commands]
    verbs += [f"{group.name} " for group in app.registered_groups]
    for verb in verbs:
        assert f"`{verb}" in docs, f"{verb} is not documented in docs/cli.md"


def test_the_licence_is_the_gpl() -> None:
    assert "GNU GENERAL PUBLIC LICENSE" in (ROOT / "LICENSE").read_text()
    assert "GPL-3.0-or-later" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned(name: str) -> None:
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    loose = [line for line in lines if line and not line.startswith("-r") and "==" not in line]
    assert loose == []
