"""The processes under measurement, each started fresh and gone afterwards."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from support.daemon import free_port
from support.waiting import until

HERE = Path(__file__).parent


class Server:
    """A process that listens on ``port``."""

    def __init__(self, pid: int, port: int) -> None:
        self.pid = pid
        self.port = port


@contextmanager
def process(*command: object, port: int, env: dict[str, str] | None = None) -> Iterator[Server]:
    """Run ``command`` until the block ends; enters it once the port takes connections."""
    child = subprocess.Popen([str(part) for part in command], env=env, stdout=subprocess.DEVNULL)
    try:
        until(lambda: child.poll() is not None or _listens(port), every=0.005, what=f"port {port} of {command[1]}")
        if child.poll() is not None:
            raise RuntimeError(f"{command} ended with {child.returncode}")
        yield Server(child.pid, port)
    finally:
        child.kill()
        child.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def noop() -> Iterator[Server]:
    """The aiohttp server that does nothing (``noop.py``)."""
    port = free_port()
    with process(sys.executable, HERE / "noop.py", port, port=port) as server:
        yield server


@contextmanager
def express(peers: Path, sink: str) -> Iterator[Server]:
    """actions-core's webhook destination behind express (``peers/express.js``); answers after delivery, not durable."""
    port = free_port()
    with process("node", HERE / "peers" / "express.js", peers, port, sink, port=port) as server:
        yield server


class CountingSink:
    """The tests' sink in a process of its own, counting only."""

    def __init__(self, port: int) -> None:
        self.port = port

    def url(self, name: str = "ok") -> str:
        return f"http://127.0.0.1:{self.port}/{name}"

    def counts(self) -> dict[str, dict[str, int]]:
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(b"GET /counts HTTP/1.1\r\n\r\n")
            answer = b""
            while b"\r\n\r\n" not in answer or not answer.endswith(b"}"):
                answer += connection.recv(65536)
        decoded: dict[str, Any] = msgspec.json.decode(answer.partition(b"\r\n\r\n")[2])
        return decoded

    def events(self, name: str = "ok") -> int:
        return self.counts().get(name, {}).get("events", 0)

    def wait_for(self, events: int, name: str = "ok", *, timeout: float = 120.0) -> float:
        """When (``time.perf_counter``) the sink had seen ``events``.

        Raises:
            TimeoutError: fewer came.
        """
        until(lambda: self.events(name) >= events, timeout=timeout, every=0.01, what=f"{events} events at the sink")
        return time.perf_counter()


@contextmanager
def sink(port: int = 0) -> Iterator[CountingSink]:
    port = port or free_port()
    with process(sys.executable, HERE.parent / "support" / "sink.py", "--port", port, "--count-only", port=port):
        yield CountingSink(port)
