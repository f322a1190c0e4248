"""Payloads and settings coerced and checked, as framework.jsonl shows (RULES C3, FEATURES F061, F068, F069).

    value removal   null goes unless the field allows it; "" goes unless the field is a text; at the root of a single
                    event "" always goes; undeclared content and what is inside the objects of an array stays as it is
    coercion        as ajv does it with array coercion, see ``coerce``
    checks          all problems at once; the text names the field by its label, what came and what was expected

A validator is compiled once per type into closures; the common value (the right class, not empty) costs one look-up.
Only when something is wrong is the value walked again in the order in which ajv reports.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from actionsd.sdk import js
from actionsd.sdk.coerce import Coerce, coercer, type_error
from actionsd.sdk.errors import PayloadValidationError
from actionsd.sdk.fields import UNSET, When, Whens
from actionsd.sdk.payload import FieldShape, Payload, Settings, shape

S = TypeVar("S", bound=Payload | Settings)

_DROP: Any = object()
_EXACT: dict[str, type] = {"string": str, "text": str, "password": str, "boolean": bool, "integer": int, "number": int}
_TEXTS = ("string", "text", "password", "datetime")

Clean = Callable[[Any], Any]
Entry = tuple[type | None, str, Clean, Coerce]


def validate(struct: type[S], value: Any, *, batch: bool = False) -> S:
    """``value`` (a JSON object; mapping's ``UNDEFINED`` counts as absent) as an instance of ``struct``.

    Args:
        struct: a payload type, or a settings type, whose values are coerced but never removed.
        value: what the mapping made; it is not changed.
        batch: the rule for batches: a "" at the root stays in a text field (FEATURES F069).

    Raises:
        PayloadValidationError: with all problems, in ajv's order and words.

    Example:
        validate(TrackEvent, {"event": 5}).event  # "5"
    """
    result: S = validator(struct)(value, batch)  # type: ignore[arg-type]  # S is bound by both
    return result


def validator(struct: type[Payload] | type[Settings]) -> Callable[[Any, bool], Any]:
    """The compiled check of one type: ``f(value, batch) -> struct``; see :func:`validate`."""
    known = _VALIDATORS.get(struct)
    if known is not None:
        return known
    single = _Object(struct, root=True, drop_empty=True)
    batched = _Object(struct, root=True, drop_empty=False)

    def check(value: Any, batch: bool) -> Any:
        errors: list[str] = []
        result = (batched if batch else single)(value, "", "", errors)
        if errors:
            raise PayloadValidationError(*errors)
        return result

    _VALIDATORS[struct] = check
    return check


_VALIDATORS: dict[type, Callable[[Any, bool], Any]] = {}


class _Object:
    """The check of one object type; calling it coerces a value and appends what is wrong to ``errors``."""

    def __init__(
        self, struct: type[Payload] | type[Settings], *, root: bool, drop_empty: bool = False, additional: bool = False,
        cleans: bool = True,
    ) -> None:  # fmt: skip
        self.fields = shape(struct)
        self.additional = additional
        self.build: Any = dict if additional else struct
        cleans = cleans and not issubclass(struct, Settings)
        wraps = root and cleans
        self.entries = {item.key: _entry(item, cleans, wraps, drop_empty, additional) for item in self.fields}
        self.required = tuple((item.key, self.entries[item.key][1]) for item in self.fields if item.required)
        self.conditional = tuple(_conditional(self.fields)) if root else ()

    def __call__(self, value: Any, path: str, label: str, errors: list[str]) -> Any:
        if value.__class__ is not dict:
            errors.append(type_error(label, path, ["object"], value))
            return value
        found = len(errors)
        entries = self.entries
        members: dict[str, Any] = {}
        for key, item in value.items():
            entry = entries.get(key)
            if entry is None:
                if self.additional and item is not js.UNDEFINED:
                    members[key] = item
                continue
            exact, name, clean, coerce = entry
            if item.__class__ is exact and item != "":
                members[name] = item
                continue
            item = clean(item)
            if item is not _DROP:
                members[name] = coerce(item, path, errors)
        for _, name in self.required:
            if name not in members:
                errors.append(name)
        if self.conditional:
            self._check_conditions(value, errors)
        if len(errors) > found:
            errors[found:] = self._report(value, path, label)
            return value
        return self.build(**members) if not self.additional else members

    def _report(self, value: dict[str, Any], path: str, label: str) -> list[str]:
        """All problems in ajv's order: conditions, missing fields, then the fields as declared."""
        errors: list[str] = []
        self._check_conditions(value, errors)
        errors += [_missing(label, path, key) for key, _ in self.required if self._get(value, key) is _DROP]
        for item in self.fields:
            content = self._get(value, item.key)
            if content is not _DROP:
                self.entries[item.key][3](content, path, errors)
        return errors

    def _get(self, value: dict[str, Any], key: str) -> Any:
        """The member after removal of empty values, before coercion: conditions see it so (framework.jsonl)."""
        item = value.get(key, _DROP)
        entry = self.entries.get(key)
        return item if item is _DROP or entry is None else entry[2](item)

    def _check_conditions(self, value: dict[str, Any], errors: list[str]) -> None:
        for key, child, whens in self.conditional:
            if not self._hold(value, whens):
                continue
            found = self._get(value, key)
            if found is _DROP:
                errors.append(_missing("", "", key))
            elif child and isinstance(found, dict) and found.get(child) is None:
                errors.append(_missing("", f"/{key}", child))
            else:
                continue
            errors.append('The root value must match "then" schema.')

    def _hold(self, value: dict[str, Any], whens: Whens) -> bool:
        holds = (self._holds(value, condition) for condition in whens.conditions)
        return any(holds) if whens.match == "any" else all(holds)

    def _holds(self, value: dict[str, Any], condition: When) -> bool:
        parent, _, child = condition.key.partition(".")
        other = self._get(value, parent)
        if child and other is not _DROP:
            other = other.get(child, _DROP) if isinstance(other, dict) else other
        absent = other is _DROP or other is None
        if condition.value is UNSET:
            return absent == (condition.operator == "is")
        return not absent and same(other, condition.value) == (condition.operator == "is")


def _conditional(fields: tuple[FieldShape, ...]) -> Iterator[tuple[str, str, Whens]]:
    """Key, key of the property ("" for none) and conditions of what is required only sometimes; ajv sees the conditions
    of a property from the root."""
    for item in fields:
        if item.conditions:
            yield item.key, "", item.conditions
        for child in shape(item.struct) if item.struct is not None and not item.multiple else ():
            if child.conditions:
                yield item.key, child.key, child.conditions


def _entry(item: FieldShape, cleans: bool, wraps: bool, drop_empty: bool, additional: bool) -> Entry:
    plain = not (item.choices or item.meta.format or item.meta.minimum or item.meta.maximum or item.multiple)
    exact = _EXACT.get(item.kind) if plain else None
    if item.kind == "object" and item.struct is None and not item.multiple:
        exact = dict
    clean = _cleaner(item, wraps, drop_empty) if cleans else _keep
    return exact, item.key if additional else item.name, clean, _coercer(item)


def _keep(value: Any) -> Any:
    return _DROP if value is js.UNDEFINED else value


def _cleaner(item: FieldShape, wraps: bool, drop_empty: bool) -> Clean:
    """What value removal leaves of a field's value; a scalar for a ``multiple`` field at the root is wrapped."""
    multiple, keeps_null = item.multiple, item.allow_null and not item.multiple and item.struct is None
    keeps_empty = item.kind in _TEXTS and not multiple and not drop_empty
    keeps_empty_items = item.kind in _TEXTS

    def clean(value: Any) -> Any:
        if value is None:
            return None if keeps_null else _DROP
        if value is js.UNDEFINED or (value == "" and not keeps_empty):
            return _DROP
        if multiple and isinstance(value, list):
            return [part for part in value if part is not None and (part != "" or keeps_empty_items)]
        return [value] if multiple and wraps else value

    return clean


def _coercer(item: FieldShape) -> Coerce:
    suffix = f"/{item.key}"
    label = item.meta.label
    if item.struct is None:
        inner = coercer(item)
    else:
        inner = _Object(item.struct, root=False, additional=item.additional, cleans=not item.multiple)
    if not item.multiple:
        return lambda value, path, errors: inner(value, path + suffix, label, errors)

    def coerce_items(value: Any, path: str, errors: list[str]) -> Any:
        if isinstance(value, dict):
            errors.append(type_error(label, path + suffix, ["array"], value))
            return value
        items = value if isinstance(value, list) else [value]
        return [inner(part, f"{path}{suffix}/{index}", "", errors) for index, part in enumerate(items)]

    return coerce_items


def _subject(label: str, path: str) -> str:
    return label or (f"The value at {path}" if path else "The root value")


def _missing(label: str, path: str, key: str) -> str:
    return f"{_subject(label, path)} is missing the required field '{key}'."


def same(one: Any, other: Any) -> bool:
    """Equal as JSON values: ``True`` is not 1, 5 is 5.0."""
    return bool(one == other and isinstance(one, bool) == isinstance(other, bool))
