"""New mail of one IMAP folder, read without marking, moving or deleting anything.

What was read is remembered as a small dict (the folder's UIDVALIDITY and the last UID), so that a
connection that breaks in between costs nothing: the next one goes on where the last mail was kept.
"""

import imaplib
import re
import socket
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from services import egress
from services.mail.sockets import Server, told
from services.vendors.base import VendorError

LARGEST = 5 * 1024 * 1024  # bytes of a mail that are fetched: its headers and its text come first
_TITLE = "IMAP server"
_BUSY = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_BACK = timedelta(days=2)  # before the last look, or before the first


@dataclass(frozen=True)
class Raw:
    """One mail as it is on the server; `state`: what to remember once it is dealt with."""

    raw: bytes
    cut: bool  # it was larger than what is fetched
    state: dict[str, Any]


class _Imap(imaplib.IMAP4):
    """imaplib over a connection that the desk opened, which holds no more than a mail may be."""

    def __init__(self, server: Server) -> None:
        self._place = server
        super().__init__(server.host, server.port)

    def _create_socket(self, *_: object) -> socket.socket:
        return self._place.opened()

    def read(self, size: int) -> bytes:
        if size > LARGEST:
            raise self.abort("a larger answer than was asked for")
        return super().read(size)


class Inbox:
    """`with inbox: for raw in inbox.new(inbox.since(state, now))`. Every failure: VendorError."""

    def __init__(self, server: Server, folder: str) -> None:
        self._server, self._folder = server, folder
        self._imap: _Imap | None = None
        self._validity = self._following = 0  # as the server said when the folder was opened

    def __enter__(self) -> Self:
        with _failures():
            self._imap = _Imap(self._server)
        try:
            with _failures():
                self._begin(self._imap)
        except VendorError:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave, whatever the server makes of it."""
        imap, self._imap = self._imap, None
        if imap is not None:
            with suppress(imaplib.IMAP4.error, OSError):
                imap.logout()
            with suppress(OSError):
                imap.shutdown()

    def since(self, state: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """Where to go on: after `state`, if it is of this folder as it is now.

        Else the numbers in it say nothing (the folder was made anew) or there are none yet: then
        the days count. What is read twice that way is told by its key.
        """
        day = now.date().isoformat()
        if state.get("validity") == self._validity:
            return {**state, "day": day}
        first = date.fromisoformat(state.get("day") or day) - _BACK
        found = self._search(f"SINCE {first.day}-{_MONTHS[first.month - 1]}-{first.year}")
        following = self._following or max(self._search("UID *"), default=0) + 1
        uid = min(found, default=following) - 1
        return {**state, "validity": self._validity, "uid": uid, "day": day}

    def new(self, state: Mapping[str, Any]) -> Iterator[Raw]:
        """Each mail after `state`, the oldest first; remember `Raw.state` when it is dealt with."""
        # "n:*" names the last mail even where it is older than n.
        uids = self._search(f"UID {state['uid'] + 1}:*")
        for uid in sorted(uid for uid in uids if uid > state["uid"]):
            found = self._fetched(uid)
            if found is not None:
                raw, cut = found
                yield Raw(raw, cut, {**state, "uid": uid})

    def _begin(self, imap: _Imap) -> None:
        if self._server.security == "starttls":
            if "STARTTLS" not in imap.capabilities:
                raise VendorError("the IMAP server offers no STARTTLS", permanent=True)
            imap.starttls(egress.tls())
        self._sign_in(imap)
        said, _ = imap.select(quoted(self._folder), readonly=True)
        if said != "OK":
            raise VendorError("the IMAP server has no such folder", permanent=True)
        self._validity, self._following = _told(imap, "UIDVALIDITY"), _told(imap, "UIDNEXT")

    def _sign_in(self, imap: _Imap) -> None:
        user, password = self._server.user, self._server.password
        try:
            if (user + password).isascii() and (user + password).isprintable():
                imap.login(_in_quotes(user), password)
            else:  # `login` writes plain ASCII only
                imap.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            raise _not_let_in(str(error)) from None

    def _search(self, criteria: str) -> list[int]:
        with _failures():
            said, data = self._open.uid("SEARCH", criteria)
        if said != "OK":
            raise VendorError("the IMAP server does not let us search")
        return [int(uid) for line in data if line for uid in line.split()]

    def _fetched(self, uid: int) -> tuple[bytes, bool] | None:
        """None for one that is gone by now, or that the server does not give."""
        with _failures():
            wanted = f"(RFC822.SIZE BODY.PEEK[]<0.{LARGEST}>)"
            said, data = self._open.uid("FETCH", str(uid), wanted)
        for part in data if said == "OK" else []:
            if isinstance(part, tuple) and b"BODY[" in part[0]:
                size = re.search(rb"RFC822\.SIZE (\d+)", part[0])
                return part[1], size is not None and int(size[1]) > LARGEST
        return None

    @property
    def _open(self) -> _Imap:
        if self._imap is None:
            raise VendorError("the inbox is not open")
        return self._imap


def _told(imap: _Imap, name: str) -> int:
    found = imap.response(name)[1]
    return int(found[-1]) if found and found[-1] and found[-1].isdigit() else 0


def quoted(folder: str) -> str:
    """The name of a folder as IMAP writes it: modified UTF-7, in quotes."""

    def shifted(match: re.Match[str]) -> str:
        data = b64encode(match[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
        return f"&{data}-"

    written = re.sub(r"[^\x20-\x7e]+", shifted, folder.replace("&", "&-"))
    return _in_quotes(written)


def _in_quotes(text: str) -> str:
    return '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"'))


def _not_let_in(said: str) -> VendorError:
    if any(word in said.upper() for word in _BUSY):
        return VendorError("the IMAP server has no place for us now")
    said = "the IMAP server does not accept our credentials"
    return VendorError(said, permanent=True, reconnect=True)


@contextmanager
def _failures() -> Iterator[None]:
    """What imaplib says becomes a VendorError without what the server said."""
    with told(_TITLE):
        try:
            yield
        except imaplib.IMAP4.abort:
            raise VendorError("the IMAP server hung up") from None
        except imaplib.IMAP4.error:
            raise VendorError("the IMAP server answered what we do not understand") from None
