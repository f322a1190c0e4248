"""The HTTP side: paths, answers, CORS (FEATURES part 2, interop/tracking-clients.md).

aiohttp's low-level server with a dictionary of our own instead of its router: this is the hot path, and the router is
a fifth of it. Every answer allows any origin. There are no redirects: some SDKs take one as success.
"""

import asyncio
import functools
import re
from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiohttp import web

from actionsd.clock import Clock
from actionsd.errors import StoreBroken, Unavailable
from actionsd.event import type_letters
from actionsd.ingest import answers, bearer, pixel
from actionsd.ingest.answers import Answer
from actionsd.ingest.body import Bodies
from actionsd.ingest.intake import Intake, Origin
from actionsd.ingest.keys import from_basic, from_bearer
from actionsd.ingest.proxies import Proxies
from actionsd.ingest.refusal import BadRequest
from actionsd.ingest.taken import Taken
from actionsd.ingest.tokenserver import Clients, TokenServer
from actionsd.settings import Ingest as Options

Handler = Callable[[web.BaseRequest], Awaitable[Answer]]

_no_log: Any = None
_idle = 75.0  # seconds a connection may be quiet, before and between requests
_lingering = 2.0  # seconds in which the rest of a refused body is read away, so that the client sees the answer
_max_connections = 4096
_batch_paths = ("/v1/batch", "/v1/b", "/v1/import")
_settings_path = re.compile(r"/v1/projects/([^/]+)/settings")
_content_types = ("application/json", "text/plain")
_pixel_headers = {"Content-Type": "image/gif", "Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
_allowed_headers = ("authorization", "content-type", "x-retry-count")
_header_name = re.compile(r"[a-z0-9_-]{1,64}")
_preflight_headers = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Max-Age": "86400",
}


class Connection(web.RequestHandler):
    """One connection. What is no HTTP, or what broke in a handler, is answered in the form of all our errors."""

    __slots__ = ("_server",)

    def __init__(self, server: web.Server) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(
            server,
            loop=loop,
            access_log=_no_log,
            auto_decompress=False,
            keepalive_timeout=_idle,
            lingering_time=_lingering,
        )
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if len(self._server.connections) > _max_connections:
            cast(asyncio.Transport, transport).abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> Answer:
        if isinstance(exc, ConnectionError) or request.writer.output_size > 0:
            raise ConnectionError("the client has gone, or has half an answer already") from exc
        if status == 500:
            self.log_exception("a request to %s failed", request.path, exc_info=exc)
            answer = answers.error(500, "internal", "the daemon failed on this request; its log tells more")
        else:
            answer = answers.error(status, "bad_request", (message or "this is no HTTP").partition("\n")[0])
        answer.force_close()
        return answer


