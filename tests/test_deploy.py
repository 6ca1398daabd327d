"""What the image and the composition say is held against the code that they are made of."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.cli import app
from services.config import ROOT, Settings
from services.web import doors
from tests.served import free_port, wait_until_up

DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
KNOWN = {name.upper() for name in Settings.model_fields}
OF_OTHERS = {"PATH", "HOME", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "FORWARDED_ALLOW_IPS"}


def lines(word: str) -> list[str]:
    """What stands behind `word` in the Dockerfile."""
    found = re.findall(rf"^\s*{word}\s+(.+)$", DOCKERFILE, re.MULTILINE)
    return [line.strip() for line in found]


def environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in shlex.split(" ".join(lines("ENV"))))


def copied() -> list[tuple[str, str]]:
    """Every file or folder of the project in the image, and where."""
    found = []
    for line in lines("COPY"):
        *sources, target = shlex.split(line)
        if not line.startswith("--from"):
            found += [(source, target) for source in sources]
    return found


def command(word: str) -> list[str]:
    (said,) = re.findall(rf"^{word}\b.*?\s(\[.*\])$", DOCKERFILE, re.MULTILINE)
    return list(json.loads(said))


def image(folder: Path) -> dict[str, str]:
    """The files of the image, copied, and its environment."""
    for source, target in copied():
        at = folder / target
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, at, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            at.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, at)
    return environment() | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def test_the_image_has_the_python_that_the_code_is_checked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    checked = project["tool"]["mypy"]["python_version"]
    assert {line.split()[0] for line in lines("FROM")} == {f"python:{checked}-slim"}


def test_only_what_the_image_is_made_of_is_sent_to_the_builder() -> None:
    kept = (ROOT / ".dockerignore").read_text().split("\n")
    assert "*" in kept
    let_in = {line[1:] for line in kept if line.startswith("!")}
    assert let_in == {source for source, _ in copied()}
    assert all((ROOT / source).exists() for source in let_in)


def test_nobody_runs_it_as_root_and_its_port_is_said_once() -> None:
    assert lines("USER") == ["10001:10001"]
    assert lines("EXPOSE") == [environment()["PORT"]]
    assert environment()["LOOPDESK_VAR"] in lines("VOLUME")
    assert set(environment()) <= KNOWN | OF_OTHERS


def healthy(env: dict[str, str]) -> bool:
    """What the health check of the image says."""
    return subprocess.run(command("HEALTHCHECK"), env=env, capture_output=True).returncode == 0


def test_the_files_of_the_image_are_a_desk_that_starts_and_is_well(tmp_path: Path) -> None:
    port, data, log = free_port(), tmp_path / "data", tmp_path / "log"
    env = image(tmp_path / "srv") | {
        "PORT": str(port), "LOOPDESK_HOST": "127.0.0.1", "LOOPDESK_VAR": str(data),
        "LOOPDESK_WORKER": "0", "HOME": str(data),
    }  # fmt: skip
    with log.open("wb") as out:
        desk = subprocess.Popen(
            command("CMD"), cwd=tmp_path / "srv", env=env, stdout=out, stderr=out
        )
        try:
            wait_until_up(f"http://127.0.0.1:{port}", desk, log)
            assert healthy(env)
        finally:
            desk.terminate()
            desk.wait(10)
    assert "/setup?token=" in log.read_text() and "Traceback" not in log.read_text()
    assert not healthy(env)


def test_a_desk_that_is_not_ready_is_not_healthy() -> None:
    class NotReady(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802  (the name is the library's)
            self.send_error(503)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), NotReady) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        assert not healthy(
            {"PORT": str(server.server_port), "PATH": str(Path(sys.executable).parent)}
        )


@pytest.mark.parametrize("name", ["web", "worker"])
def test_a_service_gets_settings_that_the_desk_knows(name: str) -> None:
    service = COMPOSE["services"][name]
    assert set(service["environment"]) <= KNOWN | OF_OTHERS
    assert service["environment"]["LOOPDESK_WORKER"] == "0"
    assert service["build"] == "." and service["read_only"] is True
    assert service["volumes"] == [f"desk:{environment()['LOOPDESK_VAR']}"]
    url = re.sub(r"\$\{.*?\}", "secret", service["environment"]["DATABASE_URL"])
    assert Settings(database_url=url).url == "postgresql://loopdesk:secret@db:5432/loopdesk"


def test_one_port_is_published_and_to_this_machine_only() -> None:
    published = {name: one.get("ports", []) for name, one in COMPOSE["services"].items()}
    inside = environment()["PORT"]
    assert published == {"web": [f"127.0.0.1:${{PORT:-{inside}}}:{inside}"], "worker": [], "db": []}


def test_the_worker_is_a_verb_of_the_shell() -> None:
    *shell, verb = COMPOSE["services"]["worker"]["command"]
    assert shell == command("CMD")[:-1]
    known = {one.name for one in app.registered_commands}
    assert {verb, command("CMD")[-1]} <= known


def test_the_database_keeps_its_data_and_is_waited_for() -> None:
    services = COMPOSE["services"]
    assert int(services["db"]["image"].removeprefix("postgres:")) >= 14
    named = {volume.split(":")[0] for one in services.values() for volume in one["volumes"]}
    assert named == set(COMPOSE["volumes"])
    assert services["web"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    assert services["worker"]["depends_on"] == {"web": {"condition": "service_healthy"}}
    assert services["db"]["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]


def test_what_may_be_set_is_documented_and_secrets_have_no_default() -> None:
    text = (ROOT / "compose.yaml").read_text()
    asked = set(re.findall(r"\$\{(\w+)", text))
    docs = (ROOT / "docs/deploy.md").read_text()
    assert asked == set(re.findall(r"^\| `([A-Z_]+)` \|", docs, re.MULTILINE))
    example = (ROOT / ".env.example").read_text()
    for name in asked:
        assert f"# {name}=" in example
    for secret in ("LOOPDESK_KEY", "POSTGRES_PASSWORD"):
        assert set(re.findall(rf"\$\{{{secret}(..)", text)) == {":?"}


def test_the_health_check_asks_a_door_that_is_there() -> None:
    paths = {getattr(route, "path", "") for route in doors.routes()}
    (asked,) = re.findall(r"\}(/\w+)", " ".join(command("HEALTHCHECK")))
    assert asked in paths
