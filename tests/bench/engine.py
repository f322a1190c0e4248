"""The engine on real presets and realistic events, beside Segment's own packages in node.

The presets and events of ../shared/bench are used where they are there, else the presets of the installed destinations
and the events of ``workload.py``. Both sides read the same file, and are measured in turn. A delivery is all from the
bytes of an event to the end of ``perform``, with HTTP answered at once; it is measured for destinations that both sides
have, over the pairs of mapping and event that both deliver. As in the daemon, where the lanes of all destinations get a
block of events, an event is decoded once, and a destination takes all of its events before the next one has its turn;
"decoded each" decodes an event for every delivery, as when one destination alone works off a backlog. Node has the same
order, and its events decoded before.
"""

import asyncio
import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from actionsd import catalog, event, sdk
from actionsd.delivery.attempt import Item, attempt
from actionsd.delivery.prepared import Prepared, prepare
from actionsd.delivery.session import Around
from actionsd.fql.trigger import compile_trigger, compile_triggers
from actionsd.mapping import compile_mapping
from bench import workload
from bench.measure import Bench, Sample

ENGINE_JS = Path(__file__).parent / "peers" / "engine.js"
SHARED = Path(__file__).parents[3] / "shared"
EVERY_EVENT = 'type != "none"'


class Answering:
    """A transport that answers every request at once; like a lane's it serves all attempts."""

    async def send(self, request: sdk.Request, /) -> sdk.Response:
        return sdk.Response(200, {"content-type": "application/json"}, b"{}")


_answering = Answering()


class Case:
    """A mapping of one destination with the events that it takes, as the workload file has it."""

    def __init__(self, one: Mapping[str, Any], events: list[dict[str, Any]], definition: sdk.Definition[Any] | None):
        self.slug: str = one["dest"]
        self.trigger: str = one["subscribe"]
        self.events = [events[index] for index in one["match"]]
        self.mapper = compile_mapping(one["mapping"])
        self.fires = compile_trigger(self.trigger)
        self._one = one
        self._definition = definition

    @cached_property
    def payload(self) -> type[sdk.Payload]:
        """The installed destination's type, else one built from the catalogue in ../shared."""
        action: str = self._one["action"]
        if self._definition is not None:
            found: type[sdk.Payload] = self._definition.actions[action].payload
            return found
        catalogue = json.loads((SHARED / "destinations" / "catalog.json").read_text())
        entry = next(each for each in catalogue["destinations"] if each["slug"] == self.slug)
        return sdk.payload_type(entry["actions"][action]["fields"])

    @cached_property
    def prepared(self) -> Prepared | None:
        if self._definition is None:
            return None
        one = self._one
        return prepare(self._definition, one["action"], settings=one["settings"], fields=one["mapping"])

    def maps_validly(self, event: dict[str, Any]) -> bool:
        try:
            sdk.validate(self.payload, self.mapper(event))
        except sdk.PayloadValidationError:
            return False
        return True

    async def deliver(self, decoded: dict[str, Any]) -> bool:
        """Test the trigger, map, validate and perform; false where nothing was delivered."""
        assert self.prepared is not None
        if not self.fires(decoded):
            return False
        around = Around(transport=_answering, at_ms=1_715_776_496_789)
        return (await attempt(self.prepared, Item(event=decoded), around)).kind == "delivered"


Pairs = list[tuple[Case, dict[str, Any]]]


def measure(bench: Bench) -> None:
    path = _workload(bench.scratch)
    work = json.loads(path.read_text())
    installed = catalog.load().definitions
    cases = [Case(one, work["events"], installed.get(one["dest"])) for one in work["cases"]]
    milliseconds = max(20, round(300 * bench.scale))
    deliveries: Pairs = []
    sides: dict[str, Callable[[], Sample]] = {}
    if bench.peers:
        command = ["node", str(ENGINE_JS), str(bench.peers), str(path)]
        deliveries = _delivered_by_both(cases, work["events"], _node([*command, "1"])["deliverable"])
        parts = Counter(case.slug for case, _ in deliveries)
        sides["node"] = lambda: _node_sample(_node([*command, str(milliseconds)]), parts)
    sides["actionsd"] = lambda: _ours(cases, work["events"], deliveries, milliseconds)
    rounds = bench.interleave("engine", sides)
    if not bench.peers:
        return
    slugs = dict.fromkeys(case.slug for case in cases)
    goals: dict[str, tuple[float, float]] = {
        "mapping": (15, 10),
        **{f"mapping.{slug}": (4, 3) for slug in slugs},
        "triggers": (100, 40),
        "triggers, parsed before": (1, 1),
        "validation": (5, 3),
    }
    if deliveries:
        goals["delivery"] = goals["delivery, decoded each"] = (15, 8)
        bench.notes.append(f"delivery: {len(deliveries)} pairs of {', '.join(parts)}")
    for metric, (goal, floor) in goals.items():
        bench.compare(
            f"{metric}, node / actionsd", rounds, "actionsd", "node", metric, goal=goal, floor=floor, inverse=True
        )


