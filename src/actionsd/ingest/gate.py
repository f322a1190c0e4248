"""What a source's events go through between validation and the journal: its schema filters and tracking plan, then the
transformations of all its events (FEATURES part 7, F148-F156).

Only sources that have any of this get a gate. What it rewrites is journalled rewritten; what it blocks is counted as
``filtered_at_source`` with the reason of F171 and, where the source says so, goes to another source, as violations do.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

import msgspec

from actionsd.event import Accepted, decode, parse
from actionsd.filters.edit import look_up
from actionsd.ingest.refusal import BadRequest
from actionsd.ingest.split import app_of, write
from actionsd.ingest.taken import Taken
from actionsd.protocols import Enforcement, Plan, ProtocolsError, Rewritten, Transformations, compile_transformations
from actionsd.protocols.enforcement import Verdict, noted
from actionsd.protocols.plan import Compiled, compile_rule, event_name
from actionsd.protocols.plan import Rule as PlanRule
from actionsd.protocols.records import EVENT_NAME, Origin, violation_events
from actionsd.protocols.settings import read_filters, read_settings
from actionsd.sdk import js
from actionsd.store.records import Source, TrackingPlan, Workspace

_log = logging.getLogger(__name__)

step = "filtered_at_source"
most_records = 2_500  # violations of one call that are forwarded, as many as a batch has events; the rest is counted
_reasons = {  # ours: a transformation drops the event, or nobody can tell whether one holds for it (F137)
    "": "",
    "dropped": "transformation_drop",
    "undecidable": "transformation_undecidable",
}

transformed = "transformed"  # the member of ``added`` that names the transformations that applied; no part of the event

Event = dict[str, Any]
T = TypeVar("T")


class Targets(NamedTuple):
    """The ids of the sources that get violations and blocked events, 0 where none does."""

    violations: int
    blocked: int


class Gate:
    """The gate of one source, for one version of what it is made of; ``trouble`` is what of it does not act, or ""."""

    def __init__(
        self,
        source: Source,
        targets: Targets,
        enforcement: Enforcement | None,
        transformations: Transformations | None,
        trouble: str,
    ) -> None:
        self.trouble = trouble
        self._origin = Origin(str(source.id), source.name, source.slug)
        self._targets = targets
        self._enforcement = enforcement
        self._transformations = transformations
        self._names = [each.config.name for each in source.transformations]

    def sift(self, taken: Taken) -> None:
        """Let the events of a call through that may pass, as they are to be journalled."""
        accepted, taken.accepted = taken.accepted, []
        for each in accepted:
            passed = self._pass(each, taken)
            if passed is not None:
                taken.accepted.append(passed)

    def _pass(self, accepted: Accepted, taken: Taken) -> Accepted | None:
        try:
            original = decode(accepted.body, accepted.added)
        except msgspec.DecodeError:
            return accepted  # no destination will get it either (RULES R26)
        event, reason = original, ""
        if self._enforcement is not None:
            verdict = self._enforcement(original)
            self._forward(accepted, original, verdict, taken)
            event, reason = verdict.event or original, verdict.reason
        rewritten = Rewritten(event)
        if self._transformations is not None and not reason:
            rewritten = self._transformations.rewrite(event)
            reason = _reasons[rewritten.reason]
        if reason or rewritten.event is None:
            taken.filtered.append((accepted.message_id, reason))
            taken.count(step, reason, facet=accepted.facet)
            return None
        return _rewritten(accepted, original, rewritten.event, [self._names[index] for index in rewritten.by])

    def _forward(self, accepted: Accepted, event: Event, verdict: Verdict, taken: Taken) -> None:
        plan = self._enforcement.plan if self._enforcement else None
        if verdict.violations and self._targets.violations and plan is not None:
            room = most_records - len(taken.forwarded.get(self._targets.violations, ()))
            records = violation_events(event, verdict.violations[: max(room, 0)], self._origin, plan)
            added = _added_to_record(accepted.added)
            facet = ("track", EVENT_NAME, "")
            events = [Accepted(record["messageId"], _json(record), added, facet) for record in records]
            taken.forward(self._targets.violations, events)
            if len(records) < len(verdict.violations):
                taken.count("violations_not_forwarded", "overload", len(verdict.violations) - len(records))
        if verdict.event is None and self._targets.blocked:
            marked = noted(event, verdict, self._origin.id)
            taken.forward(self._targets.blocked, [_rewritten(accepted, event, marked, [])])


class Gates:
    """The gates of all sources that have one. What did not change is not compiled again."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[tuple[Any, ...], Gate]] = {}
        self._rules: dict[tuple[int, int], Compiled] = {}

    def of(self, source: int) -> Gate | None:
        made = self._made.get(source)
        return made[1] if made else None

    @property
    def troubles(self) -> dict[int, str]:
        """What of a source's plan, filters or transformations does not act, by source."""
        return {source: gate.trouble for source, (_, gate) in self._made.items() if gate.trouble}

    def apply(self, workspace: Workspace) -> None:
        """Bring the gates in line with a workspace."""
        plans = {plan.id: plan for plan in workspace.plans}
        enabled = {source.id for source in workspace.sources if source.enabled}
        made = {}
        for source in workspace.sources:
            schema = source.schema.config
            plan = plans.get(schema.plan)
            targets = Targets(*(id if id in enabled else 0 for id in (schema.violations_to, schema.blocked_to)))
            if not schema.plan and not schema.filters and not source.transformations:
                continue
            known = self._made.get(source.id)
            if known is not None and known[0][1] is plan and known[0] == (source, plan, targets):
                made[source.id] = known
            else:
                made[source.id] = ((source, plan, targets), self._gate(source, plan, targets))
        self._made = made
        alive = {(rule.id, rule.version) for plan in workspace.plans for rule in plan.rules}
        self._rules = {key: compiled for key, compiled in self._rules.items() if key in alive}

    def _gate(self, source: Source, plan: TrackingPlan | None, targets: Targets) -> Gate:
        """All of it was checked before it was stored; what cannot work all the same is left out, loudly."""
        schema, troubles = source.schema.config, list[str]()
        enforced = None
        if plan is not None:
            what = f"its tracking plan {plan.config.slug} is not enforced"
            enforced = _working(
                what, troubles, lambda: Plan(str(plan.id), plan.config.name, list(self._compiled(plan)))
            )  # fmt: skip
        elif schema.plan:
            troubles.append("its tracking plan is deleted, so none is enforced")
        enforcement = _working(
            "its schema filters and settings are not enforced", troubles,
            lambda: Enforcement(
                read_settings(schema.settings), read_filters(schema.filters), enforced, source=str(source.id)
            ),
        )  # fmt: skip
        transformations = _working(
            "its events are not rewritten", troubles,
            lambda: compile_transformations([each.as_json() for each in source.transformations]),
        )  # fmt: skip
        for trouble in troubles:
            _log.error("source %s: %s", source.slug, trouble)
        return Gate(source, targets, enforcement, transformations, "; ".join(troubles))

    def _compiled(self, plan: TrackingPlan) -> Iterable[tuple[PlanRule, Compiled]]:
        for rule in plan.rules:
            config, key = rule.config, (rule.id, rule.version)
            read = PlanRule(config.type, config.key, config.version, config.schema)
            if key not in self._rules:
                self._rules[key] = compile_rule(read, f"rule {rule.id}")
            yield read, self._rules[key]


