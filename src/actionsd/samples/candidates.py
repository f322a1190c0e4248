"""Values that a field could have so that a condition on it holds; the caller tries them."""

import math
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from actionsd.fql.nodes import Call, Compare, Condition, Items, Node, Path, Value
from actionsd.fql.structured import FIELDS, ROOTS
from actionsd.sdk import js

ABSENT: Any = object()  # the field is to be left out

_opposites = {
    "=": "!=", "contains": "not_contains", "starts_with": "not_starts_with", "ends_with": "not_ends_with",
    "matches": "not_matches", "number_equals": "number_not_equals", "<": ">=", ">": "<=", "is_true": "is_false",
    "exists": "not_exists",
}  # fmt: skip
OPPOSITES = _opposites | {opposite: operator for operator, opposite in _opposites.items()}

_fields = {kind: (name,) for name, kind in FIELDS.items()}
_roots = {kind: (name,) for name, kind in ROOTS.items()}
_steps = re.compile(r"[^[.\]]+")
_glob_class = re.compile(r"\[([^\]^])[^\]]*\]|\[\^[^\]]*\]")


class Wish(NamedTuple):
    """A part of a trigger that is to hold, and the one field that it looks at."""

    names: tuple[str, ...]
    node: Node
    holds: bool = True


def wish(node: Node, holds: bool) -> Wish | None:
    """What a part of a trigger asks of a field; None where it asks of none or of several."""
    if isinstance(node, Condition):
        return Wish(_names(node), node, holds)
    paths = set(_paths(node))
    return Wish(paths.pop(), node, holds) if len(paths) == 1 else None


def candidates(wishes: Iterable[Wish]) -> Iterator[Any]:
    """Values for a field, likely ones first: those that one wish suggests, then what joins several."""
    suggested = [value for wish in wishes for value in _suggested(wish)]
    yield from suggested
    numbers = sorted({float(value) for value in suggested if _is_number(value)})
    yield from [_whole((low + high) / 2) for low, high in pairwise(numbers)]
    yield from _joined(list(wishes))
    yield from ("sample", "", 1, 0, True, False, None, ABSENT)


def _suggested(wish: Wish) -> Iterator[Any]:
    node = wish.node
    if isinstance(node, Condition):
        operator = node.operator if wish.holds else OPPOSITES.get(node.operator, "")
        yield from _by_operator(operator, node.value)
        if not wish.holds:
            yield ABSENT
    else:
        for value in _constants(node):
            yield from _around(value)


def _by_operator(operator: str, value: Any) -> Iterator[Any]:
    if operator in ("=", "contains", "starts_with", "ends_with"):
        yield js.string(value)
    elif operator in ("!=", "not_contains", "not_starts_with", "not_ends_with", "not_matches"):
        yield "another" if js.string(value) != "another" else "other"
    elif operator == "matches":
        yield _matching(js.string(value))
    elif operator in ("number_equals", "number_not_equals", "<", "<=", ">", ">="):
        number = js.to_number(value)
        if math.isfinite(number):
            yield from _near(number)
    elif operator in ("is_true", "is_false"):
        yield operator == "is_true"
    elif operator == "not_exists":
        yield ABSENT


def _around(value: Any) -> Iterator[Any]:
    """A constant that a field is compared with: equal, a little less or more, or so long."""
    yield value
    if isinstance(value, str):
        yield _matching(value)
        yield js.upper(value)
    elif _is_number(value):
        yield from _near(value)
        yield from (js.string(number) for number in _near(value))
        if 0 <= value <= 1000:
            yield from (["item"] * length for length in (int(value), int(value) + 1, max(int(value) - 1, 0)))


def _near(number: float) -> tuple[int | float, ...]:
    return tuple(map(_whole, (number, number + 1, number - 1)))


def _whole(number: float) -> int | float:
    return int(number) if float(number).is_integer() and abs(number) < 2**53 else number


def _joined(wishes: list[Wish]) -> Iterator[str]:
    """A text that starts, contains and ends as several conditions want it."""
    asked = [(wish.node.operator, js.string(wish.node.value)) for wish in wishes
             if wish.holds and isinstance(wish.node, Condition)]  # fmt: skip
    starts = [text for operator, text in asked if operator == "starts_with"]
    ends = [text for operator, text in asked if operator == "ends_with"]
    inside = [text for operator, text in asked if operator == "contains"]
    if len(asked) > 1:
        yield max(starts, key=len, default="") + "".join(inside) + max(ends, key=len, default="")


def _matching(glob: str) -> str:
    """A text for a glob without negated classes."""
    text = _glob_class.sub(lambda found: found[1] or "x", glob)
    return text.replace("*", "").replace("?", "x")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _names(condition: Condition) -> tuple[str, ...]:
    if condition.kind in _fields:
        return _fields[condition.kind]
    name = condition.name if isinstance(condition.name, str) else ""
    return _roots.get(condition.kind, ()) + tuple(_steps.findall(name))


def _paths(node: Node) -> Iterator[tuple[str, ...]]:
    if isinstance(node, Path):
        yield node.names
    for part in _parts(node):
        yield from _paths(part)


def _constants(node: Node) -> Iterator[Any]:
    if isinstance(node, Value):
        yield node.value
    for part in _parts(node):
        yield from _constants(part)


def _parts(node: Node) -> tuple[Node, ...]:
    match node:
        case Compare(left=left, right=right):
            return left, right
        case Call(arguments=arguments):
            return arguments
        case Items(items=items):
            return items
        case _:
            return ()
