"""What all that goes over the wire has in common: names in camel case, times, errors."""

from datetime import UTC, datetime

import msgspec


class Wire(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of all that goes over the wire."""


def moment(milliseconds: int) -> datetime:
    """Milliseconds since the epoch, as the store counts, as a time for people."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


class Problem(Wire, frozen=True, kw_only=True):
    """Why a call failed: ``type`` for programs, ``message`` for people."""

    type: str
    message: str


class Errors(Wire, frozen=True, kw_only=True):
    """The body of every answer from 400 up."""

    errors: list[Problem]


class Done(Wire, frozen=True, kw_only=True):
    """How many things a command changed, and what stood in the way of others."""

    changed: int
    refused: list[str] = []