def _working(what: str, troubles: list[str], make: Callable[[], T]) -> T | None:
    """What ``make`` returns; where that cannot be, None, and another of the ``troubles``."""
    try:
        return make()
    except ProtocolsError as error:
        troubles.append(f"{what}: {error}")
        return None


def _rewritten(accepted: Accepted, original: Event, event: Event, by: list[str]) -> Accepted:
    """What goes to the journal so that it reads as ``event``, which lacks no member of ``original``; what came, where
    it is ``original``."""
    if event is original and not by:
        return accepted
    body, added = parse(accepted.body), parse(accepted.added)
    for key, value in event.items():
        if value is not original.get(key):
            body[key] = value
            if key == "context":
                added.pop(key, None)  # the batch's, which is part of the event's by now
    if by:
        added[transformed] = by
    facet = (event["type"], event_name(event), app_of(look_up(event, ("context", "app"))).version_text)
    return Accepted(accepted.message_id, _json(body), _json(added), facet)


def _json(value: Any) -> bytes:
    """JSON in ASCII; a number beyond a double becomes null, as JavaScript writes it."""
    try:
        return write(value)
    except BadRequest:
        return js.stringify_bytes(value)


def _added_to_record(added: bytes) -> bytes:
    """What the server adds to a violation record: it came when the event at fault did."""
    known = parse(added)
    received_at = known["receivedAt"]
    own = {"v": known["v"], "receivedAt": received_at, "version": known["version"]}
    return write(own | {"timestamp": received_at, "channel": "server"})
