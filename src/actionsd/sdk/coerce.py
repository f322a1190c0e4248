"""Scalar values made what a field asks for, as ajv does it with ``coerceTypes: "array"``, and checked.

text      <- number, boolean (JavaScript's text form), null ("", in settings)
number    <- numeric text (" 5 ", "0x10", "1e3", blank text is 0), boolean, null
integer   <- the same, if it is whole
boolean   <- "true" "false" 1 0 null
datetime  <- boolean (its text); any number and any text that JavaScript reads as a date pass
any       <- an array of one item: that item
"""

from collections.abc import Callable
from typing import Any

from actionsd.sdk import js
from actionsd.sdk.dates import is_date
from actionsd.sdk.fields import Choice
from actionsd.sdk.formats import FORMAT_NAMES, format_test
from actionsd.sdk.payload import FieldShape

Coerce = Callable[..., Any]
"""``(value, path, label, errors) -> value``; appends a sentence to ``errors`` for each problem."""

_REFUSED: Any = object()


def coercer(item: FieldShape) -> Coerce:
    """The coercion and checks of one scalar (or undeclared object) field; of one item, where it is ``multiple``.

    A value of the wrong type is still compared with the choices, as ajv does.
    """
    types = schema_types(item)
    convert = _unwrapping(item.kind)
    for_choices = choice_checks(item)
    all_checks = value_checks(item) + for_choices
    allow_null = "null" in types

    def coerce(value: Any, path: str, label: str, errors: list[str]) -> Any:
        result = None if value is None and allow_null else convert(value)
        pending = all_checks
        if result is _REFUSED:
            result = value[0] if _is_single(value) and item.kind != "object" else value
            errors.append(type_error(label, path, types, result))
            pending = for_choices
        for check in pending:
            problem = check(result)
            if problem:
                errors.append(f"{label or f'The value at {path}'} must be {problem}.")
        return result

    return coerce


def _is_single(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 1


def _unwrapping(kind: str) -> Callable[[Any], Any]:
    """The conversion of a kind, for the only item of an array too; a date in an array becomes text."""
    convert = _CONVERT[kind]
    if kind == "object":
        return convert
    of_item = _text if kind == "datetime" else convert
    return lambda value: of_item(value[0]) if _is_single(value) else convert(value)


def schema_types(item: FieldShape) -> list[str]:
    """The types of one value in JSON schema's words; null where the field allows it."""
    types = {"datetime": ["string", "number"], "text": ["string"], "password": ["string"]}.get(item.kind, [item.kind])
    null = item.allow_null and not item.multiple and item.struct is None
    return [*types, "null"] if null else types


def type_error(label: str, path: str, types: list[str], value: Any) -> str:
    """The sentence for a value of the wrong type.

    >>> type_error("Total", "/total", ["number", "null"], {})
    'Total must be a number or null but it was an object.'
    """
    subject = label or (f"The value at {path}" if path else "The root value")
    return f"{subject} must be {_article(types[0])}{_or(types)} but it was {_with_article(js.type_name(value))}."


def choices_text(choices: tuple[Choice, ...], *, null: bool) -> str:
    """The allowed values as the error lists them: ``"a", "b", or null``."""
    return _or([str(js.stringify(choice.value)) for choice in choices] + ["null"] * null)


def _article(name: str) -> str:
    return "an " if name[0] in "aio" else "" if name == "null" else "a "


def _with_article(name: str) -> str:
    return f"{_article(name)}{name}"


def _or(names: list[str]) -> str:
    if len(names) > 2:
        return f"{', '.join(names[:-1])}, or {names[-1]}"
    return " or ".join(names)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return js.string(value)
    return "" if value is None else _REFUSED


def _number(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return int(value or 0)
    if isinstance(value, int | float):
        return value
    if isinstance(value, str) and value:
        number = js.to_number(value)
        return number if number == number else _REFUSED
    return _REFUSED


def _integer(value: Any) -> Any:
    number = _number(value)
    return number if number is not _REFUSED and number % 1 == 0 else _REFUSED


def _boolean(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if value == "true" or value == 1:
        return True
    return False if value == "false" or value == 0 or value is None else _REFUSED


def _datetime(value: Any) -> Any:
    return value if _is_number(value) else _text(value)


def _object(value: Any) -> Any:
    return value if isinstance(value, dict) else _REFUSED


_CONVERT: dict[str, Callable[[Any], Any]] = {
    "string": _text, "text": _text, "password": _text, "number": _number, "integer": _integer, "boolean": _boolean,
    "datetime": _datetime, "object": _object,
}  # fmt: skip


def value_checks(item: FieldShape) -> list[Callable[[Any], str]]:
    """The checks after coercion, in ajv's order; each gives what the value must be, or "". None for items of
    a ``multiple`` field (framework.jsonl)."""
    checks: list[Callable[[Any], str]] = []
    if not item.multiple:
        if item.kind == "number":
            checks += _range_checks(item)
        elif item.kind in ("string", "text", "password"):
            checks += _length_checks(item)
        format_name = item.meta.format or ("date-like" if item.kind == "datetime" else None)
        if format_name:
            checks.append(_format_check(format_name))
    return checks


def _range_checks(item: FieldShape) -> list[Callable[[Any], str]]:
    least, most = item.meta.minimum, item.meta.maximum
    checks: list[Callable[[Any], str]] = []
    if most:
        checks.append(lambda v: f"equal to or less than {js.string(most)}" if v is not None and v > most else "")
    if least:
        checks.append(lambda v: f"equal to or greater than {js.string(least)}" if v is not None and v < least else "")
    return checks


def _length_checks(item: FieldShape) -> list[Callable[[Any], str]]:
    least, most = item.meta.minimum, item.meta.maximum
    checks: list[Callable[[Any], str]] = []
    if most:
        checks.append(lambda v: _length_text(most, "fewer", v) if v is not None and len(v) > most else "")
    if least:
        checks.append(lambda v: _length_text(least, "more", v) if v is not None and len(v) < least else "")
    return checks


def _length_text(limit: float, way: str, value: str) -> str:
    return f"{_characters(limit)} or {way} but it was {_characters(len(value))}"


def _characters(count: float) -> str:
    return f"{js.string(count)} character{'' if count == 1 else 's'}"


def _format_check(name: str) -> Callable[[Any], str]:
    wanted = f"a valid {FORMAT_NAMES.get(name, name)} string but it was not"
    fits = is_date if name == "date-like" else format_test(name)
    return lambda value: wanted if isinstance(value, str) and not fits(value) else ""


def choice_checks(item: FieldShape) -> list[Callable[[Any], str]]:
    """The check against the choices of a field, if it has any: of one item, where the field is ``multiple``."""
    if not item.choices:
        return []
    null = "null" in schema_types(item)
    allowed = [choice.value for choice in item.choices] + [None] * null
    wanted = f"one of: {choices_text(item.choices, null=null)}"
    return [lambda value: "" if value in allowed else wanted]
