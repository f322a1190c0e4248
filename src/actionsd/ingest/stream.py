"""Newline-delimited JSON on a stream socket (RULES R35): each line an event or a batch, answered in order by one line.

    {"type":"track","userId":"u1","event":"E","writeKey":"k"}  ->  {"ok":true,"messageId":"…"}
    {"batch":[…],"writeKey":"k"}                               ->  {"ok":true,"accepted":2,"refused":[{"index":1,…}]}
    anything that is not taken                                 ->  {"ok":false,"code":"…","message":"…"}
    the journal cannot take it now                             ->  {"ok":false,"code":"unavailable",…,"retryAfter":1}

The answer comes after the commit. Blank lines are passed over without one. A client that does not read its answers is
not read from either: at most so many lines, or bytes of lines and answers, are under way per connection.
"""

import asyncio
from collections import deque
from typing import Any

import msgspec

from actionsd.errors import StoreBroken, Unavailable
from actionsd.ingest.intake import Intake, Origin
from actionsd.ingest.refusal import BadRequest, TooMany
from actionsd.ingest.taken import Taken
from actionsd.settings import Ingest as Options
from actionsd.store.records import Appended

max_unanswered = 1000  # lines
max_unanswered_bytes = 1024 * 1024  # of lines and their answers; one line more may be begun

_max_connections = 256
_chunk = 64 * 1024
_no_origin = Origin()
_encode = msgspec.json.Encoder().encode


class Lines:
    """Bytes to lines. A line longer than ``limit`` is reported once, as None, and skipped without being kept."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> list[bytes | None]:
        """The lines that these bytes complete, without their newline."""
        *complete, rest = data.split(b"\n")
        lines: list[bytes | None] = []
        for part in complete:
            if self._skipping:
                self._skipping = False
            elif len(self._rest) + len(part) > self._limit:
                lines.append(None)
            else:
                lines.append(bytes(self._rest) + part)
            self._rest.clear()
        if not self._skipping:
            self._rest += rest
            if len(self._rest) > self._limit:
                lines.append(None)
                self._rest.clear()
                self._skipping = True
        return lines

    def last(self) -> bytes:
        """What came after the last newline; it counts as a line when the client ends there."""
        return bytes(self._rest)


class Stream:
    """One connection: a task that reads and takes lines, one that answers them, and the queue between."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, intake: Intake, longest: int
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._intake = intake
        self._longest = longest
        self._unanswered: deque[tuple[asyncio.Future[Appended] | None, bytes, int]] = deque()
        self._bytes = 0
        self._changed = asyncio.Event()
        self._ended = False
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Serve until the client ends its side, or :meth:`stop_reading`, and everything read is answered."""
        try:
            async with asyncio.TaskGroup() as group:
                self._tasks = [group.create_task(self._read()), group.create_task(self._answer())]
        except* ConnectionError:
            self.cut_off()  # the client is gone; what it sent is committed all the same
        finally:
            self._writer.close()

    def stop_reading(self) -> None:
        """Take no more lines; :meth:`run` ends with the last answer."""
        for reading in self._tasks[:1]:
            reading.cancel()

    def cut_off(self) -> None:
        """Drop the connection and all answers that the client has not taken; :meth:`run` ends."""
        self._writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        for appended, _, _ in self._unanswered:
            if appended is not None:
                appended.add_done_callback(_disregard)

    async def _read(self) -> None:
        lines = Lines(self._longest)
        try:
            while data := await self._reader.read(_chunk):
                for line in lines.feed(data):
                    await self._room()
                    self._take(line)
            await self._room()
            self._take(lines.last())
        finally:
            self._ended = True
            self._changed.set()

    async def _room(self) -> None:
        while len(self._unanswered) >= max_unanswered or self._bytes >= max_unanswered_bytes:
            self._changed.clear()
            await self._changed.wait()

    def _take(self, line: bytes | None) -> None:
        """Hand a line to the journal and queue its answer, which is known but for the commit's success."""
        if line is not None and (not line or line.isspace()):
            return
        appended: asyncio.Future[Appended] | None = None
        try:
            taken, answer = self._parse(line)
            appended = self._intake.submit(taken)
        except (Unavailable, StoreBroken) as error:
            answer = _unavailable(error)
        size = len(line or b"") + len(answer)
        self._unanswered.append((appended, answer, size))
        self._bytes += size
        self._changed.set()

    def _parse(self, line: bytes | None) -> tuple[Taken, bytes]:
        try:
            if line is None:
                raise BadRequest(f"a line has at most {self._longest} bytes")
            taken = self._intake.take_line(line, _no_origin)
            return taken, _answer(taken)
        except BadRequest as error:
            return self._intake.unreadable(_no_origin), _line(ok=False, code=error.code, message=str(error))

    async def _answer(self) -> None:
        while True:
            while not self._unanswered:
                if self._ended:
                    return
                self._changed.clear()
                await self._changed.wait()
            self._writer.write(await self._next_answers())
            await self._writer.drain()

    async def _next_answers(self) -> bytes:
        """The oldest answer as soon as it can be given, and with it those behind that can be given too."""
        answers = b""
        while self._unanswered and len(answers) < _chunk:
            appended, answer, size = self._unanswered[0]
            if appended is not None:
                if answers and not appended.done():
                    break
                answer = await _committed(appended, answer)
            answers += answer
            self._unanswered.popleft()
            self._bytes -= size
        self._changed.set()
        return answers