def _node(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def _node_sample(measured: dict[str, Any], parts: Counter[str]) -> Sample:
    """Its figures, and the mean of a delivery over the pairs that both sides deliver."""
    sample = {name: value for name, value in measured.items() if name != "deliverable"}
    if parts:
        total = sum(sample[f"delivery.{slug}"] * count for slug, count in parts.items())
        sample["delivery"] = sample["delivery, decoded each"] = total / parts.total()  # node gets them decoded
    return sample


def _delivered_by_both(cases: list[Case], events: list[dict[str, Any]], node: list[tuple[int, int]]) -> Pairs:
    async def ours() -> Pairs:
        pairs = [(cases[case], events[index]) for case, index in node if cases[case].prepared is not None]
        return [(case, each) for case, each in pairs if await case.deliver(each)]

    return asyncio.run(ours())


def _ours(cases: list[Case], events: list[dict[str, Any]], deliveries: Pairs, milliseconds: int) -> Sample:
    """Microseconds for each operation, by the names that ``peers/engine.js`` uses too."""
    pairs = [(case, each) for case in cases for each in case.events]
    by_slug = {case.slug: [pair for pair in pairs if pair[0].slug == case.slug] for case in cases}
    fires = compile_triggers((case.trigger, case.trigger) for case in cases)  # all that one source has
    fired = _time(lambda: [fires(each) for each in events], milliseconds)
    trigger = fired / (len(cases) * len(events))
    payloads = [(case.payload, case.mapper(each)) for case, each in pairs if case.maps_validly(each)]
    checked = _time(lambda: [sdk.validate(kind, value) for kind, value in payloads], milliseconds)
    sample = {
        "mapping": _mapping(pairs, milliseconds),
        **{f"mapping.{slug}": _mapping(some, milliseconds) for slug, some in by_slug.items()},
        "triggers": trigger,
        "triggers, parsed before": trigger,  # node has two forms, compiling leaves one
        "validation": checked / len(payloads),
    }
    if deliveries:
        ordered = sorted(deliveries, key=lambda pair: pair[0].slug)
        sample["delivery"] = asyncio.run(_deliver(ordered, milliseconds, once=True))
        sample["delivery, decoded each"] = asyncio.run(_deliver(ordered, milliseconds, once=False))
    return sample


def _mapping(pairs: Pairs, milliseconds: int) -> float:
    return _time(lambda: [case.mapper(each) for case, each in pairs], milliseconds) / len(pairs)


def _time(once: Callable[[], object], milliseconds: int) -> float:
    """Microseconds that one call takes, over as many as fit the time."""
    once()
    runs = 0
    started = time.perf_counter()
    while (took := time.perf_counter() - started) * 1000 < milliseconds:
        once()
        runs += 1
    return took / runs * 1e6


async def _deliver(deliveries: Pairs, milliseconds: int, *, once: bool) -> float:
    """Microseconds for each delivery; an event is decoded ``once``, or for each."""
    encoded = [(case, json.dumps(each).encode()) for case, each in deliveries]
    bodies = {body for _, body in encoded} if once else set()
    runs = 0
    started = time.perf_counter()
    while (took := time.perf_counter() - started) * 1000 < milliseconds or not runs:
        decoded = {body: event.decode(body, b"{}") for body in bodies}
        for case, body in encoded:
            await case.deliver(decoded[body] if once else event.decode(body, b"{}"))
        runs += 1
    return took / runs / len(encoded) * 1e6


def _workload(scratch: Path) -> Path:
    shared = SHARED / "bench" / "data" / "workload.json"
    if shared.exists():
        return shared
    path = scratch / "workload.json"
    path.write_text(json.dumps(_of_installed_destinations()))
    return path


def _of_installed_destinations() -> dict[str, Any]:
    """The presets of what is installed, else the actions' defaults, with the generated events that they take."""
    events = [{**one, "messageId": f"bench-{number}"} for number, one in enumerate(workload.events())]
    cases = []
    for definition in catalog.load().definitions.values():
        presets = [
            (preset.action, preset.trigger, preset.mapping)
            for preset in definition.presets
            if preset.type == "automatic"
        ]
        for action, trigger, mapping in presets or [(slug, EVERY_EVENT, None) for slug in definition.actions]:
            offered = definition.actions[action]
            fields = {**(offered.default_mapping if mapping is None else mapping), **_TARGETS.get(definition.slug, {})}
            fires = compile_trigger(trigger or EVERY_EVENT)
            match = [index for index, one in enumerate(events) if fires(one)]
            one = {"dest": definition.slug, "action": action, "subscribe": trigger or EVERY_EVENT, "mapping": fields}
            cases.append({**one, "settings": {}, "schema": sdk.json_schema(offered.payload), "match": match})
    return {"events": events, "cases": [one for one in cases if one["match"] and one["mapping"]]}


_TARGETS: dict[str, dict[str, Any]] = {
    "slack": {"url": "https://hooks.slack.example/services/x", "text": {"@template": "{{event}} by {{userId}}"}},
    "webhook": {"url": "https://hook.example/in"},
}
