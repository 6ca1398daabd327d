"""Where the desk may connect to: what people enter must be public, use https, and stay put.

A name is resolved once for each connection, every address of it is judged, and the connection goes
to a judged address: a name that changes its mind in between cannot lead inside.
"""

import logging
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import certifi
import httpcore
import httpx
import requests
from requests.adapters import HTTPAdapter

TIMEOUT = httpx.Timeout(10, connect=5)  # seconds
# An answer that is larger or slower than any vendor's is somebody who wants to hold a worker.
LARGEST, LONGEST = 10 * 1024 * 1024, 60  # bytes, seconds
# Shorter than any server keeps an idle connection: one closed in our face looks like a lost answer.
IDLE = 2.0  # seconds
_NAT64 = ip_network("64:ff9b::/96")
# At INFO httpx writes whole addresses down, and that of a webhook is a secret.
logging.getLogger("httpx").setLevel(logging.WARNING)


class Refusal(ValueError):
    """The desk does not connect there; the message says why."""


@dataclass(frozen=True)
class Pinned:
    """An address that may be used, and the number behind its name at the time of asking."""

    url: str
    host: str
    ip: str
    port: int


def check(url: str, allow: Iterable[str]) -> Pinned:
    """Whether the desk may connect to `url`; hosts in `allow` may be private and without TLS."""
    try:
        return _pinned(url, frozenset(allow))
    except OSError:
        raise Refusal(f"{httpx.URL(url).host} is not a name that can be resolved") from None


def addresses(host: str, port: int, allow: Iterable[str]) -> list[str]:
    """The IP addresses of `host`, all of them judged. OSError where the name is not known."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    ips = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not allowed(host, port, frozenset(allow)):
        for ip in ips:
            if not _public(ip):
                raise Refusal(f"{host} is in a private network; an admin can allow it")
    return ips


def client(allow: Iterable[str], verify: ssl.SSLContext | None = None, **kw: Any) -> httpx.Client:
    """An HTTP client that connects only where it may, follows nothing and reads no environment."""
    transport = _Transport(frozenset(allow), verify or tls())
    options: dict[str, Any] = {"timeout": TIMEOUT} | kw
    return httpx.Client(transport=transport, trust_env=False, follow_redirects=False, **options)


def adapter(allow: Iterable[str], **kw: Any) -> HTTPAdapter:
    """The same for a `requests.Session`: mount it on both http:// and https://."""
    return _Adapter(frozenset(allow), **kw)


def _pinned(url: str, allow: frozenset[str]) -> Pinned:
    host, port = _place(url, allow)
    return Pinned(url, host, addresses(host, port, allow)[0], port)


def _place(url: str, allow: frozenset[str]) -> tuple[str, int]:
    """Host and port of an address that is written as it should be."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError):
        raise Refusal("this is not a web address") from None
    host = parsed.raw_host.decode("ascii")
    # What one reader takes for a part of the name, another may not.
    odd = any(char.isspace() or char == "\\" for char in url)
    if parsed.scheme not in ("http", "https") or not host or odd:
        raise Refusal("this is not a web address that starts with https://")
    if parsed.userinfo:
        raise Refusal("a web address must not hold a name or a password")
    port = parsed.port or (443 if parsed.scheme == "https" else 80)
    if port > 65535:
        raise Refusal("there is no such port")
    if parsed.scheme == "http" and not allowed(host, port, allow):
        raise Refusal("the address must start with https://")
    return host, port


def allowed(host: str, port: int, allow: frozenset[str]) -> bool:
    return not allow.isdisjoint({host, f"{host}:{port}", f"[{host}]", f"[{host}]:{port}"})


def _public(text: str) -> bool:
    ip = _inner(ip_address(text))
    inside = ip.is_multicast or ip.is_reserved or ip.is_unspecified
    return ip.is_global and not inside and not getattr(ip, "is_site_local", False)


def _inner(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for, where it does: a gateway would go there."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _NAT64:
        return IPv4Address(ip.packed[-4:])
    return ip.ipv4_mapped or ip.sixtofour or ip


@cache
def tls() -> ssl.SSLContext:
    """The known authorities and those of this machine, so that a company's own can be added."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    return context


class _Backend(httpcore.SyncBackend):
    """Opens each connection to an address that was judged in the same breath."""

    def __init__(self, allow: frozenset[str]) -> None:
        self._allow = allow

    def connect_tcp(self, host: str, port: int, *args: Any, **kw: Any) -> httpcore.NetworkStream:
        try:
            ips = addresses(host, port, self._allow)
        except OSError as error:
            raise httpcore.ConnectError("the name cannot be resolved") from error
        for ip in ips[:-1]:
            try:
                return super().connect_tcp(ip, port, *args, **kw)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return super().connect_tcp(ips[-1], port, *args, **kw)


class _Transport(httpx.HTTPTransport):
    def __init__(self, allow: frozenset[str], tls: ssl.SSLContext) -> None:
        super().__init__(verify=tls, trust_env=False)
        self._allow = allow
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls, keepalive_expiry=IDLE, network_backend=_Backend(allow)
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        _place(str(request.url), self._allow)
        until = time.monotonic() + LONGEST
        response = super().handle_request(request)
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _Bounded(response.stream, until)
        return response


class _Bounded(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, until: float) -> None:
        self._stream, self._until = stream, until

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for chunk in self._stream:
            size += len(chunk)
            if size > LARGEST or time.monotonic() > self._until:
                raise httpx.ReadError("the answer is too long")
            yield chunk

    def close(self) -> None:
        self._stream.close()


class _Adapter(HTTPAdapter):
    """Connects by number, while certificate and Host header still speak of the name."""

    def __init__(self, allow: frozenset[str], **kw: Any) -> None:
        self._allow = allow
        super().__init__(**kw)

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, *args: Any, **kw: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        place, pool = super().build_connection_pool_key_attributes(request, *args, **kw)
        try:
            pinned = _pinned(str(request.url), self._allow)
        except OSError as error:
            raise requests.ConnectionError("the name cannot be resolved") from error
        place |= {"host": pinned.ip, "port": pinned.port}
        return place, pool | {"server_hostname": pinned.host, "ssl_context": tls()}

    def cert_verify(self, conn: Any, *_: Any) -> None:
        """Always; the authorities are in the context already."""
        conn.cert_reqs = "CERT_REQUIRED"

    def send(self, request: requests.PreparedRequest, *args: Any, **kw: Any) -> requests.Response:
        request.headers["Host"] = httpx.URL(str(request.url)).netloc.decode("ascii")
        try:
            response = super().send(request, *args, **kw | {"proxies": None, "verify": True})
        except requests.exceptions.InvalidURL as error:
            refused = next((why for why in error.args if isinstance(why, Refusal)), error)
            raise refused from None
        if response.is_redirect:
            response.close()
            raise requests.TooManyRedirects("redirects are not followed", response=response)
        return response
