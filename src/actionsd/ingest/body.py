"""Request bodies, bounded on the way in: on the wire, while inflating, in time and over all connections."""

import asyncio
import zlib

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage

from actionsd.errors import Unavailable
from actionsd.ingest.refusal import BadRequest

_slowest = 30.0  # seconds a client may take to send a body
_gzip = 16 + zlib.MAX_WBITS
_continue = b"HTTP/1.1 100 Continue\r\n\r\n"


class Bodies:
    """Reads bodies. What arrives in pieces counts against ``max_bytes`` for all connections together, so that many slow
    clients cannot fill the memory."""

    def __init__(self, max_bytes: int) -> None:
        self._free = max_bytes
        self._waiting: set[asyncio.Timeout] = set()
        self._stopping = False

    async def read(self, request: web.BaseRequest, limit: int) -> bytes:
        """The body as the client meant it: whole and inflated, at most ``limit`` bytes.

        Raises:
            BadRequest: too large, broken off, or in an encoding that is not gzip.
            Unavailable: too much is being read already, it takes too long, or the daemon is stopping.
        """
        content = request.content
        if (request.content_length or 0) > limit:
            raise _too_large(limit)
        if content.is_eof():
            body = content.read_nowait()
            if len(body) > limit:
                raise _too_large(limit)
        else:
            body = await self._read_in_pieces(request, limit)
        encoding = request.headers.get("Content-Encoding")
        return inflate(body, limit) if encoding and _is_gzip(encoding) else body

    def stop(self) -> None:
        """Give up on every body that is not complete yet."""
        self._stopping = True
        for waiting in self._waiting:
            if not waiting.expired():
                waiting.reschedule(0)

    async def _read_in_pieces(self, request: web.BaseRequest, limit: int) -> bytes:
        size = request.content_length or limit  # without a length it may be anything
        if self._stopping or self._free < size:
            raise Unavailable("too many unfinished requests", reason="overload")
        self._free -= size
        waiting = asyncio.timeout(_slowest)
        self._waiting.add(waiting)
        try:
            async with waiting:
                return await _collect(request, limit)
        except TimeoutError:
            raise Unavailable("the body did not arrive in time", reason="slow") from None
        except (web.RequestPayloadError, BadHttpMessage) as error:
            raise BadRequest(f"the body is broken: {error}") from None
        finally:
            self._waiting.discard(waiting)
            self._free += size


async def _collect(request: web.BaseRequest, limit: int) -> bytes:
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(_continue)
        request.writer.output_size = 0
    pieces, size = [], 0
    while piece := await request.content.readany():
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            raise _too_large(limit)
    return b"".join(pieces)


def inflate(body: bytes, limit: int) -> bytes:
    """A gzip body, of one or more members, as the text it holds.

    Raises:
        BadRequest: it is no gzip, is cut off, or holds more than ``limit`` bytes; then no more than that was inflated.
    """
    text = b""
    while body:
        member = zlib.decompressobj(_gzip)
        try:
            text += member.decompress(body, limit + 1 - len(text))
        except zlib.error as error:
            raise BadRequest(f"the body is not gzip: {error}") from None
        if len(text) > limit:
            raise _too_large(limit)
        if not member.eof:
            raise BadRequest("the gzip body is cut off")
        body = member.unused_data
    return text


def _is_gzip(encoding: str) -> bool:
    encoding = encoding.strip().lower()
    if encoding not in ("gzip", "x-gzip", "identity"):
        raise BadRequest(f"the content encoding {encoding[:40]} is not supported, only gzip is")
    return encoding != "identity"


def _too_large(limit: int) -> BadRequest:
    return BadRequest(f"the body has more than {limit} bytes")
