"""The HTTP layer of tests: records what would be sent and answers from a script. Nothing leaves the process."""

import inspect
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from actionsd.delivery.dry import accepted
from actionsd.sdk import NetworkError, Request, Response
from actionsd.sdk.js import stringify_bytes

Answer = Response | Exception | tuple[int, Mapping[str, str] | None, Any] | None
"""A scripted answer: None for the default (200 ``{}`` as JSON), ``(status, headers, body)``, a Response, or an
exception to raise.

Example:
    lost: Answer = NetworkError("read ECONNRESET", "ECONNRESET")
    busy: Answer = (429, {"retry-after": "3"}, {"error": "slow down"})
"""

Respond = Iterable[Answer] | Callable[[Request], Answer | Awaitable[Answer]] | None
"""Answers used in order, the default after they end; or a function of the request, which may be async.

Example:
    respond: Respond = lambda request: (404, None, "") if request.method == "GET" else None
"""

_JSON = {"content-type": "application/json"}


class StubTransport:
    """A :class:`actionsd.sdk.Transport` that answers from a script; ``requests`` has what was sent.

    Example:
        transport = StubTransport([(429, {"retry-after": "3"}, ""), None])
    """

    def __init__(self, respond: Respond = None) -> None:
        self.requests: list[Request] = []
        self._function = respond if callable(respond) else None
        self._script = iter(() if respond is None or callable(respond) else respond)

    async def send(self, request: Request) -> Response:
        """The next answer. Raises the exception that stands in its place."""
        self.requests.append(request)
        answer: Any = next(self._script, None) if self._function is None else self._function(request)
        if inspect.isawaitable(answer):
            answer = await answer
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Response) else _response(answer)


def _response(answer: tuple[int, Mapping[str, str] | None, Any] | None) -> Response:
    """A body of text or bytes goes out as it is, without a content-type of its own; a JSON value as JSON."""
    if answer is None:
        return accepted()
    status, given, body = answer
    headers = {name.lower(): value for name, value in (given or {}).items()}
    if isinstance(body, bytes | str):
        return Response(status, headers, body.encode() if isinstance(body, str) else body)
    return Response(status, headers | ({} if "content-type" in headers else _JSON), stringify_bytes(body))


def recorded(exchanges: bytes | str | Sequence[Mapping[str, Any]]) -> list[Answer]:
    """The answers of a recorded delivery, lost connections too, as a script for ``respond``.

    Args:
        exchanges: JSON, or what was read from it: ``Outcome.exchange``, or the member ``exchange`` of what
            ``actionsctl dead show ID --json`` prints.

    Example:
        letter = json.loads(Path("letter.json").read_text())
        again = recorded(letter["exchange"])
        await testing.run(acme, "trackEvent", settings=s, events=[letter["event"]], respond=again)
    """
    return [_again(each) for each in (json.loads(exchanges) if isinstance(exchanges, bytes | str) else exchanges)]


def _again(exchange: Mapping[str, Any]) -> Answer:
    error, response = exchange.get("error"), exchange.get("response")
    if error is not None:
        return NetworkError(error["message"], error["code"])
    return None if response is None else (response["status"], response["headers"], response["body"])
