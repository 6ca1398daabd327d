"""Everything this process answers besides the pages, and the layers around all of it."""

from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from services import config
from services.web import exports, hooks, oidc, setup, signin
from services.web.api import api
from services.web.forms import HERE
from services.web.gate import Gate
from services.web.health import healthz
from services.web.metrics import metrics
from services.web.security import BodyLimit, SecurityHeaders


def routes() -> list[BaseRoute]:
    """In the order in which they are tried, before Streamlit's own."""
    return [
        Route("/healthz", healthz),
        Route("/metrics", metrics),
        *signin.ROUTES,
        *oidc.ROUTES,
        *setup.ROUTES,
        *exports.ROUTES,
        *hooks.ROUTES,
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
