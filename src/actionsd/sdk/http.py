"""The HTTP an action sees: what goes out, what comes back, and the one method that a transport has."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from http import HTTPStatus
from typing import Any, Protocol, TypedDict

import msgspec

from actionsd.sdk import js

DEFAULT_TIMEOUT = 10.0  # seconds; FEATURES F070
USER_AGENT = "Segment (Actions)"

Headers = Mapping[str, Any]
Pairs = Mapping[str, Any] | Sequence[tuple[str, Any]]


class RequestOptions(TypedDict, total=False):
    """Options of a request; a definition's ``request`` gives those that every request of the destination shares.

    Example:
        request=lambda call: {"headers": {"authorization": f"Bearer {call.settings.api_key}"}, "timeout": 5}
    """

    method: str
    json: Any
    form: Pairs
    data: str | bytes
    params: Pairs
    headers: Headers
    auth: tuple[str | None, str | None]
    timeout: float
    raise_for_status: bool


class Request(msgspec.Struct, frozen=True):
    """A request as it goes to the wire; ``headers`` have lower-case names, ``timeout`` is in seconds.

    Example:
        (sent,) = done.requests  # of a testing.Run
        assert (sent.method, sent.url, sent.json["event"]) == ("POST", "https://api.acme.test/v1/track", "Signed Up")

    Raises:
        msgspec.DecodeError: ``json`` is asked for and the body is none.
    """

    method: str
    url: str
    headers: dict[str, str]
    body: bytes = b""
    timeout: float = DEFAULT_TIMEOUT

    @property
    def json(self) -> Any:
        """The body as JSON. Raises ``msgspec.DecodeError`` where it is none."""
        return msgspec.json.decode(self.body)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")


# What node says; Python's own phrases and names are of one RFC or another, by its version.
_PHRASES = {413: "Payload Too Large", 414: "URI Too Long", 416: "Range Not Satisfiable", 422: "Unprocessable Entity"}


def phrase(status: int) -> str:
    """What an HTTP status means, in the words that go with it; "" for an unknown one.

    >>> phrase(404), phrase(422), phrase(799)
    ('Not Found', 'Unprocessable Entity', '')
    """
    try:
        return _PHRASES.get(status) or HTTPStatus(status).phrase
    except ValueError:
        return ""


class Response(msgspec.Struct, frozen=True, dict=True):
    """An answer, read to the end; ``headers`` have lower-case names.

    Example:
        response = await call.http.get("https://api.acme.test/v1/me")
        if response.data["active"]: ...
    """

    status: int
    headers: dict[str, str]
    body: bytes = b""

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def reason(self) -> str:
        """The standard phrase of the status, such as "Not Found"; "" for one without."""
        return phrase(self.status)

    @cached_property
    def text(self) -> str:
        """The body as text, UTF-8."""
        return self.body.decode(errors="replace")

    @cached_property
    def data(self) -> Any:
        """What an action works with: the parsed body where content-type says ``application/json`` (None where it is
        broken), else the text."""
        if "application/json" not in self.headers.get("content-type", ""):
            return self.text
        try:
            return js.parse(self.text)
        except (ValueError, RecursionError):
            return None


class Transport(Protocol):
    """Sends one request. Implemented on aiohttp by the daemon and by a recorded stub in ``actionsd.testing``.

    Example:
        response = await transport.send(Request("GET", "https://api.acme.test/v1/me", {}))
    """

    async def send(self, request: Request, /) -> Response:
        """The answer, whatever its status; redirects are not followed.

        Raises:
            NetworkError: no answer, with ENOTFOUND, ECONNREFUSED, ECONNRESET, ETIMEDOUT ... as code.
        """
        ...


class Http(Protocol):
    """``call.http``: sends requests with the definition's shared options, records them, raises on non-2xx.

    All methods take the same options (FEATURES F070):

    Args:
        url: absolute; ``params`` replace its query.
        json: any JSON value or payload, written as ``JSON.stringify`` does; wins over the other bodies and sets
            content-type ``application/json``. UNSET: no body.
        form: name/value pairs, sent as ``application/x-www-form-urlencoded``.
        data: text (``text/plain``) or bytes.
        params: name/value pairs of the query.
        headers: merged over the shared ones, names in any case; UNSET removes one.
        auth: user name and password for the Basic scheme; overrides an authorization header.
        timeout: seconds; 10 by default.
        raise_for_status: False to get every answer back.

    Raises:
        HTTPError: the answer is not 2xx.
        NetworkError: there was no answer.
        RequestError: the request can't be built, or its host is not one that the definition declares.

    Example:
        answer = await call.http.post("https://api.acme.test/v1/track", json=call.payload, params={"strict": 1})
    """

    async def request(
        self, method: str, url: str, *, json: Any = ..., form: Pairs | None = ..., data: str | bytes | None = ...,
        params: Pairs | None = ..., headers: Headers | None = ..., auth: tuple[str | None, str | None] | None = ...,
        timeout: float | None = ..., raise_for_status: bool | None = ...,
    ) -> Response: ...  # fmt: skip

    async def get(
        self, url: str, *, params: Pairs | None = ..., headers: Headers | None = ...,
        auth: tuple[str | None, str | None] | None = ..., timeout: float | None = ...,
        raise_for_status: bool | None = ...,
    ) -> Response: ...  # fmt: skip

    async def post(
        self, url: str, *, json: Any = ..., form: Pairs | None = ..., data: str | bytes | None = ...,
        params: Pairs | None = ..., headers: Headers | None = ..., auth: tuple[str | None, str | None] | None = ...,
        timeout: float | None = ..., raise_for_status: bool | None = ...,
    ) -> Response: ...  # fmt: skip

    async def put(
        self, url: str, *, json: Any = ..., form: Pairs | None = ..., data: str | bytes | None = ...,
        params: Pairs | None = ..., headers: Headers | None = ..., auth: tuple[str | None, str | None] | None = ...,
        timeout: float | None = ..., raise_for_status: bool | None = ...,
    ) -> Response: ...  # fmt: skip

    async def patch(
        self, url: str, *, json: Any = ..., form: Pairs | None = ..., data: str | bytes | None = ...,
        params: Pairs | None = ..., headers: Headers | None = ..., auth: tuple[str | None, str | None] | None = ...,
        timeout: float | None = ..., raise_for_status: bool | None = ...,
    ) -> Response: ...  # fmt: skip

    async def delete(
        self, url: str, *, json: Any = ..., form: Pairs | None = ..., data: str | bytes | None = ...,
        params: Pairs | None = ..., headers: Headers | None = ..., auth: tuple[str | None, str | None] | None = ...,
        timeout: float | None = ..., raise_for_status: bool | None = ...,
    ) -> Response: ...  # fmt: skip
