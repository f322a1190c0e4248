"""Tracking plans: rules for events, each a JSON schema of the whole event, compiled once per version of the plan.

    {"type": "TRACK", "key": "Order Completed", "version": 1, "jsonSchema": {"properties": {"properties": {…}}}}

| type | key | holds for |
|---|---|---|
| `TRACK` | the event's name | track calls; `Page Viewed`, `Screen Viewed` for pages, screens without a rule, too |
| `PAGE` `SCREEN` | a name, or none for all others | page and screen calls |
| `IDENTIFY` `GROUP` | none | identify and group calls |
| `COMMON` | none | every event, beside its own rule |

An event picks the version of its rule by an integer in `context.protocols.event_version`; where that is none of the
plan's, the oldest holds (FEATURES F153).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from actionsd.protocols.errors import ProtocolsError
from actionsd.protocols.schemas import Judge, compile_schema
from actionsd.protocols.shapes import NOTHING, Shape, declared

RULE_TYPES: Final = ("COMMON", "GROUP", "IDENTIFY", "PAGE", "SCREEN", "TRACK")
MAX_RULES: Final = 2_000
"""Rules of one plan (FEATURES F149)."""

PARTS: Final = {"track": "properties", "page": "properties", "screen": "properties"}
"""Where an event of this type keeps what a plan declares; all others keep it in ``traits``."""

_KEYED: Final = frozenset(("TRACK", "PAGE", "SCREEN"))
_AS_TRACK: Final = {"PAGE": "Page Viewed", "SCREEN": "Screen Viewed"}

Event = Mapping[str, Any]


class Rule(msgspec.Struct, frozen=True):
    """A rule as it is managed; ``schema`` is not compiled yet."""

    type: str
    key: str
    version: int
    schema: dict[str, Any]


class Compiled(msgspec.Struct, frozen=True):
    """A compiled rule: what an event does wrong, and what is planned in its properties or traits."""

    violations: Judge
    shape: Shape


class Plan:
    """The rules of one version of a tracking plan. ``id`` and ``name`` are told in violation records."""

    def __init__(self, id: str, name: str, rules: Iterable[tuple[Rule, Compiled]]) -> None:
        self.id = id
        self.name = name
        self._versions: dict[tuple[str, str], dict[int, Compiled]] = {}
        for rule, compiled in sorted(rules, key=lambda pair: pair[0].version):
            self._versions.setdefault((rule.type, rule.key), {})[rule.version] = compiled

    def rule(self, event: Event) -> Compiled | None:
        """The rule that an event has to follow, None where the plan has none for it."""
        kind = str(event.get("type")).upper()
        for key in ((kind, event_name(event)), (kind, ""), ("TRACK", _AS_TRACK.get(kind, ""))):
            if key in self._versions:
                return _version(self._versions[key], event)
        return None

    def common(self, event: Event) -> Judge | None:
        """The schema that every event has to follow."""
        versions = self._versions.get(("COMMON", ""))
        return _version(versions, event).violations if versions else None


def event_name(event: Event) -> str:
    """By which name a plan and the schema filters know an event: a track call's event, a page's or screen's name."""
    kind = event.get("type")
    name = event.get("event") if kind == "track" else event.get("name") if kind in PARTS else ""
    return name if isinstance(name, str) else ""


def read_rules(rules: Any) -> list[Rule]:
    """The rules that this JSON list is, checked but for their schemas.

    ``ProtocolsError`` for what is no rule, for two of the same type, key and version, and for more than 2,000.
    """
    if not isinstance(rules, Sequence) or isinstance(rules, str):
        raise ProtocolsError(f"rules: expected a list, found {type(rules).__name__}")
    if len(rules) > MAX_RULES:
        raise ProtocolsError(f"rules: expected at most {MAX_RULES}, found {len(rules)}")
    read = [_rule(rule, f"rules[{index}]") for index, rule in enumerate(rules)]
    seen = set()
    for index, rule in enumerate(read):
        identity = (rule.type, rule.key, rule.version)
        if identity in seen:
            raise ProtocolsError(f"rules[{index}]: there are two of type {rule.type}, key {rule.key!r}, {rule.version}")
        seen.add(identity)
    return read


def compile_plan(rules: Any, *, id: str = "", name: str = "") -> Plan:
    """The plan that these rules make; ``ProtocolsError`` names the rule that is malformed."""
    return Plan(
        id, name, [(rule, compile_rule(rule, f"rules[{index}]")) for index, rule in enumerate(read_rules(rules))]
    )


def _rule(rule: Any, place: str) -> Rule:
    if not isinstance(rule, Mapping):
        raise ProtocolsError(f"{place}: expected an object, found {type(rule).__name__}")
    kind, key, version, schema = (rule.get(member) for member in ("type", "key", "version", "jsonSchema"))
    if kind not in RULE_TYPES:
        raise ProtocolsError(f"{place}.type: expected one of {', '.join(RULE_TYPES)}, found {kind!r}")
    if not isinstance(key, str | None) or (kind == "TRACK" and not key):
        raise ProtocolsError(f"{place}.key: expected a text, found {key!r}")
    if isinstance(version, bool) or not isinstance(version, int) or not 0 <= version < 2**31:
        raise ProtocolsError(f"{place}.version: expected a whole number, found {version!r}")
    if not isinstance(schema, dict):
        raise ProtocolsError(f"{place}.jsonSchema: expected an object, found {type(schema).__name__}")
    return Rule(str(kind), key or "" if kind in _KEYED else "", version, schema)


def compile_rule(rule: Rule, place: str) -> Compiled:
    """One rule; ``ProtocolsError`` names the ``place`` where its schema is none."""
    try:
        judge = compile_schema(rule.schema)
    except ProtocolsError as error:
        raise ProtocolsError(f"{place}.jsonSchema: {error}") from error
    part = PARTS.get(rule.type.lower(), "traits")
    return Compiled(judge, NOTHING if rule.type == "COMMON" else declared(rule.schema, part))


def _version(versions: dict[int, Compiled], event: Event) -> Compiled:
    context = event.get("context")
    protocols = context.get("protocols") if isinstance(context, dict) else None
    wanted = protocols.get("event_version") if isinstance(protocols, dict) else None
    if isinstance(wanted, int) and not isinstance(wanted, bool) and wanted in versions:
        return versions[wanted]
    return next(iter(versions.values()))
