"""What compiled mappings call: the directives that are more than reading a value.

All take and return JSON values or `UNDEFINED`, and never change what they are given.
"""

from typing import Any, NoReturn

from actionsd.mapping import paths, templates
from actionsd.mapping.errors import MappingError, Problem
from actionsd.mapping.validation import MAX_PATTERN
from actionsd.sdk import js
from actionsd.sdk.js import UNDEFINED


def fail(path: str, message: str) -> NoReturn:
    """Raises the error of a directive that could not be run."""
    raise MappingError(Problem(path, message))


def fail_with(errors: tuple[Problem, ...]) -> NoReturn:
    """Raises the errors of a part that was not checked before it was needed."""
    raise MappingError(*errors)


def drop_gaps(value: Any) -> Any:
    """The value without undefined members; undefined items stay."""
    if value.__class__ is dict:
        return {key: drop_gaps(member) for key, member in value.items() if member is not UNDEFINED}
    return list(map(drop_gaps, value)) if value.__class__ is list else value


def fill_gaps(value: Any) -> Any:
    """The value as it leaves a mapping: members that are undefined are dropped, undefined items are `null`.

    >>> fill_gaps({"a": UNDEFINED, "b": [UNDEFINED, 1]})
    {'b': [None, 1]}
    """
    if value.__class__ is dict:
        return {key: fill_gaps(member) for key, member in value.items() if member is not UNDEFINED}
    if value.__class__ is list:
        return [None if item is UNDEFINED else fill_gaps(item) for item in value]
    return value


def copy(value: Any) -> Any:
    """A new value with the same content, so that no two payloads share a part of the mapping."""
    if value.__class__ is dict:
        return {key: copy(member) for key, member in value.items()}
    return [copy(item) for item in value] if value.__class__ is list else value


def filled(value: Any) -> bool:
    """Whether `@if`'s `blank` takes the then-branch (FEATURES F105): neither absent, null nor loosely equal to `""`."""
    return value is not UNDEFINED and value is not None and not js.equals_empty(value)


def read(value: Any, path: Any, where: str) -> Any:
    """`@path` with a path that a directive made."""
    if not isinstance(path, str):
        fail(where, f"@path: expected string, got {js.type_name(path)}")
    return paths.walk(value, paths.parse(path))


def render(value: Any, template: Any, where: str) -> str:
    """`@template` with a template that a directive made."""
    if not isinstance(template, str):
        fail(where, f"@template: expected string, got {js.type_name(template)}")
    return templates.render(template, value)


def merge(objects: list[Any], direction: Any) -> dict[str, Any]:
    """`@merge` (FEATURES F111): members of later objects win, or those of earlier ones if `direction` is `left`.

    A string counts as an object of its UTF-16 units, an array as one of its items; anything else as empty.

    >>> merge([{"a": 1, "b": 2}, {"a": 3}], "right"), merge([{"a": 1}, "xy"], "left")
    ({'a': 3, 'b': 2}, {'0': 'x', '1': 'y', 'a': 1})
    """
    merged: dict[str, Any] = {}
    for value in reversed(objects) if direction == "left" else objects:
        merged.update(js.spread(value))
    return {**js.ordered(merged)}


def flatten(value: Any, separator: str = ".", omit_arrays: bool = False) -> dict[str, Any]:
    """Nested members as one object whose keys are joined by `separator` (FEATURES F108); arrays count as objects.

    `omit_arrays` keeps arrays as they are. A value that is not an object gets the key `""`.

    >>> flatten({"a": {"b": [1, {"c": 2}]}, "d": {}})
    {'a.b.0': 1, 'a.b.1.c': 2}
    >>> flatten({"a": {"b": [1]}}, "_", omit_arrays=True)
    {'a_b': [1]}
    """
    flat: dict[str, Any] = {}
    _flatten_into(flat, "", value, separator, dict if omit_arrays else dict | list)
    return js.ordered(flat)


def _flatten_into(flat: dict[str, Any], prefix: str, value: Any, separator: str, containers: Any) -> None:
    if not isinstance(value, containers):
        flat[prefix] = value
        return
    for key, member in js.spread(value).items():
        _flatten_into(flat, f"{prefix}{separator}{key}" if prefix else key, member, separator, containers)


