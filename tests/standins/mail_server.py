"""What the stand-ins of mail servers share: a port for mail beside the one for control.

`serving()` opens the port for mail in a thread; as a process of its own the state that
`GET /_standin/state` tells names it as `mail_port`.
"""

import asyncio
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.standins.serving import Fault, StandIn

USER, PASSWORD = "desk@example.com", "correct horse"


@dataclass
class MailServer(StandIn):
    """`tls`: offered with STARTTLS; with `tls_first` the connection begins with it.

    Faults match a step (CONNECT, AUTH, RCPT, FETCH ...). Beside before, drop and delay there are
    reply (the answer `said` instead of doing) and revoked (name and password are refused).
    """

    mail_port: int = 0
    user: str = USER
    password: str = PASSWORD
    tls: ssl.SSLContext | None = None
    tls_first: bool = False

    async def listen(self, port: int) -> asyncio.Server:
        """The server of this stand-in."""
        raise AssertionError(f"nothing listens on {port}")

    @contextmanager
    def serving(self) -> Iterator[Self]:
        started = threading.Event()
        loop = asyncio.new_event_loop()

        async def main() -> None:
            server = await self.listen(self.mail_port)
            self.mail_port = server.sockets[0].getsockname()[1]
            self._over = asyncio.Event()
            started.set()
            await self._over.wait()
            server.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            await asyncio.sleep(0.01)

        thread = threading.Thread(target=loop.run_until_complete, args=(main(),))
        thread.start()
        assert started.wait(5)
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(self._over.set)
            thread.join()
            loop.close()

    def run(self) -> None:
        with self.serving():
            super().run()

    def state(self) -> dict[str, Any]:
        return {"mail_port": self.mail_port}

    def fault_at(self, step: str, held: bytes = b"") -> Fault | None:
        """The fault for a step with `held`, if one is queued for it."""
        return next((self.take(step, held) for one in self.faults if one.match == step), None)


def certificate(folder: Path, name: str) -> Path:
    """A certificate for `name` and its key, in one file, signed by itself."""
    made = folder / "made.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    command += f" -subj /CN={name} -addext subjectAltName=DNS:{name} -keyout {made} -out -"
    done = subprocess.run(command.split(), capture_output=True, check=True, text=True)
    made.write_text(made.read_text() + done.stdout)
    return made


def encrypting(certificate: Path) -> ssl.SSLContext:
    """What a server with this certificate needs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
