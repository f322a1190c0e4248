"""How requests reach the destinations: aiohttp, with connections of its own for each of them (RULES R28)."""

import asyncio
import errno
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, Protocol

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from actionsd.sdk import NetworkError, Request, Response, Transport

body_limit = 1024 * 1024  # bytes of an answer that are read (RULES R28)
look_ups_at_once = 32  # threads of the process that resolve names
look_ups_per_destination = 2
name_lifetime = 30.0  # seconds that a resolved name is kept
connections = 64  # of one destination; its slots are the limit that counts
_limitless = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
_gai_codes = {socket.EAI_AGAIN: "EAI_AGAIN"}


class Resolver:
    """Resolves names for all destinations on threads of its own; each name is looked up once at a time and kept."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(look_ups_at_once, thread_name_prefix="resolver")
        self._known: dict[tuple[str, int, int], tuple[float, list[ResolveResult]]] = {}
        self._under_way: dict[tuple[str, int, int], asyncio.Future[list[ResolveResult]]] = {}

    async def resolve(self, host: str, port: int, family: int) -> list[ResolveResult]:
        """The addresses of a name. Raises ``OSError`` (``socket.gaierror``) when there are none."""
        return await asyncio.shield(self.look_up(host, port, family))

    def known(self, host: str, port: int, family: int) -> list[ResolveResult] | None:
        """The addresses as they were found lately."""
        until, found = self._known.get((host, port, family), (0.0, None))
        return found if until > asyncio.get_running_loop().time() else None

    def look_up(self, host: str, port: int, family: int) -> "asyncio.Future[list[ResolveResult]]":
        """The look-up of a name; it goes on when nobody waits for it any more."""
        key, loop = (host, port, family), asyncio.get_running_loop()
        under_way = self._under_way.get(key)
        if (known := self.known(host, port, family)) is not None:
            under_way = loop.create_future()
            under_way.set_result(known)
        elif under_way is None:
            under_way = loop.run_in_executor(self._threads, _look_up, host, port, family)
            self._under_way[key] = under_way
            under_way.add_done_callback(lambda done: self._found(key, loop.time() + name_lifetime, done))
        return under_way

    def close(self) -> None:
        """Let go of the threads; look-ups that hang end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _found(self, key: tuple[str, int, int], until: float, done: "asyncio.Future[list[ResolveResult]]") -> None:
        del self._under_way[key]
        if not done.cancelled() and done.exception() is None:
            self._known[key] = (until, done.result())


class Share(AbstractResolver):
    """A destination's part of the resolver: at most two look-ups at once, so that hanging ones hinder only itself. One
    counts until it ends, for it holds a thread also after the attempt that wanted it has timed out."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._turn = asyncio.Semaphore(look_ups_per_destination)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        known = self._resolver.known(host, port, family)
        if known is None:
            await self._turn.acquire()
            looking = self._resolver.look_up(host, port, family)
            looking.add_done_callback(lambda done: self._turn.release())
            known = await asyncio.shield(looking)
        return known

    async def close(self) -> None:
        """Nothing is held here."""


class Sender(Transport, Protocol):
    """What a destination sends with. ``timeout`` is how long its attempts last at most, in seconds."""

    timeout: float

    async def close(self) -> None:
        """Let go of what is held."""
        ...


class HttpTransport:
    """Sends over connections of its own. Requests that allow themselves as long as ``timeout`` need no timer."""

    def __init__(self, resolver: Resolver) -> None:
        self.timeout = 0.0
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: Request) -> Response:
        """See :class:`actionsd.sdk.Transport`."""
        session = self._session or self._open()
        timeout = _limitless if request.timeout >= self.timeout > 0 else aiohttp.ClientTimeout(total=request.timeout)
        try:
            async with session.request(
                request.method, _url(request.url), headers=request.headers, data=request.body or None,
                allow_redirects=False, timeout=timeout,
            ) as answer:  # fmt: skip
                body = await _read(answer)
                headers = {name.lower(): value for name, value in answer.headers.items()}
                return Response(answer.status, headers, body)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise _network_error(error) from error

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=connections, use_dns_cache=False, resolver=Share(self._resolver), happy_eyeballs_delay=None
        )
        self._session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), skip_auto_headers=("User-Agent", "Content-Type")
        )
        return self._session


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    """The body up to the limit; the connection of a longer one is not used again."""
    body = await answer.content.read(body_limit)
    while not answer.content.at_eof() and len(body) < body_limit:
        body += await answer.content.read(body_limit - len(body))
    if not answer.content.at_eof():
        answer.close()
    return body


def _look_up(host: str, port: int, family: int) -> list[ResolveResult]:
    found = socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [
        ResolveResult(
            hostname=host, host=str(address[0]), port=int(address[1]), family=af, proto=proto,
            flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
        )
        for af, _, proto, _, address in found
    ]  # fmt: skip


@lru_cache(maxsize=1024)
def _url(text: str) -> URL:
    return URL(text, encoded=text.isascii())


def _network_error(error: Exception) -> NetworkError:
    """The failure under the name that Segment gives it (FEATURES F173)."""
    code = _code(error)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return NetworkError(f"getaddrinfo {code} {error.host}", code)
    if isinstance(error, aiohttp.ClientConnectorError) and not isinstance(error, aiohttp.ClientSSLError):
        return NetworkError(f"connect {code} {error.host}:{error.port}", code)
    return NetworkError(str(error) or type(error).__name__, code)


def _code(error: Any) -> str:
    cause = getattr(error, "os_error", None) or error
    if isinstance(error, TimeoutError):
        return "ETIMEDOUT"
    if isinstance(cause, socket.gaierror):
        return _gai_codes.get(cause.errno or 0, "ENOTFOUND")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "ENOTFOUND"
    if isinstance(cause, ssl.SSLError | ssl.CertificateError | aiohttp.ClientSSLError):
        return "EPROTO"
    return errno.errorcode.get(getattr(cause, "errno", None) or 0, "ECONNRESET")
