"""File: appends events to a file as newline-delimited JSON, rotated by size.

Destinations of one process may share a file. Lines are whole: what a full disk cuts off is taken back.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

from actionsd.sdk import (
    Action,
    BatchCall,
    Call,
    Definition,
    Field,
    Json,
    Number,
    Payload,
    RetryableError,
    Settings,
    hookimpl,
    path,
)
from actionsd.sdk.js import stringify_bytes
from actionsd_file.rotating import shared_file

actionsd_contract = 1

_threads = ThreadPoolExecutor(4, thread_name_prefix="actionsd-file")


class FileSettings(Settings):
    """Where to write. A relative path is relative to the daemon's working directory."""

    path: Annotated[str, Field("Path", "File to append to; missing folders are made.")]
    max_size: Annotated[Number, Field("Maximum size", "Bytes after which a new file is begun.")] = 100 * 1024 * 1024
    keep: Annotated[Number, Field("Keep", "How many full files are kept, as PATH.1 (the newest), PATH.2 ...")] = 5


class Line(Payload):
    """One line: the event as it is, unless mapped otherwise."""

    data: Annotated[Json, Field("Data", "The JSON object to write.", default=path("$."))]
    enable_batching: Annotated[
        bool | None, Field("Batch events", "Write many events at once, at most a second later.", default=True)
    ] = None


async def write(call: Call[FileSettings, Line]) -> None:
    """One event, one line."""
    await _append(call.settings, [call.payload])


async def write_many(call: BatchCall[FileSettings, Line]) -> None:
    """Many events, one write."""
    await _append(call.settings, call.payloads)


async def _append(settings: FileSettings, lines: list[Line]) -> None:
    text = b"".join([stringify_bytes(line.data) + b"\n" for line in lines])
    file = shared_file(Path(settings.path))
    try:
        await asyncio.get_running_loop().run_in_executor(
            _threads, file.append, text, int(settings.max_size), int(settings.keep)
        )
    except OSError as error:
        raise RetryableError(f"cannot write {settings.path}: {error.strerror}") from error


_every_type = " or ".join(f'type = "{type}"' for type in ("track", "identify", "page", "screen", "group", "alias"))

file = Definition(
    "file",
    name="File",
    description="Append events to a file on the machine of the daemon.",
    settings=FileSettings,
    over_http=False,
    actions=[
        Action("write", title="Write", payload=Line, trigger=_every_type, perform=write, perform_batch=write_many),
    ],
)


@hookimpl
def actionsd_definitions() -> list[Definition[Any]]:
    return [file]
