r"""Transformations in the form of Segment's Public API: a condition, and how the events it holds for are rewritten.

| member | does |
|---|---|
| `newEventName` | renames a track call |
| `propertyRenames` | `[{"oldName", "newName"}]`: moves a property or trait; all of a transformation at once |
| `propertyValueTransformations` | `[{"propertyPaths", "propertyValue"}]`: sets a value at each path |
| `fqlDefinedProperties` | `[{"fql", "propertyName"}]`, one: sets what the expression gives, if not null |
| `allowProperties` | removes all other properties or traits |
| `hashPropertiesConfiguration` | `{"algorithm", "key", "encoding", "paths"}`: puts hashes, keyed where there is a key |
| `drop` | drops the event |

A path is `properties.…`, `traits.…` or `context.…`; one without such a start means the properties of a track, page or
screen call and the traits of others. It has at most four levels; fields of the top level stay (FEATURES F154, F155).
All conditions and expressions look at the event as it came, the edits of one transformation follow those of another. A
condition that cannot be decided drops the event, as a filter's does (F137).

    >>> transform = compile_transformations([
    ...     {"if": "event = 'order_done'", "newEventName": "Order Completed",
    ...      "propertyRenames": [{"oldName": "revenue", "newName": "total"}],
    ...      "fqlDefinedProperties": [{"fql": "lowercase(properties.plan)", "propertyName": "plan"}]}])
    >>> transform({"type": "track", "event": "order_done", "properties": {"revenue": 9, "plan": "PRO"}})
    {'type': 'track', 'event': 'Order Completed', 'properties': {'plan': 'pro', 'total': 9}}
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from actionsd.filters.edit import FilterError, look_up, removed, replaced
from actionsd.filters.rules import MAX_FQL, allow_paths
from actionsd.fql import FQLError, compile_condition, compile_expression
from actionsd.protocols.errors import ProtocolsError
from actionsd.protocols.hashing import Hash, compile_hash
from actionsd.protocols.plan import PARTS
from actionsd.sdk.js import UNDEFINED

Event = dict[str, Any]
Keys = tuple[str, ...]
Edit = Callable[[Event, Event], Event]
"""Edits an event, which is given as it came and as it is by now."""

MAX_LEVELS: Final = 4
MAX_VALUES: Final = 10
"""Paths whose value one transformation sets."""

_ROOTS: Final = ("properties", "traits", "context")


class PropertyRename(msgspec.Struct, frozen=True, rename="camel"):
    old_name: str
    new_name: str


class PropertyValueTransformation(msgspec.Struct, frozen=True, rename="camel"):
    property_paths: list[str]
    property_value: str


class FQLDefinedProperty(msgspec.Struct, frozen=True, rename="camel"):
    fql: str
    property_name: str


class HashPropertiesConfiguration(msgspec.Struct, frozen=True, omit_defaults=True):
    algorithm: str
    paths: list[str]
    key: str | None = None
    encoding: str | None = None


class Transformation(msgspec.Struct, frozen=True, kw_only=True, rename={"condition": "if"}, omit_defaults=True):
    """A transformation as it is written; more members may stand beside these and mean nothing here."""

    condition: str
    name: str = ""
    enabled: bool = True
    drop: bool = False
    new_event_name: str | None = msgspec.field(name="newEventName", default=None)
    renames: list[PropertyRename] = msgspec.field(name="propertyRenames", default=[])
    values: list[PropertyValueTransformation] = msgspec.field(name="propertyValueTransformations", default=[])
    defined: list[FQLDefinedProperty] = msgspec.field(name="fqlDefinedProperties", default=[])
    allowed: list[str] = msgspec.field(name="allowProperties", default=[])
    hashed: HashPropertiesConfiguration | None = msgspec.field(name="hashPropertiesConfiguration", default=None)


class Rewritten(msgspec.Struct, frozen=True):
    """The event as transformations leave it, or None with the reason; ``by`` are the indexes of those that applied."""

    event: Event | None
    reason: Literal["", "dropped", "undecidable"] = ""
    by: tuple[int, ...] = ()


class _Compiled(msgspec.Struct, frozen=True):
    index: int
    holds: Callable[[Event], bool]
    drops: bool
    edits: tuple[Edit, ...]


class Transformations:
    """All of one scope, in their order, as one function: the event rewritten, or None. Events are not changed."""

    def __init__(self, compiled: Iterable[_Compiled]) -> None:
        self._compiled = tuple(compiled)

    def __call__(self, event: Event) -> Event | None:
        return self.rewrite(event).event

    def rewrite(self, event: Event) -> Rewritten:
        """The event and which transformations applied, or why there is none any more."""
        try:
            holding = [each for each in self._compiled if each.holds(event)]
        except (FQLError, FilterError):
            return Rewritten(None, "undecidable")
        if not holding:
            return Rewritten(event)
        by = tuple([each.index for each in holding])
        if any(each.drops for each in holding):
            return Rewritten(None, "dropped", by)
        edited = event
        for each in holding:
            for edit in each.edits:
                edited = edit(event, edited)
        return Rewritten(edited, by=by)


def compile_transformations(transformations: Sequence[Mapping[str, Any]]) -> Transformations:
    """The transformations compiled, without those whose ``enabled`` is false.

    ``ProtocolsError`` for one that is malformed; the text names its index and the member.
    """
    compiled = []
    for index, value in enumerate(transformations):
        try:
            transformation = read_transformation(value)
            each = _compile(index, transformation)
        except ProtocolsError as error:
            raise ProtocolsError(f"transformations[{index}]: {error}") from error
        if transformation.enabled:
            compiled.append(each)
    return Transformations(compiled)


def read_transformation(value: Mapping[str, Any]) -> Transformation:
    """The transformation that this JSON object is; ``ProtocolsError`` where it is none."""
    try:
        return msgspec.convert(value, Transformation)
    except msgspec.ValidationError as error:
        raise ProtocolsError(str(error)) from None


def _compile(index: int, transformation: Transformation) -> _Compiled:
    _check(transformation)
    edits: list[Edit] = []
    if transformation.new_event_name:
        edits.append(_rename_event(transformation.new_event_name))
    if transformation.renames:
        pairs = [
            (_path(rename.old_name, "propertyRenames.oldName"), _path(rename.new_name, "propertyRenames.newName"))
            for rename in transformation.renames
        ]
        edits.append(_rename(pairs))
    for setting in transformation.values:
        for path in setting.property_paths:
            edits.append(_set(_path(path, "propertyValueTransformations"), setting.property_value))
    for defined in transformation.defined:
        edits.append(
            _define(
                _path(defined.property_name, "fqlDefinedProperties.propertyName"),
                _fql(defined.fql, compile_expression, "fqlDefinedProperties.fql"),
            )
        )
    if transformation.allowed:
        edits.append(_allow([_path(path, "allowProperties") for path in transformation.allowed]))
    if transformation.hashed is not None:
        edits.append(_hash(transformation.hashed))
    return _Compiled(index, _fql(transformation.condition, compile_condition, "if"), transformation.drop, tuple(edits))


def _check(transformation: Transformation) -> None:
    """What Segment refuses although each part is well-formed."""
    values, old = "propertyValueTransformations.propertyPaths", "propertyRenames.oldName"
    paths = [".".join(_path(path, values)) for each in transformation.values for path in each.property_paths]
    renamed = [".".join(_path(rename.old_name, old)) for rename in transformation.renames]
    if len(paths) > MAX_VALUES:
        raise ProtocolsError(f"{values}: expected at most {MAX_VALUES}, found {len(paths)}")
    for name, found in ((values, paths), (old, renamed)):
        if twice := next((path for path in found if found.count(path) > 1), None):
            raise ProtocolsError(f"{name}: {twice.lstrip('.')} is named twice")
    if both := next((path for path in paths if path in renamed), None):
        raise ProtocolsError(f"{values}: {both.lstrip('.')} is renamed by the same transformation")
    if len(transformation.defined) > 1:
        raise ProtocolsError(f"fqlDefinedProperties: expected at most 1, found {len(transformation.defined)}")


def _path(text: str, member: str) -> Keys:
    """The keys of a path. The first is "" where the type of the event decides between properties and traits."""
    first, *rest = text.split(".")
    keys = (first, *rest) if first in _ROOTS and rest else ("", first, *rest)
    if not all(keys[1:]) or len(keys) > MAX_LEVELS + 1:
        raise ProtocolsError(f"{member}: expected a path of 1 to {MAX_LEVELS} names, found {text!r}")
    return keys


def _in(event: Event, keys: Keys) -> Keys:
    return keys if keys[0] else (PARTS.get(str(event.get("type")), "traits"), *keys[1:])


def _fql(text: str, compiler: Callable[[str], Callable[[Any], Any]], member: str) -> Callable[[Event], Any]:
    if len(text.encode("utf-8", "surrogatepass")) > MAX_FQL:
        raise ProtocolsError(f"{member}: expected FQL of at most {MAX_FQL} bytes")
    if text == "all" and compiler is compile_condition:
        return lambda event: True
    try:
        return compiler(text)
    except FQLError as error:
        column = "" if error.position is None else f" (column {error.position + 1})"
        raise ProtocolsError(f"{member}: expected FQL: {error.reason}{column}") from error


def _rename_event(name: str) -> Edit:
    return lambda original, event: {**event, "event": name} if event.get("type") == "track" else event


def _rename(pairs: Sequence[tuple[Keys, Keys]]) -> Edit:
    def edit(original: Event, event: Event) -> Event:
        moved = []
        for old, new in pairs:
            value = look_up(event, _in(event, old))
            if value is not UNDEFINED:
                moved.append((_in(event, old), _in(event, new), value))
        for old, _, _ in moved:
            event = removed(event, old)
        for _, new, value in moved:
            event = _placed(event, new, value)
        return event

    return edit


def _set(keys: Keys, value: Any) -> Edit:
    return lambda original, event: _placed(event, _in(event, keys), value)


def _define(keys: Keys, value_of: Callable[[Event], Any]) -> Edit:
    def edit(original: Event, event: Event) -> Event:
        try:
            value = value_of(original)
        except (FQLError, FilterError):
            return event
        return event if value is None else _placed(event, _in(event, keys), value)

    return edit


def _allow(paths: Sequence[Keys]) -> Edit:
    def edit(original: Event, event: Event) -> Event:
        fields: dict[str, list[str]] = {}
        for keys in (_in(event, path) for path in paths):
            fields.setdefault(keys[0], []).append(".".join(keys[1:]))
        edited: Event = allow_paths(fields)(event)
        return edited

    return edit


def _hash(configuration: HashPropertiesConfiguration) -> Edit:
    hash: Hash = compile_hash(configuration.algorithm, configuration.key, configuration.encoding)
    paths = [_path(path, "hashPropertiesConfiguration.paths") for path in configuration.paths]

    def edit(original: Event, event: Event) -> Event:
        for keys in (_in(event, path) for path in paths):
            value = look_up(event, keys)
            if value is not UNDEFINED and value is not None:
                event = _placed(event, keys, hash(value))
        return event

    return edit


def _placed(event: Event, keys: Keys, value: Any) -> Event:
    """The event with the value there; as it is where something on the way is neither object nor list, or null."""
    for count in range(1, len(keys)):
        found = look_up(event, keys[:count])
        if not isinstance(found, dict | list) and found is not UNDEFINED:
            return event
    edited: Event = replaced(event, keys, value)
    return edited
