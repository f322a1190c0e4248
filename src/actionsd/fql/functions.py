"""The functions of FQL, as pure functions of JSON values; a field that is missing reads as null (`None`).

| function | gives | for null or another type |
|---|---|---|
| `contains(text, part)` | whether `part` occurs in `text` | false |
| `match(text, glob)` | whether the whole of `text` matches | false |
| `length(value)` | bytes of a text in UTF-8, items of a list | 0 for null, else no number |
| `lowercase` `uppercase` | the text in that case | null |
| `snakecase` `kebabcase` | the text with `_` or `-` for its spaces | null |
| `titlecase` | the text, each word with a capital | null |
| `typeof(value)` | `string`, `number`, `list`, `bool`, `null`; `object` for an object | `null` |
| `bool(value)` | whether it is neither empty nor 0 | false for null |
| `number(value)` | the number that a text spells | null |
| `string(value)` | the text of a value, list items joined with commas | null |
| `semver(version, operator, version)` | two versions compared | false |

Sources: FEATURES F137 to F139 and the examples of Segment's FQL reference (vectors/fql_reference.jsonl).
"""

import math
import operator
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from actionsd.fql.glob import compile_glob
from actionsd.sdk import js

_VERSION = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,2}")
_VERSION_TESTS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Function(NamedTuple):
    """A function of the language: what computes it, and how many arguments it takes."""

    call: Callable[..., Any]
    arity: int


def contains(text: object, part: object) -> bool:
    return isinstance(text, str) and isinstance(part, str) and part in text


def match(text: object, glob: object) -> bool:
    return isinstance(text, str) and isinstance(glob, str) and compile_glob(glob)(text)


def length(value: object) -> int | float:
    if isinstance(value, str):
        return len(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, list):
        return len(value)
    return 0 if value is None else math.nan


def type_of(value: object) -> str:
    return _TYPE_NAMES.get(js.type_name(value), js.type_name(value))


_TYPE_NAMES: Final = {"boolean": "bool", "array": "list", "undefined": "null"}


def boolean(value: object) -> bool:
    return bool(value) and value == value


def number(value: object) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str) or value == "":
        return None
    converted = js.to_number(value)
    return converted if math.isfinite(converted) else None


def text(value: object) -> str | None:
    return None if value is None else js.string(value)


def semver(version: object, test: object, other: object) -> bool:
    """Versions of up to three numbers, compared number by number; Segment's engine has it, its reference does not."""
    left, right = _version(version), _version(other)
    compare = _VERSION_TESTS.get(test) if isinstance(test, str) else None
    return compare is not None and left is not None and right is not None and compare(left, right)


def _version(value: object) -> tuple[int, ...] | None:
    if not isinstance(value, str) or not _VERSION.fullmatch(value):
        return None
    numbers = tuple(map(int, value.split(".")))
    return numbers + (0,) * (3 - len(numbers))


def _of_text(convert: Callable[[str], str]) -> Function:
    return Function(lambda value: convert(value) if isinstance(value, str) else None, 1)


def _capitalised(text: str) -> str:
    return " ".join(word[:1].upper() + word[1:] for word in text.split(" "))


FUNCTIONS: Final[dict[str, Function]] = {
    "bool": Function(boolean, 1),
    "contains": Function(contains, 2),
    "kebabcase": _of_text(lambda text: text.replace(" ", "-")),
    "length": Function(length, 1),
    "lowercase": _of_text(js.lower),
    "match": Function(match, 2),
    "number": Function(number, 1),
    "semver": Function(semver, 3),
    "snakecase": _of_text(lambda text: text.replace(" ", "_")),
    "string": Function(text, 1),
    "titlecase": _of_text(_capitalised),
    "typeof": Function(type_of, 1),
    "uppercase": _of_text(js.upper),
}


def misuse(name: str, arguments: int) -> str | None:
    """What is wrong with a call of `name` with so many arguments, None where nothing is."""
    function = FUNCTIONS.get(name)
    if function is None:
        return f"unknown function {name!r}, expected one of {', '.join(FUNCTIONS)}"
    return None if arguments == function.arity else f"{name}() takes {function.arity} arguments, not {arguments}"