class Streams:
    """All connections of the stream listeners."""

    def __init__(self, options: Options, intake: Intake) -> None:
        self._intake = intake
        self._longest = options.max_batch
        self._open: dict[asyncio.Task[None], Stream] = {}

    def connection(self) -> asyncio.StreamReaderProtocol:
        """A protocol for one more connection."""
        return asyncio.StreamReaderProtocol(asyncio.StreamReader(limit=_chunk), self._serve)

    async def stop(self, grace: float) -> None:
        """Stop reading, answer what was read, and cut off who has not taken the answers after ``grace`` seconds."""
        for stream in self._open.values():
            stream.stop_reading()
        if not self._open:
            return
        _, late = await asyncio.wait(list(self._open), timeout=grace)
        for task in late:
            self._open[task].cut_off()
        if late:
            await asyncio.wait(late)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._open) >= _max_connections:
            writer.transport.abort()
            return
        self._open[task] = stream = Stream(reader, writer, self._intake, self._longest)
        try:
            await stream.run()
        finally:
            del self._open[task]


def _disregard(appended: "asyncio.Future[Appended]") -> None:
    """Nobody is left to be told; asyncio wants the error looked at all the same."""
    if not appended.cancelled():
        appended.exception()


async def _committed(appended: "asyncio.Future[Appended]", answer: bytes) -> bytes:
    try:
        await appended
    except (Unavailable, StoreBroken) as error:
        return _unavailable(error)
    return answer


def _answer(taken: Taken) -> bytes:
    if taken.refusal is not None:
        return _line(ok=False, code=taken.refusal.code, message=taken.refusal.message)
    if not taken.batch:
        return _line(ok=True, messageId=taken.accepted[0].message_id)
    refused = [
        {"index": place, "messageId": message_id, "code": refusal.code, "message": refusal.message}
        for place, message_id, refusal in taken.refused
    ]
    if not taken.accepted:
        return _line(ok=False, code="empty_batch_result", message="no event of the batch is taken", refused=refused)
    return _line(ok=True, accepted=len(taken.accepted), refused=refused)


def _unavailable(error: Unavailable | StoreBroken) -> bytes:
    code = error.reason if isinstance(error, TooMany) else "unavailable"
    return _line(ok=False, code=code, message=str(error), retryAfter=getattr(error, "retry_after", 1))


def _line(**members: Any) -> bytes:
    return _encode(members) + b"\n"