def flatten_with(separator: Any, omit_arrays: bool, value: Any, where: str) -> dict[str, Any]:
    """`@flatten` with a separator that a directive may have made."""
    if not isinstance(separator, str):
        fail(where, "@flatten requires a string separator")
    return flatten(value, separator, omit_arrays)


def decode(value: Any) -> Any:
    """`@json` in mode `decode` (FEATURES F109): text that is not JSON stays as it is.

    >>> decode('{"a": [1.0]}'), decode("{a}")
    ({'a': [1.0]}, '{a}')
    """
    if not isinstance(value, str):
        return value
    try:
        return js.parse(value)
    except ValueError:
        return value


def exclude_nulls(value: Any) -> Any:
    """`@excludeWhenNull` (FEATURES F113): undefined for null; objects without their null members, but not in arrays.

    >>> exclude_nulls({"a": None, "b": {"c": None}, "d": [None]}), exclude_nulls(None)
    ({'b': {}, 'd': [None]}, UNDEFINED)
    """
    if value.__class__ is dict:
        return {key: exclude_nulls(member) for key, member in value.items() if member is not None}
    return UNDEFINED if value is None else value


def undefine_nulls(value: Any) -> Any:
    """As `exclude_nulls`, with the null members undefined and still there, so that a merge overwrites with them."""
    if value.__class__ is dict:
        return {key: undefine_nulls(member) for key, member in value.items()}
    return UNDEFINED if value is None else value


def change_case(value: Any, operator: str, where: str) -> Any:
    """`@case` (FEATURES F106): strings only, other values are returned as they are.

    >>> change_case("straße", "upper", "/"), change_case(5, "lower", "/")
    ('STRASSE', 5)
    """
    if not isinstance(value, str):
        return value
    if operator == "lower":
        return js.lower(value)
    if operator == "upper":
        return js.upper(value)
    fail(where, 'operator key should have a value of "lower" or "upper"')


def replace(value: Any, options: dict[str, Any], where: str) -> str:
    """`@replace` (FEATURES F107) with the options as they stand in the mapping.

    >>> replace("1-2-3", {"pattern": "-", "replacement": "+", "pattern2": "3", "replacement2": "4"}, "/")
    '1+2+4'
    >>> replace(True, {"pattern": "R", "ignorecase": True}, "/"), replace([], {"pattern": "x"}, "/")
    ('tue', '')
    """
    if isinstance(value, bool | int | float):
        value = js.string(value)
    ignore_case, every = _option(options, "ignorecase", False), _option(options, "global", True)
    first = options["pattern"], _option(options, "replacement", "")
    if not (isinstance(value, str) and isinstance(ignore_case, bool) and isinstance(every, bool)):
        return ""
    if not (isinstance(first[0], str) and isinstance(first[1], str)):
        return ""
    second = _option(options, "pattern2", ""), _option(options, "replacement2", "")
    pairs = [first, second] if second[0] and isinstance(second[0], str) and isinstance(second[1], str) else [first]
    for pattern, replacement in pairs:
        _check_length(pattern, "pattern", where)
        _check_length(replacement, "replacement", where)
        try:
            value = js.replace(value, pattern, replacement, ignore_case=ignore_case, every=every)
        except OverflowError:
            fail(where, "@replace made too long a text")
    return str(value)


def _option(options: dict[str, Any], name: str, default: Any) -> Any:
    option = options.get(name)
    return default if option is None else option


def _check_length(text: str, name: str, where: str) -> None:
    if js.length(text) > MAX_PATTERN:
        fail(where, f'@replace requires a "{name}" less than {MAX_PATTERN} characters')


def liquid(template: Any, value: Any, where: str) -> str:
    """`@liquid` (FEATURES F115). The Liquid library is imported only here, when a mapping first needs it."""
    from actionsd.mapping import liquids

    try:
        return liquids.render(template, value)
    except liquids.LiquidFailure as error:
        fail(where, str(error))
