"""Answers in JSON: what was asked for, or why not."""

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from actionsd import wire
from actionsd.errors import ActionsdError, ConfigError, Conflict, Forbidden, NotFound, Unavailable

log = logging.getLogger(__name__)

T = TypeVar("T", bound=str)
W = TypeVar("W", bound=wire.Wire)

_statuses: tuple[tuple[type[ActionsdError], int, str], ...] = (
    (NotFound, 404, "not-found"),
    (Forbidden, 403, "forbidden"),
    (Conflict, 409, "conflict"),
    (ConfigError, 422, "bad-config"),
    (Unavailable, 503, "unavailable"),
    (ActionsdError, 500, "failed"),
)


class BadInput(ActionsdError):
    """A query or body that the call does not take: 400, the text names the key."""


def answer(value: object, *, status: int = 200) -> web.Response:
    """Any wire struct, or a list of them, as JSON."""
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")


def refuse(status: int, type: str, *messages: str) -> web.Response:
    return answer(wire.Errors(errors=[wire.Problem(type=type, message=text) for text in messages]), status=status)


async def read_body(request: web.Request, type: type[W]) -> W:
    """The request's body as a wire struct.

    Raises:
        BadInput: it is no JSON, or not of that shape; the text says where.
    """
    try:
        return msgspec.json.decode(await request.read() or b"{}", type=type)
    except msgspec.DecodeError as error:
        raise BadInput(str(error)) from None


def query_number(request: web.Request, name: str, default: int, *, most: int) -> int:
    """A whole number of the query from 1 to ``most``.

    Raises:
        BadInput: it is none.
    """
    text = request.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise BadInput(f"{name} is a whole number from 1 to {most}")
    return int(text)


def query_time(request: web.Request, name: str, default: int) -> int:
    """A time of the query, ISO 8601 with a zone, in milliseconds since the epoch.

    Raises:
        BadInput: it is none.
    """
    text = request.query.get(name)
    if text is None:
        return default
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadInput(f"{name} is a time with a zone, such as 2026-05-15T12:34:56Z, got {text!r}")
    return int(moment.timestamp() * 1000)


def query_choice(request: web.Request, name: str, choices: Iterable[T]) -> T | None:
    """One of these texts; None where the query does not have it.

    Raises:
        BadInput: it is another.
    """
    text = request.query.get(name)
    if text is None:
        return None
    for choice in choices:
        if choice == text:
            return choice
    raise BadInput(f"{name} is one of {', '.join(map(str, choices))}, got {text!r}")


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what handlers and operators raise into answers; a bug becomes a 500 that says nothing of its inside."""
    try:
        return await handler(request)
    except BadInput as error:
        return refuse(400, "bad-request", str(error))
    except ActionsdError as error:
        status, type = next((status, type) for kind, status, type in _statuses if isinstance(error, kind))
        return refuse(status, type, *str(error).splitlines())
    except web.HTTPException as error:
        type = {404: "not-found", 405: "method-not-allowed", 413: "too-large"}.get(error.status, "bad-request")
        refused = refuse(error.status, type, f"{request.method} {request.path}: {error.reason}")
        if "Allow" in error.headers:
            refused.headers["Allow"] = error.headers["Allow"]
        return refused
    except Exception:
        log.exception("a bug in the admin API", extra={"path": request.path})
        return refuse(500, "internal", "the daemon met a bug; its log has the details")
