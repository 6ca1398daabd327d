"""`serve`: start the desk where the settings say."""

import os
import sys

from services import config


def serve() -> None:
    """Run the app in the foreground until it is told to stop (Ctrl+C, SIGTERM)."""
    settings = config.load()
    os.chdir(config.ROOT)
    listen = [f"--server.port={settings.port}", f"--server.address={settings.loopdesk_host}"]
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", "app.py", *listen])
