"""Start to ready, and idle memory, against the floor that the libraries set (``floor.py``)."""

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.measure import Bench, Sample, at_rest, memory
from support.daemon import BIN, Daemon, environment, free_port, webhook

HERE = Path(__file__).parent


def measure(bench: Bench) -> None:
    def floor() -> Sample:
        folder = Path(tempfile.mkdtemp(dir=bench.scratch))
        return _start([sys.executable, HERE / "floor.py", free_port(), folder / "floor.db"], folder)

    def ours() -> Sample:
        folder = Path(tempfile.mkdtemp(dir=bench.scratch))
        daemon = Daemon(folder, webhook("hook", "http://127.0.0.1:9/ok"))
        daemon.start()
        daemon.stop()  # the measured start finds a database, as all but the first do
        return _start([BIN / "actionsd", "run", "--config", daemon.config], folder)

    rounds = bench.interleave("startup", {"libraries alone": floor, "actionsd": ours})
    for name, metric, goal, limit in (
        ("start to ready / libraries alone", "ready ms", 1.1, 1.5),
        ("idle memory / libraries alone", "idle MB", 1.15, 1.35),
    ):
        bench.compare(name, rounds, "actionsd", "libraries alone", metric, goal=goal, floor=limit, at_most=True)


def _start(command: Sequence[object], folder: Path) -> Sample:
    """Time until ``READY=1``, and the memory once the process has come to rest."""
    address = folder / "ready.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(address))
        notify.settimeout(20)
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command], env=environment(NOTIFY_SOCKET=str(address)),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            while b"READY=1" not in notify.recv(4096):
                pass
            ready = time.perf_counter() - started
            at_rest(process.pid)
            return {"ready ms": ready * 1000, "idle MB": memory(process.pid)}
        finally:
            process.kill()
            process.wait()
