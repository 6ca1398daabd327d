"""Colours, shapes and untrusted text: how things look, wherever they are drawn."""

import re
from html import escape
from pathlib import Path

import streamlit as st

from services.domain.scores import Band

ASSETS = Path(__file__).parent / "_assets"
# A band is told by its word, its shape and its colour; never by colour alone.
SHAPES = {Band.DETRACTOR: "\u25a0", Band.PASSIVE: "\u25cf", Band.PROMOTER: "\u25b2"}
TONES = {Band.DETRACTOR: "low", Band.PASSIVE: "middle", Band.PROMOTER: "top"}
# Characters that turn the reading direction around or cannot be seen at all: a comment could
# disguise itself, or the text beside it, with them. Tab and line breaks may stay.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u2069\ufeff]")


def shown(text: str | None) -> str:
    """Customer text as it may be shown: what is unseen or turns text around becomes U+FFFD.

    One character stays one character, so that positions in the text keep their meaning. The
    result is still untrusted: give it to `st.text`, a cell, an option or the cards, never to
    markdown, a label or HTML.
    """
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text or "")


def styles() -> None:
    """The style sheet of the tiles and lists; once a page."""
    st.html(ASSETS / "look.css")


def element(tag: str, css: str, *inner: str, **attributes: str) -> str:
    """HTML of our own making around `inner`, which is HTML already: see `words`."""
    extra = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    return f'<{tag} class="ld-{css}"{extra}>{"".join(inner)}</{tag}>'


def link(text: str, href: str) -> str:
    """HTML of a link within the desk; the page mounts `links` to follow it without a new load."""
    return element("a", "to", words(text), href=href, target="_self")


def words(text: str) -> str:
    """Text for use inside `element`. For our own sentences: customer text goes to `st.text`."""
    return escape(text)
