"""Edits of events that never change the event given: what is on the way to an edit is copied, all else is shared."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from actionsd.sdk import js

Json = Any
Object = dict[str, Any]
Edit = Callable[[Json], Json]

MAX_GAP: Final = 1000
"""Nulls that one edit may put before an index of an array; beyond, nothing is set."""


class FilterError(ValueError):
    """A filter or a transformation that is malformed, or an edit that an event does not allow."""


def look_up(value: Json, keys: Sequence[str]) -> Json:
    """What is found along `keys`, through objects and by index through arrays; `UNDEFINED` where there is nothing."""
    for key in keys:
        value = js.member(value, key)
    return value


def drop_keys(rules: Mapping[str, Sequence[str]]) -> Edit:
    """Removes keys: `{"properties": ["a"]}` below a path, `{"": ["userId"]}` at the top level.

    Where the path leads to an array, the keys of all objects in it are removed (FEATURES F136); an array in that array
    counts as an object whose keys are its indexes, and has null where one is removed, as in Segment's library.

    >>> drop_keys({"items": ["sku"]})({"items": [{"sku": 1, "price": 2}, {"sku": 3}]})
    {'items': [{'price': 2}, {}]}
    """
    return _each_rule(rules, lambda unwanted: lambda key: key not in unwanted)


def allow_keys(rules: Mapping[str, Sequence[str]]) -> Edit:
    """Removes all other keys, of the same objects as `drop_keys`."""
    return _each_rule(rules, lambda wanted: lambda key: key in wanted)


def _each_rule(rules: Mapping[str, Sequence[str]], keeping: Callable[[frozenset[str]], Callable[[str], bool]]) -> Edit:
    edits = [(_keys(path), keeping(frozenset(keys))) for path, keys in js.ordered(dict(rules)).items()]

    def edit(event: Json) -> Json:
        for keys, keeps in edits:
            found = look_up(event, keys)
            if isinstance(found, dict):
                event = replaced(event, keys, _kept(found, keeps))
            elif isinstance(found, list):
                event = replaced(event, keys, [_kept(item, keeps) for item in found])
        return event

    return edit


def _kept(value: Json, keeps: Callable[[str], bool]) -> Json:
    if isinstance(value, dict):
        return {key: member for key, member in value.items() if keeps(key)}
    if isinstance(value, list):
        return [item if keeps(str(index)) else None for index, item in enumerate(value)]
    return value


def _keys(path: str) -> list[str]:
    return path.split(".") if path else []


def replaced(root: Json, keys: Sequence[str], value: Json) -> Json:
    """`root` with `value` at `keys`; objects and arrays that are missing on the way are made.

    `FilterError` where the way leads through null.
    """
    if not keys:
        return value
    root = target = _copied(root, keys[0])
    for key, following in pairwise(keys):
        child = _copied(js.member(target, key), following)
        _put(target, key, child)
        target = child
    _put(target, keys[-1], value)
    return root


def removed(root: Json, keys: Sequence[str]) -> Json:
    """`root` without what is at `keys`; an array keeps its length, with null in that place."""
    *parents, last = keys
    parent = look_up(root, parents)
    if isinstance(parent, dict):
        return replaced(root, parents, {key: member for key, member in parent.items() if key != last})
    return replaced(root, keys, None) if isinstance(parent, list) else root


def _copied(value: Json, key: str) -> Json:
    """A copy of the object or array that `key` is to be put into; a new one in place of anything else."""
    if isinstance(value, dict | list):
        return value.copy()
    if value is None:
        raise FilterError(f"cannot set {key!r} of null")
    return [] if js.to_number(key) * 0 == 0 else {}


def _put(target: Json, key: str, value: Json) -> None:
    if isinstance(target, dict):
        target[key] = value
    elif (index := js.array_index(key)) is not None and index <= len(target) + MAX_GAP:
        target.extend([None] * (index + 1 - len(target)))
        target[index] = value
