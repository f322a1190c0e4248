"""The benches of actionsd: ``make bench``, or ``make bench ARGS="--only ingest --rounds 3"``.

Everything runs interleaved on this machine, against references that run beside it; the table at the end shows ratios
against the goals. ``NOTES.md`` has what was measured, and where the time goes.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from actionsd.sdk import scan
from bench import backlog, endtoend, engine, ingest, startup
from bench.measure import Bench
from support import node

ROOT = Path(__file__).parents[2]
GROUPS: dict[str, Callable[[Bench], None]] = {
    "engine": engine.measure,
    "startup": startup.measure,
    "ingest": ingest.measure,
    "endtoend": endtoend.measure,
    "writes": backlog.measure_writes,
    "claims": backlog.measure_claims,
    "dedup": backlog.measure_dedup,
    "backlog": backlog.measure_backlog,
}


def main() -> None:
    options = argparse.ArgumentParser(prog="bench", description=__doc__)
    options.add_argument("--only", default=",".join(GROUPS), help="groups, comma-separated (default: all)")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--scale", type=float, default=1.0, help="amount of work; below 1 to try the bench")
    options.add_argument("--scratch", type=Path, default=ROOT / "build" / "bench", help="folder on the disk under test")
    given = options.parse_args()
    given.scratch.mkdir(parents=True, exist_ok=True)
    peers = node.modules(Path(__file__).parent / "peers" / "package.json")
    if peers is None:
        print("no node or no npm: comparisons with Segment's packages are left out")
    with tempfile.TemporaryDirectory(dir=given.scratch) as scratch:
        bench = Bench(given.rounds, given.scale, Path(scratch), peers)
        for name in given.only.split(","):
            print(f"{name} (load {os.getloadavg()[0]:.1f})")
            GROUPS[name](bench)
    bench.save(given.scratch / "last.json")
    scans = "compiled" if scan.COMPILED else "in Python"
    print(f"\n{given.rounds} rounds, scale {given.scale:g}, {os.cpu_count()} cores, Python {sys.version.split()[0]}")
    print(f"JSON text is scanned {scans} (actionsd.sdk.scan)")
    print(bench.table())


if __name__ == "__main__":
    main()
