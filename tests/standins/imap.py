"""A small IMAP4rev1 server over real sockets: one folder, read by UID, and faults at each step."""

import asyncio
import re
from base64 import b64decode
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.standins.mail_server import MailServer
from tests.standins.serving import main

TUESDAY = date(2026, 5, 5)
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


@dataclass
class Kept:
    """One mail of the folder."""

    uid: int
    raw: bytes
    day: date
    seen: bool = False


@dataclass
class Imap(MailServer):
    """Steps for faults: CONNECT, LOGIN, EXAMINE, SEARCH, FETCH. A drop cuts an answer in half."""

    folder: str = "INBOX"
    validity: int = 7
    tells_next: bool = True
    mails: list[Kept] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    def deliver(self, raw: bytes, day: date = TUESDAY) -> Kept:
        """A mail comes in."""
        kept = Kept(max((mail.uid for mail in self.mails), default=0) + 1, raw, day)
        self.mails.append(kept)
        return kept

    def made_anew(self, first: int = 1) -> None:
        """As after a restore: the same mails under other numbers."""
        self.validity += 1
        for uid, mail in enumerate(self.mails, first):
            mail.uid = uid

    async def listen(self, port: int) -> asyncio.Server:
        wrapped = self.tls if self.tls_first else None
        return await asyncio.start_server(self._client, "127.0.0.1", port, ssl=wrapped)

    def routes(self) -> list[Route]:
        return [Route("/mails", self._take, methods=["POST"])]

    def state(self) -> dict[str, Any]:
        return super().state() | {"mails": len(self.mails)}

    async def _take(self, request: Request) -> Response:
        return JSONResponse({"uid": self.deliver(await request.body(), date.today()).uid})

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _Talk(self, reader, writer).go()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


class _Talk:
    """One connection."""

    def __init__(
        self, standin: Imap, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.standin, self.reader, self.writer = standin, reader, writer
        self.known = False
        self.read_only = True

    async def go(self) -> None:
        if self.standin.fault_at("CONNECT"):
            return
        await self.say("* OK standin ready")
        while line := (await self.reader.readline()).decode().strip():
            tag, _, command = line.partition(" ")
            name, _, arguments = command.partition(" ")
            if name.upper() == "UID":
                name, _, arguments = arguments.partition(" ")
            self.standin.commands.append(re.sub(r"(?i)^(LOGIN \S+ ).*", r"\1...", command))
            await self.answer(tag, name.upper(), arguments)
            if name.upper() == "LOGOUT":
                return

    async def answer(self, tag: str, name: str, arguments: str) -> None:
        fault = self.standin.fault_at(name)
        if fault and fault.kind == "before":
            raise ConnectionError
        if fault and fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        if fault and fault.kind in ("reply", "revoked"):
            no = "NO [AUTHENTICATIONFAILED] bad desk@example.com"
            return await self.say(f"{tag} {no if fault.kind == 'revoked' else fault.said}")
        does = getattr(self, f"do_{name.lower()}", None)
        said = await does(arguments) if does else "BAD no such command"
        if fault and fault.kind == "drop":
            raise ConnectionError
        await self.say(f"{tag} {said}")
        if name == "STARTTLS":
            await self.writer.start_tls(self.standin.tls)

    async def say(self, line: str) -> None:
        self.writer.write(line.encode() + b"\r\n")
        await self.writer.drain()

    async def do_capability(self, _: str) -> str:
        offers = " STARTTLS" if self.standin.tls and not self.standin.tls_first else ""
        await self.say(f"* CAPABILITY IMAP4rev1 AUTH=PLAIN{offers}")
        return "OK done"

    async def do_starttls(self, _: str) -> str:
        return "OK begin"

    async def do_login(self, arguments: str) -> str:
        name, password = re.fullmatch(r'"(.*)" "(.*)"', arguments).groups()  # type: ignore[union-attr]
        return self._let_in(name, password)

    async def do_authenticate(self, _: str) -> str:
        await self.say("+")
        _, name, password = b64decode(await self.reader.readline()).decode().split("\0")
        return self._let_in(name, password)

    def _let_in(self, name: str, password: str) -> str:
        self.known = (name, password) == (self.standin.user, self.standin.password)
        return "OK in" if self.known else "NO [AUTHENTICATIONFAILED] no"

    async def do_select(self, arguments: str) -> str:
        self.read_only = False
        return await self._open(arguments)

    async def do_examine(self, arguments: str) -> str:
        return await self._open(arguments)

    async def _open(self, arguments: str) -> str:
        if not self.known or arguments.strip('"') != self.standin.folder:
            return "NO no such folder"
        following = max((mail.uid for mail in self.standin.mails), default=0) + 1
        await self.say(f"* {len(self.standin.mails)} EXISTS")
        await self.say(f"* OK [UIDVALIDITY {self.standin.validity}] numbers are good")
        if self.standin.tells_next:
            await self.say(f"* OK [UIDNEXT {following}] next")
        return "OK [READ-ONLY] open"

    async def do_search(self, arguments: str) -> str:
        kind, _, rest = arguments.partition(" ")
        uids = [mail.uid for mail in self.standin.mails]
        if kind == "UID":
            last = max(uids, default=0)
            low = last if rest == "*" else int(rest.split(":")[0])
            uids = [uid for uid in uids if uid >= low or uid == last]
        elif kind == "SINCE":
            day, month, year = rest.split("-")
            since = date(int(year), _MONTHS.index(month) // 3 + 1, int(day))
            uids = [mail.uid for mail in self.standin.mails if mail.day >= since]
        await self.say("* SEARCH" + "".join(f" {uid}" for uid in uids))
        return "OK done"

    async def do_fetch(self, arguments: str) -> str:
        uid, _, items = arguments.partition(" ")
        for number, mail in enumerate(self.standin.mails, 1):
            if mail.uid == int(uid):
                await self._give(number, mail, items)
        return "OK done"

    async def _give(self, number: int, mail: Kept, items: str) -> None:
        start, size = re.search(r"\[\]<(\d+)\.(\d+)>", items).groups()  # type: ignore[union-attr]
        part = mail.raw[int(start) : int(start) + int(size)]
        mail.seen |= "PEEK" not in items and not self.read_only
        await self.say(
            f"* {number} FETCH (UID {mail.uid} RFC822.SIZE {len(mail.raw)}"
            f" BODY[]<{start}> {{{len(part)}}}"
        )
        if any(one.match == "FETCH-HALF" for one in self.standin.faults):
            self.standin.fault_at("FETCH-HALF")
            self.writer.write(part[: len(part) // 2])
            await self.writer.drain()
            raise ConnectionError
        self.writer.write(part + b")\r\n")

    async def do_noop(self, _: str) -> str:
        return "OK done"

    async def do_logout(self, _: str) -> str:
        await self.say("* BYE")
        return "OK done"


if __name__ == "__main__":
    main(Imap())
