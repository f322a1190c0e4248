"""Destination filters in the form of Segment's Public API: a condition, and what is done with the events it holds for.

| action | members | does |
|---|---|---|
| `SAMPLE` | `percent` 0 to 1, `path` | keeps that share of the events, by the value at `path` or by messageId |
| `DROP` | | drops the event |
| `DROP_PROPERTIES` | `fields` | removes these keys |
| `ALLOW_PROPERTIES` | `fields` | removes all other keys of the same objects |

Types may be in lower case, as the API's preview writes them (FEATURES F129). `fields` names keys below a path,
`{"properties": ["a", "b.c"], "": ["userId"]}`: `""` is the top level, a key may be a path, and in an array the keys of
all objects are meant (F134, F136). All conditions look at the event as it came. Whatever the order of filters and
actions, samples come first, then drops, dropped and allowed properties (F130). A condition that cannot be decided
drops the event (F137).

    >>> filters = compile_filters([
    ...     {"if": "type = 'track'", "actions": [{"type": "DROP_PROPERTIES", "fields": {"context": ["ip"]}}]},
    ...     {"if": "all", "actions": [{"type": "SAMPLE", "percent": 0.5, "path": "userId"}]}])
    >>> filters({"type": "track", "userId": "u1", "context": {"ip": "1.2.3.4"}})
    {'type': 'track', 'userId': 'u1', 'context': {}}
    >>> filters.decide({"type": "track", "userId": "u2"})
    Decision(event=None, reason='sampled', filter=1)
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from actionsd.filters.edit import Edit, FilterError, Object, allow_keys, drop_keys, look_up
from actionsd.filters.sampling import is_sampled
from actionsd.fql import FQLError, compile_condition

MAX_FQL: Final = 5 * 1024
"""Bytes of one filter's condition (FEATURES F132)."""

Reason = Literal["kept", "sampled", "dropped", "undecidable"]
Keep = Callable[[Object], bool]


class Decision(msgspec.Struct, frozen=True):
    """What the filters made of an event: the event, edited perhaps, or None and the index of the filter to blame."""

    event: Object | None
    reason: Reason = "kept"
    filter: int | None = None


class _Filter(msgspec.Struct, frozen=True):
    """A compiled filter. `keeps` are its samples; `drop` and `allow` edit."""

    holds: Callable[[Object], bool]
    keeps: tuple[Keep, ...]
    drops: bool
    drop: tuple[Edit, ...]
    allow: tuple[Edit, ...]


class Filters:
    """The filters of a destination as one function: the event as it passes them, or None. Events are not changed."""

    def __init__(self, filters: Iterable[tuple[int, _Filter]]) -> None:
        self._filters = tuple(filters)

    def __call__(self, event: Object) -> Object | None:
        return self.decide(event).event

    def decide(self, event: Object) -> Decision:
        """The event as it passes, or why it does not, and by which filter."""
        holding = []
        for index, filter in self._filters:
            try:
                if filter.holds(event):
                    holding.append((index, filter, all(keeps(event) for keeps in filter.keeps)))
            except (FQLError, FilterError):
                return Decision(None, "undecidable", index)
        for index, _, is_kept in holding:
            if not is_kept:
                return Decision(None, "sampled", index)
        for index, filter, _ in holding:
            if filter.drops:
                return Decision(None, "dropped", index)
        for edit in [edit for _, filter, _ in holding for edit in filter.drop]:
            event = edit(event)
        for edit in [edit for _, filter, _ in holding for edit in filter.allow]:
            event = edit(event)
        return Decision(event)


def compile_filters(filters: Sequence[Mapping[str, Any]], *, max_fql: int = MAX_FQL) -> Filters:
    """The filters compiled, without those whose `enabled` is false.

    `id` of a filter, or else its index, seeds its samples without a path (RULES R22).

    `FQLError` for a condition that is no FQL, `FilterError` for an action that is malformed; both name the filter.
    """
    return Filters(
        (index, _compiled(filter, str(filter.get("id", index)), max_fql))
        for index, filter in enumerate(filters)
        if filter.get("enabled", True)
    )


