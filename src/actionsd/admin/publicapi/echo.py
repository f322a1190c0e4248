"""``/echo``, by which a client tries its token and its handling of errors."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from actionsd.admin.publicapi.errors import Refused
from actionsd.admin.publicapi.operation import Call, Nothing, Operation, Row, Shape
from actionsd.errors import ConfigError

_SECRET = {"authorization", "cookie", "proxy-authorization"}


class EchoRequest(Shape, frozen=True, kw_only=True):
    """``delay`` is in milliseconds. ``statusCode`` is the status that is wanted, as an error from 400 up."""

    message: str
    delay: Annotated[float, msgspec.Meta(ge=0, le=5000)] = 0
    trigger_error: bool = False
    trigger_multiple_errors: bool = False
    trigger_unexpected_error: bool = False
    status_code: Annotated[int, msgspec.Meta(ge=200, le=599)] | UnsetType = UNSET


class Echo(Shape, frozen=True, kw_only=True):
    """The message and headers of the request, those left out that carry secrets."""

    method: Literal["get", "post"]
    message: str
    headers: dict[str, str]


async def echo(call: Call[EchoRequest, Nothing]) -> Echo:
    """Answer what was said, or the error that was asked for."""
    query = call.query
    await call.parts.clock.sleep(query.delay / 1000)
    if query.trigger_unexpected_error:
        raise Refused(500, "the unexpected error that was asked for")
    if query.trigger_multiple_errors:
        raise ConfigError("message: the first error that was asked for", "message: the second")
    if query.trigger_error:
        raise Refused(422, "the error that was asked for", field="message")
    if query.status_code is not UNSET and query.status_code >= 400:
        raise Refused(query.status_code, "the status that was asked for", field="statusCode")
    headers = {name: value for name, value in call.headers.items() if name.lower() not in _SECRET}
    return Echo(method="get", message=query.message, headers=headers)


OPERATIONS: tuple[Row, ...] = (Operation("echo", "GET", "/echo", "read", echo, Echo, EchoRequest),)
