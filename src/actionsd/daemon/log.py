"""Logging: lines for people on a terminal, JSON for machines elsewhere; both to stderr.

Records say what happened to which slug, id or position. They never carry payloads, settings or headers, at any level
(DESIGN.md I6). What a record is about goes into ``extra`` and becomes a key of its own: ``log.info("lane opened",
extra={"destination": slug})``.
"""

import logging
import sys
from datetime import UTC, datetime
from typing import IO, Any

import msgspec
from aiohttp.http_exceptions import HttpProcessingError

_standard_keys = vars(logging.makeLogRecord({})).keys() | {"message", "taskName"}


def set_up(level: str, stream: IO[str] | None = None) -> None:
    """Send all records of ``actionsd`` from ``level`` up, and everybody's warnings, to ``stream`` (stderr)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(TextFormatter() if handler.stream.isatty() else JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("actionsd").setLevel(level.upper())
    logging.captureWarnings(True)
    logging.getLogger("aiohttp.server").addFilter(_no_quotes)


def _no_quotes(record: logging.LogRecord) -> bool:
    """Whether a record of the HTTP server may be logged: what it says of a request that is no HTTP quotes the request,
    a bearer token included. The client was answered with 400, nobody else can do anything about it."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in _standard_keys}


def _part(record: logging.LogRecord) -> str:
    return record.name.removeprefix("actionsd.")


class TextFormatter(logging.Formatter):
    """``12:34:56 warning delivery: breaker opened destination=team-slack``, in local time."""

    def __init__(self) -> None:
        super().__init__(datefmt="%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:
        extra = "".join(f" {key}={value}" for key, value in _extra(record).items())
        at = self.formatTime(record, self.datefmt)
        return f"{at} {record.levelname.lower()} {_part(record)}: {record.message}{extra}"

    def format(self, record: logging.LogRecord) -> str:
        record.message = record.getMessage()
        lines = self.formatMessage(record)
        return f"{lines}\n{self.formatException(record.exc_info)}" if record.exc_info else lines


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ``at`` (UTC), ``level``, ``part``, ``message``, the extra keys, ``exception``."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        row = {
            "at": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "part": _part(record),
            "message": record.getMessage(),
            **_extra(record),
        }
        if record.exc_info:
            row["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(row, enc_hook=str).decode()
