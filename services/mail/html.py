"""HTML of a mail -> text. Reads each character once: `html.parser` takes minutes for `<a <a <a`."""

import re
from html import unescape

_TOKEN = re.compile(r"<!--|<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*>|<[!?/][^<>]*>|[^<]+|<")
_SPACES = re.compile(r"[ \t\n\r\f]+")
_BLANKS = re.compile(r"\n(?:(?:>+ ?)?\n){2,}")
_ENDS = {tag: re.compile(f"</{tag}", re.I) for tag in ("script", "style", "title")}
_BLOCKS = frozenset(
    ["p", "div", "table", "tr", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "pre"]
    + ["section", "article", "header", "footer", "blockquote", "dl", "dt", "dd", "center", "form"]
)
_APART = frozenset(["p", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote"])
_DEEPEST = 9


def plain(html: str) -> str:
    """The words of `html`; what is a quotation gets `>`, so that it can be told from the rest."""
    page, at = _Page(), 0
    while token := _TOKEN.match(html, at):
        at = token.end()
        if token[0] == "<!--":
            at = html.find("-->", at) + 3
        elif token[2]:
            at = _past(html, at, token) or at
            page.tag(token[2].lower(), closing=bool(token[1]))
        elif not token[0].startswith("<") or token[0] == "<":
            page.say(token[0])
        if at < token.end():  # nothing ends this comment
            break
    return page.text()


def _past(html: str, at: int, token: re.Match[str]) -> int:
    """Where to read on after a tag whose inside is no text; 0 for any other tag."""
    end = _ENDS.get(token[2].lower())
    if end is None or token[1]:
        return 0
    found = end.search(html, at)
    return found.start() if found else len(html)


def _meant(text: str) -> str:
    try:
        return unescape(text)
    except ValueError:  # a character reference of thousands of digits
        return text


class _Page:
    """The lines so far, and the one that is being written."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quoted = 0
        self._as_written = 0  # how deep in <pre>

    def tag(self, name: str, *, closing: bool) -> None:
        if name == "br":
            self._end_line()
        elif name in ("td", "th") and self._line:
            self._line.append(" ")
        elif name in _BLOCKS:
            self._block(name, -1 if closing else 1)

    def say(self, given: str) -> None:
        text = _meant(given)
        if not self._as_written:
            text = _SPACES.sub(" ", text)
            self._line.append(text if self._line else text.lstrip(" "))
            return
        *whole, last = text.split("\n")
        for line in whole:
            self._line.append(line)
            self._end_line()
        self._line.append(last)

    def text(self) -> str:
        self._end_block()
        return _BLANKS.sub("\n\n", "\n".join(self._lines)).strip("\n")

    def _block(self, name: str, step: int) -> None:
        self._end_block()
        if name in _APART and self._lines and self._lines[-1]:
            self._lines.append("")
        if name == "blockquote":
            self._quoted = max(0, self._quoted + step)
        elif name == "pre":
            self._as_written = max(0, self._as_written + step)
        elif name == "li" and step > 0:
            self._line = ["- "]

    def _end_block(self) -> None:
        if "".join(self._line).strip():
            self._end_line()
        self._line = []

    def _end_line(self) -> None:
        mark = ">" * min(self._quoted, _DEEPEST) + " " if self._quoted else ""
        line = "".join(self._line)
        self._lines.append(
            (mark + (line if self._as_written else line.replace("  ", " "))).rstrip()
        )
        self._line = []
