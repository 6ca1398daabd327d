"""Everything this process answers besides the pages, and the layers around all of it."""

import tomllib
from functools import cache

from anyio import fail_after, to_thread
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from db.engine import reading, version
from services import config
from services.web import exports, setup, signin
from services.web.api import api
from services.web.forms import HERE
from services.web.gate import Gate
from services.web.security import BodyLimit, SecurityHeaders

PATIENCE = 3.0  # seconds that the database has to answer a health check


@cache
def desk_version() -> str:
    """The version of this desk, as pyproject.toml says it."""
    project = tomllib.loads((config.ROOT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def _data_version() -> int:
    with reading() as session:
        return version(session)


async def healthz(_request: Request) -> Response:
    """200 while the database answers."""
    said: dict[str, object] = {"status": "ok", "version": desk_version()}
    try:
        with fail_after(PATIENCE):
            said["data_version"] = await to_thread.run_sync(_data_version, abandon_on_cancel=True)
    except Exception:  # whatever is wrong with the database, the answer is the same
        return JSONResponse(said | {"status": "the database does not answer"}, 503)
    return JSONResponse(said, headers={"Cache-Control": "no-store"})


def routes() -> list[BaseRoute]:
    """In the order in which they are tried, before Streamlit's own."""
    return [
        Route("/healthz", healthz),
        *signin.ROUTES,
        *setup.ROUTES,
        *exports.ROUTES,
        Mount("/auth/static", StaticFiles(directory=HERE / "static")),
        Mount("/api", api),
        # What is left of the open prefixes must not reach Streamlit, which answers any path.
        Mount("/auth", PlainTextResponse("Not found", 404)),
        Mount("/webhooks", PlainTextResponse("Not found", 404)),
    ]


def layers() -> list[Middleware]:
    """From the outside in."""
    return [
        Middleware(SecurityHeaders),
        Middleware(Gate, demo=config.load().loopdesk_demo),
        Middleware(BodyLimit),
    ]
