"""Transformers: the edits that Segment compiles filters and Protocols transformations to.

| type | config | does |
|---|---|---|
| `drop` | none | drops the event |
| `sample_event` | `{"sample": {"percent": 0.1, "path": "userId"}}` | drops it unless it is in the sample |
| `drop_properties` | `{"drop": {"properties": ["a"], "": ["userId"]}}` | removes these keys |
| `allow_properties` | `{"allow": {"properties": ["a"]}}` | removes all other keys there |
| `map_properties` | `{"map": {"properties.b": {"copy": "properties.a"}}}` | sets fields |
| `hash_properties` | any | nothing, as in Segment's library |

A map sets each of its paths by one of `copy` and `move` (from another path), or `set` (a value), and `to_string` then
makes text of a number, boolean or null. All of them read the event as it was before the map.

    >>> transform = compile_transformers([
    ...     {"type": "map_properties", "config": {"map": {"properties.total": {"move": "properties.revenue",
    ...                                                                       "to_string": True}}}}])
    >>> transform({"type": "track", "properties": {"revenue": 9.5}})
    {'type': 'track', 'properties': {'total': '9.5'}}
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from actionsd.filters.edit import FilterError, Json, allow_keys, drop_keys, look_up, removed, replaced
from actionsd.filters.sampling import is_sampled
from actionsd.sdk import js
from actionsd.sdk.js import UNDEFINED

Transform = Callable[[Json], Json | None]


def compile_transformers(transformers: Sequence[Mapping[str, Any]]) -> Transform:
    """One function that applies all transformers in order: the edited event, or None where one drops it.

    The event given is not changed. `FilterError` for a transformer that is unknown or malformed, and when called for a
    map that would set a field of null.
    """
    steps = [_compile(transformer) for transformer in transformers]

    def transform(event: Json) -> Json | None:
        for step in steps:
            event = step(event)
            if event is None:
                return None
        return event

    return transform


def _compile(transformer: Mapping[str, Any]) -> Transform:
    match transformer.get("type"):
        case "drop":
            return lambda event: None
        case "sample_event":
            return _sample(_config(transformer, "sample"))
        case "drop_properties":
            return drop_keys(_config(transformer, "drop"))
        case "allow_properties":
            return allow_keys(_config(transformer, "allow"))
        case "map_properties":
            return _map(_config(transformer, "map", default={}))
        case "hash_properties":
            return lambda event: event
        case unknown:
            raise FilterError(f"unknown type of transformer {unknown!r}")


def _config(transformer: Mapping[str, Any], member: str, default: object = None) -> dict[str, Any]:
    config = transformer.get("config")
    value = config.get(member, default) if isinstance(config, Mapping) else None
    if not isinstance(value, dict):
        raise FilterError(f"{transformer['type']}: expected an object at config.{member}, found {value!r}")
    return value


def _sample(sample: Mapping[str, Any]) -> Transform:
    percent, path = sample.get("percent"), sample.get("path") or "messageId"
    if not isinstance(percent, int | float) or not isinstance(path, str):
        raise FilterError(f"sample_event: expected a number at percent, found {percent!r}")
    keys = path.split(".")
    return lambda event: event if is_sampled(percent, look_up(event, keys)) else None


def _map(fields: dict[str, Any]) -> Transform:
    setters = [_field(path.split("."), actions) for path, actions in js.ordered(fields).items()]

    def apply(event: Json) -> Json:
        edited = event
        for setter in setters:
            edited = setter(event, edited)
        return edited

    return apply


def _field(keys: list[str], actions: Mapping[str, Any]) -> Callable[[Json, Json], Json]:
    """What sets one field: from the event as it was, in the event as it is by now."""
    copy, move = actions.get("copy"), actions.get("move")
    source = (copy or move or "").split(".")

    def apply(original: Json, event: Json) -> Json:
        if len(keys) > 1 and not isinstance(look_up(original, keys[:-1]), dict | list | None):
            return event
        if copy or move:
            value = look_up(original, source)
            if value is not UNDEFINED:
                event = replaced(event, keys, value)
            if not copy and js.truthy(look_up(event, source)):
                event = removed(event, source)
        elif "set" in actions:
            event = replaced(event, keys, actions["set"])
        return _as_text(event, keys) if actions.get("to_string") else event

    return apply


def _as_text(event: Json, keys: list[str]) -> Json:
    value = look_up(event, keys)
    return event if isinstance(value, str | dict | list) else replaced(event, keys, str(js.string(value)))