class Http:
    """All paths of the ingest listeners. ``trouble`` tells why the daemon is not ready, "" when it is."""

    def __init__(
        self, options: Options, intake: Intake, clock: Clock, trouble: Callable[[], str], clients: Clients | None = None
    ) -> None:
        self._options = options
        self._clock = clock
        self._intake = intake
        self._trouble = trouble
        self._bodies = Bodies(options.queue_bytes)
        self._proxies = Proxies(options.trusted_proxies)
        self._server = web.Server(self.handle)
        self._posts: dict[str, Handler] = dict.fromkeys(_batch_paths, self._batch)
        self._posts["/v1/m"] = self._library_metrics
        if clients is not None:
            self._posts["/token"] = TokenServer(clients, self._bodies, self._proxies, clock).answer
        self._gets: dict[str, Handler] = {"/healthz": self._alive, "/readyz": self._ready}
        for letter, type in type_letters.items():
            self._posts[f"/v1/{type}"] = self._posts[f"/v1/{letter}"] = functools.partial(self._event, type)
            self._gets[f"/v1/pixel/{type}"] = functools.partial(self._pixel, type)

    def connection(self) -> Connection:
        """A protocol for one more connection."""
        return Connection(self._server)

    async def stop(self, grace: float) -> None:
        """Close idle connections, answer what was read, and close the rest after ``grace`` seconds (RULES R32)."""
        self._bodies.stop()
        self._server.pre_shutdown()
        await self._server.shutdown(grace)

    async def handle(self, request: web.BaseRequest) -> Answer:
        """Answer one request."""
        handler = self._posts.get(request.raw_path) if request.method == "POST" else None
        try:
            return await (handler or self._find(request))(request)
        except BadRequest as error:
            return await self._refuse(request, error)
        except (Unavailable, StoreBroken) as error:
            return answers.unavailable(error)

    async def _event(self, type: str, request: web.BaseRequest) -> Answer:
        _check_content_type(request)
        body = await self._bodies.read(request, self._options.max_event)
        return await self._commit(request, self._intake.take_event(body, type, self._origin(request)))

    async def _batch(self, request: web.BaseRequest) -> Answer:
        _check_content_type(request)
        body = await self._bodies.read(request, self._options.max_batch)
        return await self._commit(request, self._intake.take_batch(body, self._origin(request)))

    async def _commit(self, request: web.BaseRequest, taken: Taken) -> Answer:
        """Answer after the commit; an event that is refused is none of the client's business (F012, F014)."""
        await self._intake.submit(taken)
        if taken.refusal is not None:
            code, message = taken.refusal
            if code in bearer.STATUSES:
                return answers.unauthorized(bearer.STATUSES[code], code, message)
            if code == "unknown_source" and self._options.strict_keys:
                return answers.error(401, code, message)
        return answers.success(request, self._clock.now())

    async def _refuse(self, request: web.BaseRequest, error: BadRequest) -> Answer:
        try:
            await self._intake.submit(self._intake.unreadable(self._origin(request)))
        except (Unavailable, StoreBroken) as trouble:
            return answers.unavailable(trouble)
        return answers.error(400, error.code, str(error))

    async def _library_metrics(self, request: web.BaseRequest) -> Answer:
        """What analytics.js counts about itself: taken and dropped."""
        await self._bodies.read(request, self._options.max_batch)
        return answers.success(request, self._clock.now())

    async def _pixel(self, type: str, request: web.BaseRequest) -> Answer:
        """An image whatever the event is worth; only our own trouble shows in the status (DESIGN I1)."""
        origin = self._origin(request)._replace(channel="browser")
        status, headers = 200, _pixel_headers
        try:
            await self._intake.submit(self._take_pixel(type, request, origin))
        except (Unavailable, StoreBroken) as trouble:
            status, headers = answers.status(trouble), _pixel_headers | answers.retry_headers(trouble)
        return web.Response(status=status, body=pixel.image, headers=headers)

    def _take_pixel(self, type: str, request: web.BaseRequest, origin: Origin) -> Taken:
        try:
            return self._intake.take_event(pixel.body(request.query), type, origin)
        except BadRequest:
            return self._intake.unreadable(origin)

    async def _settings(self, key: str, request: web.BaseRequest) -> Answer:
        """The document that makes analytics.js send to us: its ``apiKey`` and ``apiHost`` are what it uses."""
        if self._intake.keys.source(key) is None:
            return answers.error(404, "unknown_source", "no source has this write key")
        protocol, host = self._proxies.base(request)
        segment = {"apiKey": key, "apiHost": f"{host}/v1", "protocol": protocol}
        return answers.document(200, {"integrations": {"Segment.io": segment}, "metrics": {"sampleRate": 0}})

    async def _alive(self, request: web.BaseRequest) -> Answer:
        return answers.document(200, {"status": "alive"})

    async def _ready(self, request: web.BaseRequest) -> Answer:
        trouble = self._trouble()
        return answers.error(503, "unavailable", trouble) if trouble else answers.document(200, {"status": "ready"})

    def _find(self, request: web.BaseRequest) -> Handler:
        """The handler of a request whose path is not spelt as in the dictionary, or that is no POST."""
        path, method = request.path.rstrip("/"), request.method
        if method == "OPTIONS":
            return _preflight
        if method == "POST" and path in self._posts:
            return self._posts[path]
        if method in ("GET", "HEAD"):
            if path in self._gets:
                return self._gets[path]
            if found := _settings_path.fullmatch(path):
                return functools.partial(self._settings, found[1])
        known = path in self._posts or path in self._gets or _settings_path.fullmatch(path)
        return _wrong_method if known else _not_found

    def _origin(self, request: web.BaseRequest) -> Origin:
        headers = request.headers
        authorization = headers.get("Authorization")
        key = from_basic(authorization)
        origin = Origin(key, functools.partial(self._proxies.client_ip, request), "X-Retry-Count" in headers)
        if authorization is None or key is not None:
            return origin
        return origin._replace(bearer=from_bearer(authorization))


def _check_content_type(request: web.BaseRequest) -> None:
    """F007; a client that names none is believed to send JSON."""
    header = request.headers.get("Content-Type", "application/json")
    if header not in _content_types and header.partition(";")[0].strip().lower() not in _content_types:
        raise BadRequest(f"the content type is {' or '.join(_content_types)}, not {header[:100]}")


async def _preflight(request: web.BaseRequest) -> Answer:
    """What browsers ask before a POST with an Authorization header; a page's own headers are allowed too (F016)."""
    wanted = request.headers.get("Access-Control-Request-Headers", "").lower().split(",")
    custom = [name for name in map(str.strip, wanted) if name not in _allowed_headers and _header_name.fullmatch(name)]
    allowed = ", ".join((*_allowed_headers, *custom))
    return web.Response(status=204, headers=_preflight_headers | {"Access-Control-Allow-Headers": allowed})


async def _not_found(request: web.BaseRequest) -> Answer:
    return answers.error(404, "not_found", f"there is nothing at {request.path[:200]}")


async def _wrong_method(request: web.BaseRequest) -> Answer:
    return answers.error(405, "method_not_allowed", f"{request.method} is not for {request.path[:200]}")
