"""`GET /healthz`: whether the desk can work, for anybody, and without saying why not."""

import tomllib
from functools import cache

from anyio import fail_after, to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from db.engine import reading, version
from db.migrate import newest, standing
from services import config

PATIENCE = 3.0  # seconds that the database has to answer
NO_STORE = {"Cache-Control": "no-store"}


@cache
def desk_version() -> str:
    """The version of this desk, as pyproject.toml says it."""
    project = tomllib.loads((config.ROOT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def _data_version() -> int | None:
    """None where the database is not at the revision that this code is for."""
    with reading() as session:
        return version(session) if standing(session) == newest() else None


async def healthz(_request: Request) -> Response:
    """200 while the database answers and is up to date, else 503."""
    found = None
    try:
        with fail_after(PATIENCE):
            found = await to_thread.run_sync(_data_version, abandon_on_cancel=True)
    except Exception:  # whatever is wrong with the database, the answer is the same
        pass
    if found is None:
        return JSONResponse({"status": "not ready"}, 503, NO_STORE)
    said = {"status": "ok", "version": desk_version(), "data_version": found}
    return JSONResponse(said, headers=NO_STORE)
