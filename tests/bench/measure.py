"""Rounds, medians, ratios and the table at the end.

Only ratios inside one run mean anything on a shared machine: every case runs once a round, in turn (backwards in every
second round), and a ratio is the median of the ratios of the single rounds.
"""

import json
import os
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from support.waiting import until

Sample = Mapping[str, float]  # what one case measured in one round, by metric
Case = Callable[[], Sample]


@dataclass(frozen=True)
class Row:
    """One line of the table. ``ratio`` is compared with ``goal`` and ``floor``: at least, or at most them."""

    name: str
    ratio: float
    goal: float
    floor: float
    at_most: bool
    detail: str

    @property
    def verdict(self) -> str:
        def reached(limit: float) -> bool:
            return self.ratio <= limit if self.at_most else self.ratio >= limit

        return "goal" if reached(self.goal) else "ok" if reached(self.floor) else "MISSED"


class Rounds:
    """The samples of interleaved rounds."""

    def __init__(self, samples: Mapping[str, list[Sample]]) -> None:
        self.samples = samples

    def median(self, case: str, metric: str) -> float:
        return statistics.median(sample[metric] for sample in self.samples[case])

    def ratio(self, case: str, reference: str, metric: str) -> float:
        pairs = zip(self.samples[case], self.samples[reference], strict=True)
        return statistics.median(ours[metric] / theirs[metric] for ours, theirs in pairs)


@dataclass
class Bench:
    """What a group of measurements gets: how much to do, where to work, and where to put its rows."""

    rounds: int
    scale: float  # 1.0 is the full amount of work; smoke tests use less
    scratch: Path
    peers: Path | None  # node_modules of the peers, None where npm is not to be had
    rows: list[Row] = field(default_factory=list)
    raw: dict[str, Mapping[str, list[Sample]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def amount(self, full: int, *, least: int = 1) -> int:
        return max(least, round(full * self.scale))

    def interleave(self, group: str, cases: Mapping[str, Case]) -> Rounds:
        samples: dict[str, list[Sample]] = {name: [] for name in cases}
        for turn in range(self.rounds):
            for name in list(cases) if turn % 2 == 0 else reversed(list(cases)):
                started = time.monotonic()
                samples[name].append(cases[name]())
                shown = "  ".join(f"{key} {_short(value)}" for key, value in samples[name][-1].items())
                print(f"  {group} {turn + 1}/{self.rounds} {name:<28} {shown}  ({time.monotonic() - started:.1f} s)")
        self.raw[group] = samples
        return Rounds(samples)

    def row(
        self, name: str, ratio: float, *, goal: float, floor: float, at_most: bool = False, detail: str = ""
    ) -> None:
        self.rows.append(Row(name, ratio, goal, floor, at_most, detail))

    def compare(
        self, name: str, rounds: Rounds, case: str, reference: str, metric: str, *, goal: float, floor: float,
        at_most: bool = False, inverse: bool = False,
    ) -> None:  # fmt: skip
        """A row of ``case / reference`` (``inverse``: how many times less ``case`` took)."""
        ratio = rounds.ratio(reference, case, metric) if inverse else rounds.ratio(case, reference, metric)
        ours, theirs = rounds.median(case, metric), rounds.median(reference, metric)
        self.row(
            name, ratio, goal=goal, floor=floor, at_most=at_most,
            detail=f"{_short(ours)} to {_short(theirs)} {metric}",
        )  # fmt: skip

    def table(self) -> str:
        width = max((len(row.name) for row in self.rows), default=4)
        lines = [f"{'':{width}}  {'ratio':>8}  {'goal':>8}  {'floor':>8}  {'':6}  medians"]
        for row in self.rows:
            sign = "<=" if row.at_most else ">="
            lines.append(
                f"{row.name:{width}}  {_short(row.ratio):>7}x  {sign + _short(row.goal):>8}  "
                f"{sign + _short(row.floor):>8}  {row.verdict:6}  {row.detail}"
            )
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [{**vars(row), "verdict": row.verdict} for row in self.rows]
        path.write_text(json.dumps({"load": os.getloadavg(), "rows": rows, "raw": self.raw}, indent=1))


def _short(value: float) -> str:
    """Three significant digits, thousands as k.

    >>> _short(21_712.3), _short(0.6312), _short(17)
    ('21.7k', '0.631', '17')
    """
    return f"{value / 1000:.3g}k" if abs(value) >= 10_000 else f"{value:.4g}" if value >= 100 else f"{value:.3g}"


def processor(pid: int) -> float:
    """Seconds of processor time that a process has used, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int, key: str = "VmRSS") -> float:
    """Megabytes that a process holds (``VmRSS``) or held at most (``VmHWM``)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) / 1024
    raise ValueError(key)


def written(pid: int) -> int:
    """Bytes that a process caused to be written to the disk so far."""
    for line in Path(f"/proc/{pid}/io").read_text().splitlines():
        if line.startswith("write_bytes:"):
            return int(line.split()[1])
    raise ValueError("write_bytes")


def at_rest(pid: int, *, timeout: float = 120.0) -> None:
    """Wait until a process used no processor time (it is counted in ticks of 10 ms) for half a second."""
    last, since = -1, time.monotonic()

    def quiet() -> bool:
        nonlocal last, since
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        used = int(fields[11]) + int(fields[12])
        if used != last:
            last, since = used, time.monotonic()
        return time.monotonic() - since > 0.5

    until(quiet, timeout=timeout, what=f"process {pid} at rest")
