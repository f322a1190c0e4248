"""Errors in the Public API's shape: ``{"errors": [{type, message, field, data, status}]}`` (FEATURES F235)."""

import re
from typing import Any

import msgspec
from aiohttp import web
from msgspec import UNSET, UnsetType

from actionsd.admin.publicapi.operation import Shape
from actionsd.errors import ActionsdError, ConfigError, Conflict, Forbidden, NotFound, Unavailable

_NAMES = {"fields": "settings", "write_keys": "writeKeys", "action": "actionId"}  # ours to the API's
_FIELD = re.compile(r"([A-Za-z_]\w*)((?:[.\[][\w.\[\]@-]+)?): ")
_PLACE = re.compile(r" - at `(?:key in )?\$\.?(.*?)`$")
_MISSING = re.compile(r"missing required field `(\w+)`")


class Problem(Shape, frozen=True, kw_only=True):
    """Why a call failed: ``type`` for programs, ``message`` for people, ``field`` of the request that is to blame.
    ``status`` is absent where the call did not get as far as to an operation."""

    type: str
    message: str
    field: str | UnsetType = UNSET
    data: dict[str, Any] | UnsetType = UNSET
    status: int | UnsetType = UNSET


class Problems(Shape, frozen=True, kw_only=True):
    """The body of every answer from 400 up."""

    errors: list[Problem]


class Refused(ActionsdError):
    """A call that is refused with this status; ``field`` is the part of the request that is to blame."""

    def __init__(self, status: int, message: str, *, field: str = "", data: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.problem = Problem(
            type=_TYPES.get(status, "failed"), message=message, field=field or UNSET, data=data or UNSET, status=status
        )


_TYPES = {
    400: "bad-request",
    403: "forbidden",
    404: "not-found",
    406: "not-acceptable",
    422: "validation-failed",
    429: "too-many-requests",
    500: "unexpected",
    503: "unavailable",
}


def answer(*problems: Problem) -> web.Response:
    """The answer that tells these problems, with the status of the first."""
    body = msgspec.json.encode(Problems(errors=list(problems)))
    return web.Response(body=body, status=problems[0].status or 500, content_type="application/json")


def problems_of(error: ActionsdError) -> list[Problem]:
    """What a refusal of ``operate`` is called here. Conflicts are 422, as the API knows no 409."""
    if isinstance(error, Refused):
        return [error.problem]
    if isinstance(error, ConfigError):
        return [_of_text(problem) for problem in error.problems]
    status = 404 if isinstance(error, NotFound) else 403 if isinstance(error, Forbidden) else 422
    if not isinstance(error, NotFound | Forbidden | Conflict):
        status = 503 if isinstance(error, Unavailable) else 500
    return [Problem(type=_TYPES[status], message=str(error), status=status)]


def bad_shape(error: msgspec.ValidationError) -> Refused:
    """A query or body that is not of its struct."""
    text = str(error)
    place, missing = _PLACE.search(text), _MISSING.search(text)
    field = ".".join(part for part in (place[1] if place else "", missing[1] if missing else "") if part)
    return Refused(422, text, field=field)


def _of_text(problem: str) -> Problem:
    """A problem whose text begins with the field that it is about."""
    found = _FIELD.match(problem)
    field = _NAMES.get(found[1], found[1]) + found[2] if found else UNSET
    return Problem(type=_TYPES[422], message=problem, field=field, status=422)
