"""Filters on arrays, and those that take a value of any kind."""

import functools
import math
from collections.abc import Callable
from typing import Any

from actionsd.mapping.liquids import values
from actionsd.mapping.liquids.expressions import evaluate, read_keys
from actionsd.mapping.liquids.limits import Rendering
from actionsd.mapping.liquids.numbers import number
from actionsd.mapping.liquids.scanner import Scanner
from actionsd.mapping.liquids.values import Word, items, plain, text
from actionsd.sdk import js
from actionsd.sdk.js import UNDEFINED


def join(context: Rendering, value: Any, separator: Any = UNDEFINED) -> str:
    """The items' texts with a separator between, a blank if none is given."""
    between = " " if plain(separator) in (None, UNDEFINED) else text(separator)
    parts = ["" if plain(item) in (None, UNDEFINED) else js.string(plain(item)) for item in items(value)]
    context.charge(sum(map(len, parts)) + len(between) * len(parts))
    return js.join_surrogates(between.join(parts))


def first(value: Any) -> Any:
    return _end(value, "0")


def last(value: Any) -> Any:
    bare = plain(value)
    return _end(bare, str(js.member(bare, "length") - 1) if isinstance(bare, str | list) and bare else "0")


def _end(value: Any, index: str) -> Any:
    bare = plain(value)
    return js.member(bare, index) if isinstance(bare, list) or (isinstance(bare, str) and bare) else ""


def size(value: Any) -> Any:
    """UTF-16 units or items; 0 for anything else, but an object may have a member `length`."""
    length = js.member(value, "length")
    return length if js.truthy(length) else 0


def total(value: Any, path: Any = UNDEFINED) -> float:
    """The sum of the items, or of what a path leads to in each; what is no number counts as 0."""
    given = isinstance(path, Word) or js.truthy(path)
    return sum((number(values.walk(item, text(path)) if given else item) for item in items(value)), 0.0)


def compact(value: Any) -> list[Any]:
    return [item for item in items(value) if plain(item) is not None and item is not UNDEFINED]


def push(value: Any, item: Any = UNDEFINED) -> list[Any]:
    return [*items(value), item]


def unshift(value: Any, item: Any = UNDEFINED) -> list[Any]:
    return [item, *items(value)]


def pop(value: Any) -> list[Any]:
    return items(value)[:-1]


def shift(value: Any) -> list[Any]:
    return items(value)[1:]


def cut(value: Any, begin: Any = UNDEFINED, length: Any = 1) -> Any:
    """So many items, or characters (code points), from an index; a negative one counts from the end."""
    whole = plain(value)
    if whole is None or whole is UNDEFINED or (isinstance(whole, list) and begin is UNDEFINED):
        return []
    whole = whole if isinstance(whole, list) else js.join_surrogates(text(whole))
    start, count = math.ceil(number(begin)), math.ceil(number(length))
    start = len(whole) + start if start < 0 else start
    return whole[:0] if start < 0 or count < 0 else whole[start : start + count]


def where(context: Rendering, value: Any, path: Any = UNDEFINED, expected: Any = UNDEFINED) -> list[Any]:
    """The items in which a path leads to the expected value, or to one that holds if none is given."""
    keys = [plain(evaluate(key, context)) for key in read_keys(Scanner(js.trim(text(path))))]

    def found(item: Any) -> Any:
        if not keys:
            return UNDEFINED
        scope = item if js.member(item, js.string(keys[0])) is not UNDEFINED else {}
        return functools.reduce(values.step, keys, scope)

    if expected is UNDEFINED:
        return [item for item in items(value) if values.holds(found(item))]
    return [item for item in items(value) if values.equal(found(item), expected)]


def sample(value: Any, count: Any = 1) -> Any:
    """The first items: upstream takes random ones, but the same event gives the same payload here (DESIGN I5)."""
    bare = plain(value)
    if bare is None or bare is UNDEFINED:
        return []
    whole = bare if isinstance(bare, list) else list(text(bare))
    if number(count) == 1:
        return whole[0] if whole else UNDEFINED
    return whole[: int(number(count))]


def default(value: Any, other: Any = UNDEFINED, *named: Any) -> Any:
    """The value, or another one where it does not hold or is empty text or an empty array."""
    bare = plain(value)
    if isinstance(bare, str | list):
        return bare or other
    if bare is False and any(
        pair[0] == "allow_false" and js.truthy(pair[1]) for pair in named if isinstance(pair, list)
    ):
        return False
    return bare if values.holds(bare) else other


def raw(value: Any) -> Any:
    return value


def to_json(value: Any, indent: Any = 0) -> Any:
    """The value as JSON text; with a number, or a text, to indent each level by."""
    if isinstance(value, Word):
        return "{}"
    step = text(indent)[:10] if isinstance(indent, str) else " " * max(0, min(10, int(number(indent))))
    return _indented(value, step, "\n") if step and isinstance(value, dict | list) else js.stringify(value)


def _indented(value: Any, step: str, line: str) -> str:
    if not isinstance(value, dict | list) or not value:
        return str(js.stringify(None if value is UNDEFINED else value))
    inner = line + step
    if isinstance(value, list):
        return f"[{inner}{f',{inner}'.join(_indented(item, step, inner) for item in value)}{line}]"
    members = (f"{js.stringify(key)}: {_indented(member, step, inner)}" for key, member in js.ordered(value).items())
    return f"{{{inner}{f',{inner}'.join(members)}{line}}}"


FILTERS: dict[str, Callable[..., Any]] = {
    "compact": compact,
    "default": default,
    "first": first,
    "inspect": to_json,
    "join": join,
    "json": to_json,
    "jsonify": to_json,
    "last": last,
    "pop": pop,
    "push": push,
    "raw": raw,
    "sample": sample,
    "shift": shift,
    "size": size,
    "slice": cut,
    "sum": total,
    "unshift": unshift,
    "where": where,
}
