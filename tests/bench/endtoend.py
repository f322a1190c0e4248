"""End to end: from the first request to the last event seen by a counting sink, beside Segment's engine on express."""

import tempfile
import time
from pathlib import Path

from bench import load, servers
from bench.ingest import BATCH, BATCH_CONNECTIONS, CONNECTIONS
from bench.measure import Bench, Sample, memory, processor
from bench.workload import templates
from support.daemon import Daemon, webhook


def measure(bench: Bench) -> None:
    def ours(events: int, *, batch_in: bool, batch_out: int) -> Sample:
        home = Path(tempfile.mkdtemp(dir=bench.scratch))
        with servers.sink() as sink, Daemon(home, webhook("hook", sink.url(), batch=batch_out)) as daemon:
            return _push(daemon.port, daemon.pid, sink, bench.amount(events, least=BATCH), batch_in=batch_in)

    def node(events: int, *, batch_in: bool) -> Sample:
        assert bench.peers is not None
        with servers.sink() as sink, servers.express(bench.peers, sink.url()) as server:
            return _push(server.port, server.pid, sink, bench.amount(events, least=BATCH), batch_in=batch_in)

    cases = {
        "actionsd, 1 to 1": lambda: ours(10_000, batch_in=False, batch_out=0),
        "actionsd, 1 to 100": lambda: ours(15_000, batch_in=False, batch_out=BATCH),
        "actionsd, 100 to 100": lambda: ours(60_000, batch_in=True, batch_out=BATCH),
    }
    if bench.peers:
        cases |= {
            "node, 1 to 1": lambda: node(4_000, batch_in=False),
            "node, 100 to 100": lambda: node(40_000, batch_in=True),
        }
    rounds = bench.interleave("endtoend", cases)
    if not bench.peers:
        return
    for name, case, reference, goal, floor in (
        ("end to end, 1 to 1 / node", "actionsd, 1 to 1", "node, 1 to 1", 5, 3),
        ("end to end, 1 to batches of 100 / node 1 to 1", "actionsd, 1 to 100", "node, 1 to 1", 8, 5),
        ("end to end, batches to batches / node", "actionsd, 100 to 100", "node, 100 to 100", 1.7, 1.1),
    ):
        bench.compare(name, rounds, case, reference, "events/s", goal=goal, floor=floor)
    bench.compare(
        "processor time an event, batches to batches, node / actionsd", rounds, "actionsd, 100 to 100",
        "node, 100 to 100", "µs", goal=1.7, floor=1.1, inverse=True,
    )  # fmt: skip
    for form in ("1 to 1", "100 to 100"):
        bench.compare(
            f"peak memory under load, {form} / node", rounds, f"actionsd, {form}", f"node, {form}", "MB",
            goal=0.4, floor=0.6, at_most=True,
        )  # fmt: skip


def _push(port: int, pid: int, sink: servers.CountingSink, events: int, *, batch_in: bool) -> Sample:
    """Send ``events`` and wait until the sink has them all; the memory is the process's peak."""
    requests = load.batches(templates(), BATCH) if batch_in else load.singles(templates())
    started, used = time.perf_counter(), processor(pid)
    done = load.drive(port, requests, BATCH_CONNECTIONS if batch_in else CONNECTIONS, events=events)
    assert not done.failures, f"{done.failures} requests were refused"
    seen = sink.wait_for(done.events)
    return {
        "events/s": done.events / (seen - started), "acknowledged/s": done.rate, "MB": memory(pid, "VmHWM"),
        "µs": (processor(pid) - used) / done.events * 1e6,
    }  # fmt: skip
