"""A digest as HTML: its finding, the picture, and the parts with a link to the list behind each.

Every word is escaped; the styles stand in the tags, as mail readers want it.
"""

from collections.abc import Mapping
from html import escape
from typing import Any

CID = "chart@loopdesk.invalid"
_BODY = (
    "margin:0;padding:16px;background:#FFFFFF;color:#1B1F24;font:15px/1.5 system-ui,-apple-system,"
    "'Segoe UI',Roboto,'Helvetica Neue',sans-serif"
)
_LINK = "color:#2F5DA8"
_TITLE = "margin:20px 0 4px;font-size:16px"


def html(body: Mapping[str, Any], alt: str) -> str:
    """The whole page. `alt` says what the picture under `CID` shows."""
    parts = "\n".join(map(_part, body["parts"]))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"></head>\n'
        f'<body style="{_BODY}">\n<div style="max-width:600px">\n'
        f'<img src="cid:{CID}" width="600" alt="{escape(alt)}" '
        'style="width:100%;max-width:600px;height:auto">\n'
        f'{parts}\n<p style="margin:24px 0 0;font-size:13px;color:#5B616B">'
        f"{_linked(str(body.get('why') or ''))}</p>\n</div></body></html>\n"
    )


def _part(part: Mapping[str, Any]) -> str:
    lines = "\n".join(f"<li>{_line(one)}</li>" for one in part["lines"])
    title = _anchor(part["title"], part["link"])
    return (
        f'<h2 style="{_TITLE}">{title}</h2>\n<ul style="margin:0;padding-left:20px">\n{lines}</ul>'
    )


def _line(one: Mapping[str, str]) -> str:
    return _anchor(one["text"], one["link"]) if one["link"] else escape(one["text"])


def _anchor(text: str, address: str) -> str:
    return f'<a href="{escape(address)}" style="{_LINK}">{escape(text)}</a>'


def _linked(text: str) -> str:
    """The last word is the address of the page where it is changed."""
    words, _, address = text.rpartition(" ")
    return f"{escape(words)} {_anchor(address, address)}" if address else ""
