"""What a source's schema filters, settings and tracking plan make of an event (FEATURES F148-F153, F171).

In this order: the schema filters; the rule of the plan for the event, with the standard settings; the plan's common
schema, with its own setting, on the event as it is by then.

    >>> enforce = Enforcement(SchemaSettings(), SchemaFilters(track=frozenset({"Debug"})))
    >>> enforce({"type": "track", "event": "Debug"}).reason
    'event_setting'

An event that violates something, or of which something is omitted, carries a note of it in `context.protocols`:
`sourceId`, `violations` (type, field, description), `omitted` and `omitted_on_violation` (paths).
"""

from typing import Any, Final, Literal

import msgspec

from actionsd.filters.edit import look_up, removed, replaced
from actionsd.protocols.plan import PARTS, Compiled, Plan, event_name
from actionsd.protocols.settings import SchemaFilters, SchemaSettings
from actionsd.protocols.shapes import NOTHING, Path, without_unplanned
from actionsd.protocols.violations import Violation, dotted
from actionsd.sdk.js import UNDEFINED

Event = dict[str, Any]
Reason = Literal[
    "common_schema_violation", "event_setting", "schema_violation", "unplanned", "unplanned_and_schema_violation"
]

_KEPT: Final = "event_version"  # of a client's own context.protocols; the rest is the server's to say


class Verdict(msgspec.Struct, frozen=True):
    """The event, edited perhaps, or None and the reason why it is blocked (F171), with all that was found wrong."""

    event: Event | None
    reason: Reason | Literal[""] = ""
    violations: tuple[Violation, ...] = ()
    omitted: tuple[Path, ...] = ()
    omitted_on_violation: tuple[Path, ...] = ()


class _Controls(msgspec.Struct, frozen=True):
    """The settings for one type of event: what is let through although the rule, or the common schema, says no."""

    unplanned_events: bool = True
    unplanned_members: bool = True
    violating_events: bool = True
    violating_members: bool = True
    common: str = "ALLOW"


class Enforcement:
    """The filters, settings and plan of one source as one function. Events are not changed.

    ``source`` is the id that notes give; without a ``plan`` only the schema filters act.
    """

    def __init__(
        self, settings: SchemaSettings, filters: SchemaFilters, plan: Plan | None = None, *, source: str = ""
    ) -> None:
        self.plan = plan
        self._source = source
        self._controls = _controls(settings)
        self._blocked = {"track": filters.track, "page": filters.page, "screen": filters.screen}
        self._unwanted = {"identify": filters.identify_traits, "group": filters.group_traits}

    def __call__(self, event: Event) -> Verdict:
        """Judge one event, which has a ``type``."""
        kind = event["type"]
        if event_name(event) in self._blocked.get(kind, ()):
            return Verdict(None, "event_setting")
        event, omitted = _without_members(event, "traits", self._unwanted.get(kind, frozenset()))
        verdict = Verdict(event, omitted=omitted)
        if self.plan is not None:
            controls = self._controls.get(kind, _Controls())
            rule = self.plan.rule(event)
            verdict = _by_rule(verdict, rule, controls, PARTS.get(kind, "traits"))
            verdict = self._by_common_schema(verdict, event, controls)
        return self._noted(verdict)

    def _by_common_schema(self, verdict: Verdict, original: Event, controls: _Controls) -> Verdict:
        assert self.plan is not None
        event = original if verdict.event is None else verdict.event
        judge = self.plan.common(event)
        found = judge(event) if judge else ()
        if not found:
            return verdict
        violations = (*verdict.violations, *found)
        if verdict.event is None:
            both = verdict.reason == "unplanned" and controls.common == "BLOCK"
            reason: Reason | Literal[""] = "unplanned_and_schema_violation" if both else verdict.reason
            return msgspec.structs.replace(verdict, reason=reason, violations=violations)
        if controls.common == "BLOCK":
            return msgspec.structs.replace(verdict, event=None, reason="common_schema_violation", violations=violations)
        omitted: tuple[Path, ...] = ()
        if controls.common != "ALLOW":
            event, omitted = _without_fault(event, found)
        on_violation = (*verdict.omitted_on_violation, *omitted)
        return msgspec.structs.replace(verdict, event=event, violations=violations, omitted_on_violation=on_violation)

    def _noted(self, verdict: Verdict) -> Verdict:
        if verdict.event is None or not (verdict.violations or verdict.omitted or verdict.omitted_on_violation):
            return verdict
        return msgspec.structs.replace(verdict, event=noted(verdict.event, verdict, self._source))


