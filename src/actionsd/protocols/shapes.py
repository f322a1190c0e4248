"""What a schema declares, and so what of an event is unplanned (FEATURES F150).

An object whose schema names no members may have any, but for properties and traits themselves: there, what is not named
is unplanned. `additionalProperties` that is true or a schema plans the rest, `patternProperties` what matches. What
stands under `allOf`, `anyOf`, `oneOf`, `then`, `else` and a local `$ref` counts as well.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from actionsd.protocols.schemas import compile_pattern

Json = Any
Path = tuple[str | int, ...]

_known = dict[tuple[int, ...], "Shape"]


class Shape:
    """What the schemas of one value declare together. Members are looked at when an event has them, as schemas may
    refer to themselves."""

    def __init__(self, schemas: Iterable[Any], root: Mapping[str, Any], known: _known, *, strict: bool = False) -> None:
        """``strict``: an object that declares no members plans none."""
        parts = list(_parts(schemas, root, set()))
        self._root = root
        self._known = known
        self._members: dict[str, list[Any]] = {}
        for part in parts:
            for name, schema in _members(part).items():
                self._members.setdefault(name, []).append(schema)
        self._items = [part["items"] for part in parts if "items" in part]
        self._patterns = _patterns(parts)
        named = bool(self._members or self._patterns)
        self._is_open = any(map(_is_open, parts)) or not (named or strict)

    def member(self, name: str) -> "Shape | None":
        """The shape of a planned member, None for one that is not planned."""
        if name in self._members:
            return self._of(self._members[name])
        return self._of(()) if self._is_open or any(matches(name) for matches in self._patterns) else None

    def item(self) -> "Shape":
        """The shape of a list's items."""
        return self._of(self._items)

    def _of(self, schemas: Iterable[Any]) -> "Shape":
        key = tuple(map(id, schemas))
        if key not in self._known:
            self._known[key] = Shape(schemas, self._root, self._known)
        return self._known[key]


def declared(schema: Mapping[str, Any], part: str) -> Shape:
    """The shape of ``part`` of an event, ``properties`` or ``traits``."""
    found = [_members(each)[part] for each in _parts([schema], schema, set()) if part in _members(each)]
    return Shape(found, schema, {}, strict=True)


def without_unplanned(value: Json, shape: Shape, path: Path) -> tuple[Json, tuple[Path, ...]]:
    """The value without what is not planned, and the paths of what was taken out; the same value where nothing was."""
    removed: list[Path] = []
    kept = _pruned(value, shape, path, removed)
    return (kept if removed else value), tuple(removed)


def _pruned(value: Json, shape: Shape, path: Path, removed: list[Path]) -> Json:
    if isinstance(value, list):
        item = shape.item()
        return [_pruned(each, item, (*path, index), removed) for index, each in enumerate(value)]
    if not isinstance(value, dict):
        return value
    kept = {}
    for name, member in value.items():
        inner = shape.member(name)
        if inner is None:
            removed.append((*path, name))
        else:
            kept[name] = _pruned(member, inner, (*path, name), removed)
    return kept


def _parts(schemas: Iterable[Any], root: Mapping[str, Any], seen: set[int]) -> Iterator[Mapping[str, Any]]:
    """The schemas and those that they are combined of; a ``$ref`` stands for what it leads to, as draft-07 has it."""
    for schema in schemas:
        if not isinstance(schema, Mapping) or id(schema) in seen:
            continue
        seen.add(id(schema))
        if "$ref" in schema:
            yield from _parts([_referred(schema["$ref"], root)], root, seen)
            continue
        yield schema
        combined = [part for keyword in ("allOf", "anyOf", "oneOf") for part in schema.get(keyword, ())]
        yield from _parts([*combined, schema.get("then"), schema.get("else")], root, seen)


def _referred(reference: str, root: Any) -> Any:
    found = root
    for key in reference.removeprefix("#").split("/")[1:]:
        key = key.replace("~1", "/").replace("~0", "~")
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _members(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    members: Mapping[str, Any] = schema.get("properties", {})
    return members


def _patterns(parts: Iterable[Mapping[str, Any]]) -> list[Callable[[str], bool]]:
    return [compile_pattern(pattern) for part in parts for pattern in part.get("patternProperties", ())]


def _is_open(schema: Mapping[str, Any]) -> bool:
    rest = schema.get("additionalProperties")
    return rest is True or isinstance(rest, Mapping)


NOTHING = Shape((), {}, {}, strict=True)
"""Where no rule declares anything: all is unplanned."""
