"""`serve`: start the desk where the settings say."""

import os
import sys
from urllib.parse import urlsplit

from services import config


def serve() -> None:
    """Run the app in the foreground until it is told to stop (Ctrl+C, SIGTERM)."""
    settings = config.load()
    os.chdir(config.ROOT)
    listen = [f"--server.port={settings.port}", f"--server.address={settings.loopdesk_host}"]
    if known := urlsplit(settings.loopdesk_base_url).hostname:
        # Else Streamlit asks an address outside which one is its own, where a page comes from
        # another host than the one that a proxy names.
        listen.append(f"--browser.serverAddress={known}")
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", "app.py", *listen])