def noted(event: Event, verdict: Verdict, source: str) -> Event:
    """The event with what was found in its ``context.protocols``."""
    own = look_up(event, ("context", "protocols"))
    note: dict[str, Any] = {_KEPT: own[_KEPT]} if isinstance(own, dict) and _KEPT in own else {}
    note["sourceId"] = source
    if verdict.violations:
        note["violations"] = [violation.as_json() for violation in verdict.violations]
    if verdict.omitted:
        note["omitted"] = [dotted(path) for path in verdict.omitted]
    if verdict.omitted_on_violation:
        note["omitted_on_violation"] = [dotted(path) for path in verdict.omitted_on_violation]
    context = event.get("context")
    return {**event, "context": {**(context if isinstance(context, dict) else {}), "protocols": note}}


def _by_rule(verdict: Verdict, rule: Compiled | None, controls: _Controls, part: str) -> Verdict:
    """The standard settings."""
    event = verdict.event
    assert event is not None
    if rule is None and not controls.unplanned_events:
        return msgspec.structs.replace(verdict, event=None, reason="unplanned")
    violations = rule.violations(event) if rule else ()
    if violations and not controls.violating_events:
        return msgspec.structs.replace(verdict, event=None, reason="schema_violation", violations=violations)
    unplanned: tuple[Path, ...] = ()
    if not controls.unplanned_members and part in event:
        members, unplanned = without_unplanned(event[part], rule.shape if rule else NOTHING, (part,))
        event = {**event, part: members} if unplanned else event
    at_fault: tuple[Path, ...] = ()
    if not controls.violating_members:
        event, at_fault = _without_fault(event, violations)
    omitted = (*verdict.omitted, *unplanned)
    return Verdict(event, violations=violations, omitted=omitted, omitted_on_violation=at_fault)


def _without_fault(event: Event, violations: tuple[Violation, ...]) -> tuple[Event, tuple[Path, ...]]:
    """The event without the properties or traits that violations are about: of each the innermost member of an object,
    so that a list stays whole or goes."""
    omitted = []
    for violation in violations:
        path = violation.path
        while path and not isinstance(path[-1], str):
            path = path[:-1]
        if len(path) > 1 and path[0] in ("properties", "traits"):
            keys = list(map(str, path))
            if look_up(event, keys) is not UNDEFINED:
                event = removed(event, keys)
                omitted.append(path)
    return event, tuple(omitted)


def _without_members(event: Event, part: str, unwanted: frozenset[str]) -> tuple[Event, tuple[Path, ...]]:
    members = event.get(part)
    found = [name for name in members if name in unwanted] if unwanted and isinstance(members, dict) else []
    if not found or not isinstance(members, dict):
        return event, ()
    kept = {name: member for name, member in members.items() if name not in unwanted}
    return replaced(event, (part,), kept), tuple((part, name) for name in found)


def _controls(settings: SchemaSettings) -> dict[str, _Controls]:
    track = settings.track
    controls = {
        "track": _Controls(
            unplanned_events=track.allow_unplanned_events,
            unplanned_members=track.allow_unplanned_event_properties,
            violating_events=track.allow_event_on_violations,
            violating_members=track.allow_properties_on_violations,
            common=track.common_event_on_violations,
        )
    }
    for kind, traits in (("identify", settings.identify), ("group", settings.group)):
        controls[kind] = _Controls(
            unplanned_members=traits.allow_unplanned_traits,
            violating_members=traits.allow_traits_on_violations,
            common=traits.common_event_on_violations,
        )
    return controls
