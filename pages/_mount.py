"""Our own components: JavaScript and CSS from `_assets`, served by the desk itself.

Streamlit loads a component's inline script from a blob: address, which the page's policy forbids
(`script-src 'self'`). A script in an asset folder has an address of this desk. Streamlit learns of
such folders from installed packages; the desk is none, so it says so itself, once per process.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest

from pages._look import ASSETS

PACKAGE = "loopdesk"


def mount(name: str, data: Any, key: str, **callbacks: Callable[[], None]) -> None:
    """Show the component `name` (its `.js` and any `.css`); `callbacks` are on_<trigger>_change.

    All of `data` arrives as JSON and is put on the page as text, never as HTML.
    """
    manager = get_bidi_component_manager()
    if manager.get_component_asset_root(f"{PACKAGE}.{name}") is None:
        config = ComponentConfig(name, asset_dir=ASSETS.name)
        manager.register_from_manifest(ComponentManifest(PACKAGE, "1", [config]), ASSETS.parent)
        _made.cache_clear()
    _made(name)(key=key, data=data, **callbacks)


@cache
def _made(name: str) -> Any:
    looks = ASSETS / f"{name}.css"
    css = looks.read_text() if looks.exists() else None
    return st.components.v2.component(f"{PACKAGE}.{name}", js=f"{name}.js", css=css)
