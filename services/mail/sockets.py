"""A connection to a mail server, opened only where the desk may connect to."""

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from services import egress
from services.vendors.base import VendorError

CONNECT, READ = 5.0, 10.0  # seconds
_MOST_ADDRESSES = 3  # of one name that are tried
SECURITY = ("starttls", "tls", "none")


@dataclass(frozen=True)
class Server:
    """Where a mail server is, and who we are there; `allow` as for every outgoing connection."""

    host: str
    port: int
    security: str
    user: str = ""
    password: str = field(default="", repr=False)
    allow: frozenset[str] = frozenset()

    def opened(self) -> socket.socket:
        """A connection, with TLS around it where it starts with that. OSError, egress.Refusal."""
        if self.security not in SECURITY:
            raise egress.Refusal("there is no such kind of security")
        if self.security == "none" and not egress.allowed(self.host, self.port, self.allow):
            raise egress.Refusal("a connection without TLS is only for hosts that an admin allows")
        plain = self._connected()
        plain.settimeout(READ)
        if self.security != "tls":
            return plain
        return egress.tls().wrap_socket(plain, server_hostname=self.host)

    def _connected(self) -> socket.socket:
        ips = egress.addresses(self.host, self.port, self.allow)[:_MOST_ADDRESSES]
        for ip in ips[:-1]:
            try:
                return socket.create_connection((ip, self.port), CONNECT)
            except OSError:
                continue
        return socket.create_connection((ips[-1], self.port), CONNECT)


@contextmanager
def told(title: str) -> Iterator[None]:
    """Turns a connection that failed into a VendorError. For what has no effect yet."""
    try:
        yield
    except egress.Refusal as refusal:
        raise VendorError(f"{title}: {refusal}", permanent=True) from None
    except TimeoutError:
        raise VendorError(f"{title} did not answer in time") from None
    except socket.gaierror:
        raise VendorError(f"the name of the {title} is not known") from None
    except OSError as error:
        raise VendorError(f"{title}: {_short(error)}") from None
    except ValueError:  # a name, a user or a text that cannot be written in what it is sent in
        raise VendorError(f"{title}: this cannot be sent as it is", permanent=True) from None


def _short(error: OSError) -> str:
    """In a few words: what a library says may hold addresses."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return "no TLS could be agreed on"
    return os.strerror(error.errno) if error.errno else "the connection failed"
