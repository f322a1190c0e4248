"""Checks a mapping before it is compiled: all errors at once, each with its path.

What is accepted and how an error reads is Segment's, so that a mapping that works there works here (NOTES traps 11,
12, 17, 21, 25 and 26). Two of its habits matter to a reader of this module: arrays are not looked into, nor is the
object inside a literal; and the options of a directive are first checked as any object, then field by field.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from actionsd.mapping.errors import MappingError, Problem
from actionsd.sdk import js

Check = Callable[[Any, str], Iterator[Problem]]

MAX_DEPTH = 256
"""Levels a mapping may be nested; far above what is useful, and low enough for every recursion over it."""

ROOT_DIRECTIVE = "__segment_internal_directive"
"""The reserved key whose directive is run around the whole mapping (FEATURES F116)."""

MAX_PATTERN = 10
"""UTF-16 units in the pattern and in the replacement of `@replace` (FEATURES F107)."""


def validate(mapping: Any) -> None:
    """Raises `MappingError` with every error of the mapping, which may be any JSON value."""
    check_depth(mapping)
    problems = tuple(_check(mapping, ""))
    if problems:
        raise MappingError(*problems)


def checked(mapping: Any) -> dict[str, Any]:
    """The mapping as an object, wrapped in its root directive if it has one. Raises `MappingError` as `validate`.

    A mapping that is no object counts as the object that `{...mapping}` gives.
    """
    fields = js.spread(mapping)
    rooted = _rooted(fields) if ROOT_DIRECTIVE in fields else fields
    validate(rooted)
    return rooted


def _rooted(fields: dict[str, Any]) -> dict[str, Any]:
    root = js.spread(fields[ROOT_DIRECTIVE])
    if len(root) > 1:
        raise MappingError(Problem(f"/{ROOT_DIRECTIVE}", "The root mapping must only have a single directive object"))
    [(name, operand)] = root.items() or [("", None)]
    if not isinstance(operand, dict | list):
        raise MappingError(Problem(f"/{ROOT_DIRECTIVE}", "The root directive must be an object"))
    inner = {key: field for key, field in fields.items() if key != ROOT_DIRECTIVE}
    return {name: operand | {"mapping": inner} if isinstance(operand, dict) else operand}


def check_depth(mapping: Any) -> None:
    """Raises `MappingError` if the mapping is nested deeper than `MAX_DEPTH`."""
    level = [mapping]
    for _ in range(MAX_DEPTH):
        level = [inner for value in level for inner in _inner_values(value) if isinstance(inner, dict | list)]
        if not level:
            return
    raise MappingError(Problem("/", f"/ should be nested at most {MAX_DEPTH} levels deep but it is nested deeper."))


def is_directive(value: Any) -> bool:
    """Whether the value is run as a directive: an object with `@` keys only, next to which `_metadata` may stand."""
    if not isinstance(value, dict):
        return False
    names = [key for key in value if key != "_metadata"]
    return bool(names) and all(key.startswith("@") for key in names)


def directive_name(directive: dict[str, Any]) -> str:
    """The `@name` of a directive."""
    return next(key for key in directive if key.startswith("@"))


def _inner_values(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _type_name(value: Any) -> str:
    if isinstance(value, dict) and any(key.startswith("@") for key in value):
        return "directive"
    return js.type_name(value)


def _problem(path: str, message: str) -> Problem:
    return Problem(path or "/", f"{path or '/'} {message}.")


def _wrong_type(path: str, expected: str, found: str) -> Problem:
    article = "an" if found[0] in "aou" else "a"
    return _problem(path, f"should be {expected} but it is {article} {found}")


def _check(value: Any, path: str) -> Iterator[Problem]:
    """Any value: directives and objects are looked into."""
    kind = _type_name(value)
    if kind == "directive":
        yield from _check_directive(value, path)
    elif kind == "object":
        for key, member in js.ordered(value).items():
            yield from _check(member, f"{path}/{key}")


def _check_directive(value: dict[str, Any], path: str) -> Iterator[Problem]:
    names = [key for key in value if key != "_metadata"]
    if len(names) != 1:
        yield _problem(path, f"should only have one @-prefixed key but it has {len(names)} keys")
    elif check := CHECKS.get(names[0]):
        yield from check(value[names[0]], f"{path}/{names[0]}")
    else:
        yield _problem(path, f"has an invalid directive: {names[0]}")


def _check_anything(value: Any, path: str) -> Iterator[Problem]:
    yield from ()


def _check_text_or_directive(value: Any, path: str) -> Iterator[Problem]:
    if _type_name(value) not in ("string", "directive"):
        yield _wrong_type(path, "a string or a mapping directive", _type_name(value))


def _check_object_or_directive(value: Any, path: str) -> Iterator[Problem]:
    if _type_name(value) not in ("object", "directive"):
        yield _wrong_type(path, "a object or a mapping directive", _type_name(value))


def _check_operand(check_other: Check) -> Check:
    """The single operand of a directive: a directive is looked into, of anything else `check_other` decides."""

    def check(value: Any, path: str) -> Iterator[Problem]:
        if _type_name(value) == "directive":
            yield from _check_directive(value, path)
        else:
            yield from check_other(value, path)

    return check


def _check_type(name: str) -> Check:
    def check(value: Any, path: str) -> Iterator[Problem]:
        if _type_name(value) != name:
            yield _wrong_type(path, f"a {name}", _type_name(value))

    return check


_check_text = _check_type("string")
_check_boolean = _check_type("boolean")


def _check_array(value: Any, path: str) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield _wrong_type(path, "an array", js.type_name(value))


def _check_length(least: int) -> Check:
    def check(value: Any, path: str) -> Iterator[Problem]:
        yield from _check_text(value, path)
        if not isinstance(value, str):
            return
        if js.length(value) < least:
            yield _problem(path, f"should be a string of length {least} or greater")
        if js.length(value) > MAX_PATTERN:
            yield _problem(path, f"should be a string of length {MAX_PATTERN} or less")

    return check


def _check_choice(*choices: str) -> Check:
    def check(value: Any, path: str) -> Iterator[Problem]:
        yield from _check_text(value, path)
        if isinstance(value, str) and js.lower(value) not in choices:
            found = json.dumps(value, ensure_ascii=False)
            yield _problem(path, f"should be one of {', '.join(choices)} but it is {found}")

    return check


def _check_array_path(value: Any, path: str) -> Iterator[Problem]:
    yield from _check_array(value, path)
    if isinstance(value, list):
        problems = list(_check_operand(_check_text_or_directive)(value[0] if value else js.UNDEFINED, path))
        yield from problems or (problem for shape in value[1:2] for problem in _check(shape, path))


def _check_merged_objects(value: Any, path: str) -> Iterator[Problem]:
    yield from _check_array(value, path)
    for index, item in enumerate(value if isinstance(value, list) else ()):
        problems = list(_check_object_or_directive(item, "")) or list(_check(item, ""))
        if problems:  # upstream stops here, and its messages lack the path up to the item
            yield from (problem._replace(path=f"{path}/{index}{problem.path.rstrip('/')}") for problem in problems)
            return


def _check_options(fields: dict[str, Check], *, required: tuple[str, ...] = ()) -> Check:
    """The options of a directive: an object with these fields; other fields are ignored.

    All its members are looked into first. The checks of the fields need not look deeper, which keeps this linear.
    """

    def check(value: Any, path: str) -> Iterator[Problem]:
        if _type_name(value) != "object":
            yield _wrong_type(path, "an object", _type_name(value))
            return
        problems = list(_check(value, path))
        yield from problems
        if problems:
            return
        for field, check_field in fields.items():
            if field in value:
                yield from check_field(value[field], f"{path}/{field}")
            elif field in required:
                yield _problem(path, f'should have field "{field}" but it doesn\'t')

    return check


CHECKS: dict[str, Check] = {
    "@if": _check_options(dict.fromkeys(("exists", "blank", "then", "else"), _check_anything)),
    "@case": _check_options({"operator": _check_text, "value": _check_text_or_directive}),
    "@replace": _check_options(
        {
            "pattern": _check_length(1),
            "replacement": _check_length(0),
            "value": _check_text_or_directive,
            "ignorecase": _check_boolean,
            "global": _check_boolean,
        },
        required=("pattern", "value"),
    ),
    "@arrayPath": _check_array_path,
    "@path": _check_operand(_check_text_or_directive),
    "@template": _check_operand(_check_text_or_directive),
    "@literal": _check_operand(_check_anything),
    "@flatten": _check_options({"separator": _check_text, "value": _check_anything}, required=("value",)),
    "@json": _check_options(
        {"value": _check_anything, "mode": _check_choice("encode", "decode")}, required=("value", "mode")
    ),
    "@liquid": _check_text,
    "@merge": _check_options(
        {"objects": _check_merged_objects, "direction": _check_choice("left", "right")}, required=("objects",)
    ),
    "@transform": _check_options(
        {"apply": _check_object_or_directive, "mapping": _check_object_or_directive}, required=("apply", "mapping")
    ),
    "@excludeWhenNull": _check_operand(_check_anything),
}
"""The check of each directive's value, by its name."""
