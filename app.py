"""The one process of the desk. Start: `streamlit run app.py` (see Makefile for the full line)."""

import gc
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path

import streamlit as st
from anyio import to_thread

ROOT = Path(__file__).parent
# Lets Streamlit's file watcher reload services as well as pages while developing.
os.environ["PYTHONPATH"] = str(ROOT)
# What the command line says is where the desk listens, so the settings repeat it.
os.environ["PORT"] = str(st.get_option("server.port"))
os.environ["LOOPDESK_HOST"] = str(st.get_option("server.address") or "0.0.0.0")

from services.web import doors, start  # noqa: E402  (they read the settings)


def _warm() -> None:
    """Import what the pages use, then take all of it out of the garbage collector's rounds."""
    for name in ("pandas", "plotly.graph_objects"):
        import_module(name)
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """From the first request to the last."""
    start.ready()
    # Before the first page: one that draws while pandas is half imported breaks.
    _warm()
    worker = start.worker()
    yield
    if worker is not None:
        await to_thread.run_sync(worker.stop)
    start.done()


def excuse(_error: Exception) -> bool:
    """What a person reads instead of a page that broke; the console has the traceback."""
    st.error(
        "Something went wrong, and nothing was changed by it. Try again; if it happens again, "
        "tell an admin what you did and when."
    )
    return True


app = st.App(
    ROOT / "pages" / "_frame.py",
    on_script_error=excuse,
    routes=doors.routes(),
    middleware=doors.layers(),
    lifespan=lifespan,
)
