"""``call.http``: builds requests, keeps to the definition's hosts, records every exchange, raises on non-2xx."""

from collections.abc import Callable, Coroutine
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec

from actionsd.delivery.exchange import Exchange
from actionsd.delivery.request import build
from actionsd.sdk import UNSET, HTTPError, NetworkError, Request, RequestError, RequestOptions, Response, Transport
from actionsd.sdk.http import Headers, Pairs

_MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)

Answer = Coroutine[Any, Any, Response]


class Client(msgspec.Struct, eq=False):
    """The :class:`actionsd.sdk.Http` of one call.

    Every exchange is appended to ``exchanges`` when it starts. ``extend`` gives the definition's shared options; it is
    asked once, at the first request. ``hosts`` are those the definition declares; () for any.
    """

    transport: Transport
    exchanges: list[Exchange]
    monotonic: Callable[[], float]
    hosts: tuple[str, ...] = ()
    extend: Callable[[], RequestOptions] | None = None
    shared: RequestOptions | None = None

    __repr__ = object.__repr__  # options and exchanges hold secrets (I6)

    def request(
        self, method: str, url: str, *, json: Any = UNSET, form: Pairs | None = None, data: str | bytes | None = None,
        params: Pairs | None = None, headers: Headers | None = None, auth: tuple[str | None, str | None] | None = None,
        timeout: float | None = None, raise_for_status: bool | None = None,
    ) -> Answer:  # fmt: skip
        """See :class:`actionsd.sdk.Http`."""
        return self._request(method, url, json, form, data, params, headers, auth, timeout, raise_for_status)

    def post(
        self, url: str, *, json: Any = UNSET, form: Pairs | None = None, data: str | bytes | None = None,
        params: Pairs | None = None, headers: Headers | None = None, auth: tuple[str | None, str | None] | None = None,
        timeout: float | None = None, raise_for_status: bool | None = None,
    ) -> Answer:  # fmt: skip  # as `request`, for most are made so, and names are slow to pass on
        return self._request("POST", url, json, form, data, params, headers, auth, timeout, raise_for_status)

    async def _request(
        self, method: str, url: str, json: Any, form: Pairs | None, data: str | bytes | None, params: Pairs | None,
        headers: Headers | None, auth: tuple[str | None, str | None] | None, timeout: float | None,
        raise_for_status: bool | None,
    ) -> Response:  # fmt: skip
        if self.extend is not None:
            self.shared, self.extend = self.extend(), None
        options: dict[str, Any] = {}
        if json is not UNSET:
            options["json"] = json
        if form is not None:
            options["form"] = form
        if data is not None:
            options["data"] = data
        if params is not None:
            options["params"] = params
        if headers is not None:
            options["headers"] = headers
        if auth is not None:
            options["auth"] = auth
        if timeout is not None:
            options["timeout"] = timeout
        request = first = build(method, url, options, self.shared)
        for _ in range(1 + _MAX_REDIRECTS):
            if self.hosts and not _is_within(request.url, self.hosts):
                raise _strange(request.url, self.hosts)
            exchange = Exchange(request)
            self.exchanges.append(exchange)
            started = self.monotonic()
            try:
                exchange.response = response = await self.transport.send(request)
            except NetworkError as error:
                exchange.error = error
                raise
            finally:
                exchange.seconds = self.monotonic() - started
            if 200 <= response.status < 300:
                return response
            following = _following(request, response)
            if following is None:
                break
            request = following
        if raise_for_status is None:
            raise_for_status = self.shared is None or self.shared.get("raise_for_status", True)
        if raise_for_status:
            raise HTTPError(first, response)
        return response

    def get(self, url: str, **options: Any) -> Answer:
        return self.request("GET", url, **options)

    def put(self, url: str, **options: Any) -> Answer:
        return self.request("PUT", url, **options)

    def patch(self, url: str, **options: Any) -> Answer:
        return self.request("PATCH", url, **options)

    def delete(self, url: str, **options: Any) -> Answer:
        return self.request("DELETE", url, **options)


@lru_cache(maxsize=1024)
def _is_within(url: str, hosts: tuple[str, ...]) -> bool:
    """Whether a URL's host is one of these; ``"*.acme.test"`` stands for all below."""
    host = urlsplit(url).hostname or ""
    return any(host == allowed or (allowed[:2] == "*." and host.endswith(allowed[1:])) for allowed in hosts)


def _strange(url: str, hosts: tuple[str, ...]) -> RequestError:
    return RequestError(f"{urlsplit(url).hostname} is not one of the hosts of this destination: {', '.join(hosts)}")


def _following(request: Request, response: Response) -> Request | None:
    """The request that a redirect leads to; None where there is none, or it leads to another origin: credentials and
    payloads reach nobody else. As fetch makes it: 303, and 301 or 302 after POST, turn into GET without a body."""
    location, status = response.headers.get("location"), response.status
    if location is None or status not in _REDIRECTS:
        return None
    url = urljoin(request.url, location)
    if urlsplit(url)[:2] != urlsplit(request.url)[:2]:
        return None
    if request.method == "HEAD" or not (status == 303 or (status in (301, 302) and request.method == "POST")):
        return Request(request.method, url, request.headers, request.body, request.timeout)
    headers = {name: value for name, value in request.headers.items() if not name.startswith("content-")}
    return Request("GET", url, headers, b"", request.timeout)
