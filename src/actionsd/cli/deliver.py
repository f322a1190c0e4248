"""Events on their way to an ingest listener: batches over HTTP, or lines over a stream socket."""

import http.client
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import partial
from typing import Any, BinaryIO, NamedTuple

import msgspec

from actionsd.cli.http import Failed, connect, reason_of

_chunk = 100  # events in one request, or lines sent before their answers are read
_chunk_bytes = 400_000  # below the 500 KB that a batch may have (FEATURES part 2.3)
_tries = 10
_timeout = 30.0

Event = dict[str, Any]


class Receipt(NamedTuple):
    """How many events were sent, and a line for each one that the daemon refused and said so."""

    sent: int
    refused: list[str]


class _Busy(Exception):
    """The daemon cannot take events now; ``args[0]`` is the seconds to wait."""


def over_http(url: str, write_key: str, events: Iterable[Event]) -> Receipt:
    """Send all events in batches. HTTP says 200 of a batch also where it refuses single events (FEATURES F014).

    Raises:
        Failed: the listener cannot be reached, or stays unavailable, or refuses the request.
    """
    sent = 0
    with closing(connect(url, _timeout)) as connection:
        for chunk in _chunks(events):
            body = msgspec.json.encode({"writeKey": write_key, "batch": chunk, "sentAt": chunk[-1]["timestamp"]})
            _insist(url, partial(_post, connection, body))
            sent += len(chunk)
    return Receipt(sent, [])


def _post(connection: http.client.HTTPConnection, body: bytes) -> None:
    connection.request("POST", "/v1/batch", body, {"content-type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    if response.status in (429, 503):
        raise _Busy(float(response.headers.get("retry-after", "1")))
    if response.status != 200:
        raise Failed(f"the daemon answered {response.status}: {answer.decode(errors='replace')[:200]}")


def over_stream(url: str, write_key: str, events: Iterable[Event]) -> Receipt:
    """Send all events as lines and read the answer of each.

    Raises:
        Failed: the socket cannot be reached, or stays unavailable.
    """
    sent, refused = 0, []
    with closing(_Stream(url)) as stream:
        for chunk in _chunks(events):
            answers = _insist(url, partial(stream.exchange, [{"writeKey": write_key} | event for event in chunk]))
            sent += len(chunk)
            for event, answer in zip(chunk, answers, strict=True):
                if not answer["ok"]:
                    refused.append(f"{event['messageId']}: {answer.get('code')}: {answer.get('message')}")
    return Receipt(sent - len(refused), refused)


class _Stream:
    """A unix stream socket that speaks newline-delimited JSON; it opens with the first exchange."""

    def __init__(self, url: str) -> None:
        if not url.startswith("unix:"):
            raise Failed(f"a stream listener is a unix socket, got {url}")
        self._path = url.removeprefix("unix:")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(_timeout)
        self._answers: BinaryIO | None = None

    def exchange(self, lines: list[Event]) -> list[Any]:
        """Send the lines, then read as many answers."""
        if self._answers is None:
            self._socket.connect(self._path)
            self._answers = self._socket.makefile("rb")
        self._socket.sendall(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
        answers = [self._answer(self._answers) for _ in lines]
        waits = [answer.get("retryAfter", 1) for answer in answers if answer.get("code") == "unavailable"]
        if waits:
            raise _Busy(float(max(waits)))
        return answers

    def close(self) -> None:
        if self._answers is not None:
            self._answers.close()
        self._socket.close()

    def _answer(self, answers: BinaryIO) -> Any:
        line = answers.readline()
        if not line:
            raise Failed(f"{self._path}: the daemon closed the stream")
        return msgspec.json.decode(line)


def _insist(url: str, attempt: Callable[[], Any]) -> Any:
    """Try until the daemon takes it. Sending again is safe: events carry their ids, duplicates are dropped."""
    for _ in range(_tries):
        try:
            return attempt()
        except _Busy as busy:
            time.sleep(busy.args[0])
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"cannot reach the daemon at {url}: {reason_of(error)}") from None
    raise Failed(f"the daemon at {url} stays unavailable")


def _chunks(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Runs of events that fit one request."""
    chunk: list[Event] = []
    size = 0
    for event in events:
        length = len(msgspec.json.encode(event))
        if chunk and (len(chunk) == _chunk or size + length > _chunk_bytes):
            yield chunk
            chunk, size = [], 0
        chunk.append(event)
        size += length
    if chunk:
        yield chunk
