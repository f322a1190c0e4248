"""Clients that keep sending to a daemon which comes and goes, and remember what was answered."""

import http.client
import io
import itertools
import json
import random
import socket
import threading
from base64 import b64encode
from collections import Counter
from types import TracebackType

from support.daemon import WRITE_KEY, Daemon

_HEADERS = {
    "content-type": "application/json",
    "authorization": "Basic " + b64encode(f"{WRITE_KEY}:".encode()).decode(),
}


class Traffic:
    """``answered`` holds the messageIds whose request got its 200 (or ``"ok":true`` on the stream socket); ``statuses``
    counts every answer, 0 standing for none. A request without an answer is never repeated, so any repetition at the
    destination is the daemon's.
    """

    def __init__(self, daemon: Daemon, *, clients: int = 3, streams: int = 1, batch: int = 10) -> None:
        self.answered: set[str] = set()
        self.sent: set[str] = set()
        self.statuses: Counter[int] = Counter()
        self._daemon = daemon
        self._batch = batch
        self._numbers = itertools.count()
        self._stopping = threading.Event()
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._post, args=(seed,)) for seed in range(clients)]
        self._threads += [threading.Thread(target=self._stream) for _ in range(streams)]

    def __enter__(self) -> "Traffic":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """No more requests; those on their way are waited for."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int, *, timeout: float = 60.0) -> None:
        """Wait until ``more`` events than now are answered.

        Raises:
            TimeoutError: they were not.
        """
        with self._changed:
            enough = len(self.answered) + more
            if not self._changed.wait_for(lambda: len(self.answered) >= enough, timeout):
                raise TimeoutError(f"{len(self.answered)} of {enough} events answered; statuses {dict(self.statuses)}")

    def _events(self, count: int) -> list[dict[str, str]]:
        ids = [f"m{next(self._numbers):07}" for _ in range(count)]
        self.sent.update(ids)
        return [{"type": "track", "event": "Tested", "userId": "u", "messageId": one} for one in ids]

    def _count(self, status: int, events: list[dict[str, str]]) -> None:
        with self._changed:
            self.statuses[status] += 1
            if status == 200:
                self.answered.update(event["messageId"] for event in events)
            self._changed.notify_all()
        if status != 200:
            self._stopping.wait(0.005)

    def _post(self, seed: int) -> None:
        """Single calls and batches, at random, over one kept-alive connection."""
        chance = random.Random(seed)
        connection = http.client.HTTPConnection("127.0.0.1", self._daemon.port, timeout=20)
        while not self._stopping.is_set():
            events = self._events(chance.choice((1, self._batch)))
            path, body = ("/v1/track", events[0]) if len(events) == 1 else ("/v1/batch", {"batch": events})
            try:
                connection.request("POST", path, json.dumps(body), _HEADERS)
                response = connection.getresponse()
                response.read()
                status = response.status
            except (OSError, http.client.HTTPException):
                connection.close()
                status = 0
            self._count(status, events)
        connection.close()

    def _stream(self) -> None:
        """Lines on the stream socket, one unanswered at a time."""
        while not self._stopping.is_set():
            try:
                with socket.socket(socket.AF_UNIX) as stream:
                    stream.settimeout(20)
                    stream.connect(str(self._daemon.data / "events.sock"))
                    with stream.makefile("rwb") as lines:
                        while not self._stopping.is_set():
                            self._send_line(lines)
            except OSError:
                self._count(0, [])

    def _send_line(self, lines: io.BufferedRWPair) -> None:
        events = self._events(1)
        lines.write(json.dumps({**events[0], "writeKey": WRITE_KEY}).encode() + b"\n")
        lines.flush()
        answer = lines.readline()
        if not answer.endswith(b"\n"):
            raise ConnectionError("closed in the middle of an answer")
        self._count(200 if json.loads(answer)["ok"] else 503, events)
