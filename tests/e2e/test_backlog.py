"""A backlog waits on the disk, not in memory (DESIGN I4)."""

import os
from pathlib import Path

from bench import load
from bench.measure import memory
from bench.workload import templates
from support.daemon import Daemon, free_port, webhook
from support.sink import Sink

EVENTS = 1_000_000 if "ACTIONSD_SOAK" in os.environ else 60_000
CONNECTIONS = 16
MOST = 64  # MB over what it held at first: queues, ring and windows; 60,000 events alone are 85 MB


def test_i4_memory_stays_bounded_whatever_the_backlog(tmp_path: Path) -> None:
    """The destination is down while the events come in, then it is back and takes them all."""
    port = free_port()
    with Daemon(tmp_path, webhook("hook", f"http://127.0.0.1:{port}/ok", batch=100)) as daemon:
        requests = load.batches(templates(), 100)
        load.drive(daemon.port, requests, CONNECTIONS, events=2000)
        at_first = memory(daemon.pid)
        done = load.drive(daemon.port, requests, CONNECTIONS, events=EVENTS - 2000)
        assert done.failures == 0
        with Sink(port) as sink:
            assert daemon.ctl("resume", "hook").returncode == 0
            sink.wait_for(EVENTS, timeout=EVENTS / 200)
            assert sink.duplicates() == 0
        assert memory(daemon.pid, "VmHWM") < at_first + MOST