def _compiled(filter: Mapping[str, Any], seed: str, max_fql: int) -> _Filter:
    try:
        actions = [_action(action) for action in _listed(filter.get("actions"))]
    except FilterError as error:
        raise FilterError(f"filter {seed}: {error}") from error
    return _Filter(
        holds=_condition(filter.get("if"), seed, max_fql),
        keeps=tuple(_sample(action, seed) for kind, action in actions if kind == "SAMPLE"),
        drops=any(kind == "DROP" for kind, _ in actions),
        drop=tuple(drop_keys(_dropped(action["fields"])) for kind, action in actions if kind == "DROP_PROPERTIES"),
        allow=tuple(allow_paths(action["fields"]) for kind, action in actions if kind == "ALLOW_PROPERTIES"),
    )


def _condition(text: object, seed: str, max_fql: int) -> Callable[[Object], bool]:
    if text == "all":
        return lambda event: True
    if not isinstance(text, str):
        raise FQLError(f"filter {seed}: expected FQL or 'all' at if, found {text!r}")
    if len(text.encode("utf-8", "surrogatepass")) > max_fql:
        raise FQLError(f"filter {seed}: the condition is longer than {max_fql} bytes")
    try:
        return compile_condition(text)
    except FQLError as error:
        raise FQLError(f"filter {seed}: {error.reason}", error.text, error.position) from error


def _listed(actions: object) -> Sequence[Any]:
    if not isinstance(actions, list | tuple) or not actions:
        raise FilterError(f"expected a list of actions, found {actions!r}")
    return actions


def _action(action: Any) -> tuple[str, Mapping[str, Any]]:
    """Type and members of an action, checked."""
    found = action.get("type") if isinstance(action, Mapping) else None
    kind = str(found).upper()
    if kind not in _CHECKS:
        raise FilterError(f"expected an action of type {', '.join(_CHECKS)}, found {found!r}")
    if (problem := _CHECKS[kind](action)) is not None:
        raise FilterError(f"{kind}: {problem}")
    return kind, action


def _sample_problem(action: Mapping[str, Any]) -> str | None:
    percent, path = action.get("percent"), action.get("path")
    if not isinstance(percent, int | float) or not 0 <= percent <= 1:
        return f"expected percent from 0 to 1, found {percent!r}"
    return None if path is None or isinstance(path, str) else f"expected a text at path, found {path!r}"


def _fields_problem(action: Mapping[str, Any]) -> str | None:
    fields = action.get("fields")
    if not isinstance(fields, Mapping):
        return f"expected an object at fields, found {fields!r}"
    for path, keys in fields.items():
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            return f"expected a list of keys at fields[{path!r}], found {keys!r}"
    return None


_CHECKS: Final[dict[str, Callable[[Mapping[str, Any]], str | None]]] = {
    "SAMPLE": _sample_problem,
    "DROP": lambda action: None,
    "DROP_PROPERTIES": _fields_problem,
    "ALLOW_PROPERTIES": _fields_problem,
}


def _sample(action: Mapping[str, Any], seed: str) -> Keep:
    percent = action["percent"]
    if path := action.get("path"):
        keys = path.split(".")
        return lambda event: is_sampled(percent, look_up(event, keys))
    return lambda event: is_sampled(percent, [seed, event.get("messageId")])


def _dropped(fields: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Fields whose keys may be paths, as keys of the objects that these lead to; a key may hold dots itself."""
    single: dict[str, list[str]] = {}
    for path, keys in fields.items():
        for key in keys:
            single.setdefault(path, []).append(key)
            *parents, last = key.split(".")
            if parents:
                single.setdefault(_joined(path, parents), []).append(last)
    return single


def allow_paths(fields: Mapping[str, list[str]]) -> Edit:
    """Removes all keys of the objects below the paths of `fields` but those given, which may be paths themselves."""
    return allow_keys(_allowed(fields))


def _allowed(fields: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """As `_dropped`; of an object on the way only what is allowed in it stays, unless it is allowed as a whole."""
    single: dict[str, list[str]] = {}
    for path, keys in fields.items():
        single[path] = [*single.get(path, []), *keys]
        for key in keys:
            parts = key.split(".")
            if not any(".".join(parts[:count]) in keys for count in range(1, len(parts))):
                for count, part in enumerate(parts):
                    single.setdefault(_joined(path, parts[:count]), []).append(part)
    return single


def _joined(path: str, keys: list[str]) -> str:
    return ".".join([path, *keys] if path else keys)
