"""The engine on real presets and realistic events, beside Segment's own packages in node.

The presets and events of ../shared/bench are used where they are there, else the presets of the installed destinations
and the events of ``workload.py``. Both sides read the same file, and are measured in turn.
"""

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from actionsd import sdk
from actionsd.fql.trigger import compile_triggers
from actionsd.mapping import compile_mapping
from bench.measure import Bench, Sample

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"


@dataclass(frozen=True)
class Case:
    """A mapping of one destination with the events that it takes."""

    destination: str
    action: str
    trigger: str
    mapping: dict[str, Any]
    events: list[dict[str, Any]]
    payload: type[sdk.Payload]

    @cached_property
    def mapper(self) -> Callable[[Any], Any]:
        return compile_mapping(self.mapping)


def measure(bench: Bench) -> None:
    path = SHARED / "bench" / "data" / "workload.json"
    if not path.exists():
        path = bench.scratch / "workload.json"
        path.write_text(json.dumps(from_installed_destinations()))
    work = json.loads(path.read_text())
    cases = [_case(one, work["events"]) for one in work["cases"]]
    milliseconds = max(20, round(300 * bench.scale))
    sides = {"actionsd": lambda: ours(cases, work["events"], milliseconds)}
    if bench.peers:
        engine_js = Path(__file__).parent / "peers" / "engine.js"
        sides["node"] = lambda: node([engine_js, bench.peers, path, milliseconds])
    rounds = bench.interleave("engine", sides)
    if not bench.peers:
        return
    goals: dict[str, tuple[float, float]] = {
        "mapping": (15, 10),
        "triggers": (100, 40),
        "triggers, parsed before": (1, 1),
        "validation": (5, 3),
        **{f"mapping.{slug}": (4, 3) for slug in dict.fromkeys(case.destination for case in cases)},
    }
    for metric, (goal, floor) in goals.items():
        bench.compare(f"{metric} / node", rounds, "actionsd", "node", metric, goal=goal, floor=floor, inverse=True)


def node(command: list[object]) -> Sample:
    done = subprocess.run(["node", *map(str, command)], capture_output=True, text=True, check=True)
    measured: dict[str, float] = json.loads(done.stdout)
    return {name: value for name, value in measured.items() if isinstance(value, float)}


def ours(cases: list[Case], events: list[dict[str, Any]], milliseconds: int) -> Sample:
    """Microseconds for each operation, by the names that ``peers/engine.js`` uses too."""
    pairs = [(case, event) for case in cases for event in case.events]
    destinations = dict.fromkeys(case.destination for case in cases)
    by_slug = {slug: [pair for pair in pairs if pair[0].destination == slug] for slug in destinations}
    triggers = [
        compile_triggers((case.trigger, case.trigger) for case in cases if case.destination == slug)
        for slug in destinations
    ]
    per_trigger = _time(lambda: [fires(event) for fires in triggers for event in events], milliseconds)
    checked = [(case.payload, mapped) for case, event in pairs if (mapped := _valid(case, event)) is not None]
    return {
        "mapping": _mapping(pairs, milliseconds),
        **{f"mapping.{slug}": _mapping(some, milliseconds) for slug, some in by_slug.items()},
        "triggers": per_trigger / (len(cases) * len(events)),
        "triggers, parsed before": per_trigger / (len(cases) * len(events)),  # node's has two forms, ours is one
        "validation": _time(lambda: [sdk.validate(kind, value) for kind, value in checked], milliseconds)
        / len(checked),
    }


def _mapping(pairs: list[tuple[Case, dict[str, Any]]], milliseconds: int) -> float:
    return _time(lambda: [case.mapper(event) for case, event in pairs], milliseconds) / len(pairs)


def _time(once: Callable[[], object], milliseconds: int) -> float:
    """Microseconds that one call takes, over as many as fit the time."""
    once()
    runs = 0
    started = time.perf_counter()
    while (took := time.perf_counter() - started) * 1000 < milliseconds:
        once()
        runs += 1
    return took / runs * 1e6


def _valid(case: Case, event: dict[str, Any]) -> Any:
    mapped = case.mapper(event)
    try:
        sdk.validate(case.payload, mapped)
    except sdk.PayloadValidationError:
        return None
    return mapped


def _case(one: Mapping[str, Any], events: list[dict[str, Any]]) -> Case:
    return Case(
        destination=one["dest"],
        action=one["action"],
        trigger=one["subscribe"],
        mapping=one["mapping"],
        events=[events[index] for index in one["match"]],
        payload=_payload(one["dest"], one["action"]),
    )


def _payload(slug: str, action: str) -> type[sdk.Payload]:
    catalogue = json.loads((SHARED / "destinations" / "catalog.json").read_text())
    fields = next(one for one in catalogue["destinations"] if one["slug"] == slug)["actions"][action]["fields"]
    return sdk.payload_type(fields)
