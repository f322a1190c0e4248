"""The walk over a value that validation makes of it: removal of empty values, coercion, checks (RULES C3).

    value removal   null goes unless the field allows it; "" goes unless the field is a text; at the root of a single
                    event "" always goes; undeclared content and what is inside the objects of an array stays as it is
    coercion        as ajv does it with array coercion, see :mod:`actionsd.sdk.coerce`
    conditions      see values after removal and before coercion, and stand at the root

Everything here follows framework.jsonl (FEATURES F061, F068, F069).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import ValidationError, convert

from actionsd.sdk import js
from actionsd.sdk.coerce import Coerce, choice_checks, coercer, type_error, value_checks
from actionsd.sdk.dates import is_date
from actionsd.sdk.fields import UNSET, When, Whens
from actionsd.sdk.payload import FieldShape, Payload, Settings, shape

_DROP: Any = object()
_EXACT: dict[str, type] = {
    "string": str, "text": str, "password": str, "boolean": bool, "integer": int, "number": int, "object": dict,
}  # fmt: skip
_CLASSES: dict[str, tuple[type, ...]] = {
    "string": (str,), "text": (str,), "password": (str,), "boolean": (bool,), "integer": (int,),
    "number": (int, float), "datetime": (str, int, float), "object": (dict,),
}  # fmt: skip
_TEXTS = ("string", "text", "password", "datetime")

Clean = Callable[[Any], Any]
Entry = tuple[type | None, str, Clean, Coerce]
Special = tuple[str, Callable[[Any], bool], Clean, Coerce]


class ObjectWalk:
    """The check of one object type, compiled; calling it coerces a value and appends what is wrong to ``errors``.

    ``root``: the type of a whole payload; its "" go if ``drop_empty``. ``additional``: undeclared keys are kept, and
    the result is a dict. ``cleans``: empty values are removed; not in settings, and not in the objects of an array.
    """

    def __init__(
        self, struct: type[Payload] | type[Settings], *, root: bool, drop_empty: bool = False, additional: bool = False,
        cleans: bool = True,
    ) -> None:  # fmt: skip
        self._struct = struct
        self._fields = shape(struct)
        self._additional = additional
        self._cleans = cleans and not issubclass(struct, Settings)
        self._drops_empty = drop_empty
        self._declared = [(item.key, _classes(item), item.required) for item in self._fields]
        inner = {
            item.key: ObjectWalk(item.struct, root=False, additional=item.additional, cleans=not item.multiple)
            for item in self._fields
            if item.struct is not None
        }
        self._entries = {item.key: self._entry(item, inner, root and self._cleans) for item in self._fields}
        self._required = tuple((item.key, self._entries[item.key][1]) for item in self._fields if item.required)
        self._conditional = tuple(_conditional(self._fields)) if root else ()
        self.quick = not additional and not issubclass(struct, Settings)
        self._special = [
            self._special_entry(item, test) for item in self._fields if (test := _plain_test(item, inner.get(item.key)))
        ]

    def __call__(self, value: Any, path: str, label: str, errors: list[str]) -> Any:
        if value.__class__ is not dict:
            errors.append(type_error(label, path, ["object"], value))
            return value
        unmet = self._unmet(value) if self._conditional else []
        if self.quick and not unmet:
            made = self._quick(value)
            if made is not None:
                return made
        problems: list[str] = []
        members = self._walk(value, path, problems)
        if problems or unmet or any(name not in members for _, name in self._required):
            errors += self._report(value, path, label)
            return value
        return members if self._additional else self._struct(**members)

    def _quick(self, value: dict[str, Any]) -> Any:
        """The struct, where msgspec can make it once the members that it can't judge are right; else None.

        msgspec is several times faster than the walk; it knows the types, and that null is absent.
        """
        if not self.is_plain(value):
            problems: list[str] = []
            special = self._coerce_special(value, problems)
            if problems:
                return None
            value = {key: item for key, item in (value | special).items() if item is not _DROP}
            if self._drops_empty:
                value = {key: item for key, item in value.items() if item != ""}
        try:
            return convert(value, self._struct)
        except ValidationError:
            return None

    def is_plain(self, value: Any) -> bool:
        """Whether msgspec, if it takes the value, makes of it what the walk would."""
        if value.__class__ is not dict:
            return False
        if self._additional:
            return self._is_plain_additional(value)
        if not self._cleans and None in value.values():
            return False
        for key, test, _, _ in self._special:
            item = value.get(key, _DROP)
            if item is not _DROP and not test(item):
                return False
        return not (self._drops_empty and "" in value.values())

    def _is_plain_additional(self, value: dict[str, Any]) -> bool:
        """Whether all declared members are right as they are, and all required ones there."""
        for key, classes, is_required in self._declared:
            item = value.get(key, _DROP)
            if item.__class__ not in classes and (item is not _DROP or is_required):
                return False
        return "" not in value.values()

    def _coerce_special(self, value: dict[str, Any], problems: list[str]) -> dict[str, Any]:
        """The members whose type alone does not say that they are right, coerced; those that are right are left out."""
        special: dict[str, Any] = {}
        if not self._cleans:  # null is a value here
            nulls = [key for key, item in value.items() if item is None and key in self._entries]
            special = {key: self._entries[key][3](None, "", problems) for key in nulls}
        for key, test, clean, coerce in self._special:
            item = value.get(key, _DROP)
            if item is not _DROP and key not in special and not test(item):
                item = clean(item)
                special[key] = item if item is _DROP else coerce(item, "", problems)
        return special

    def _walk(self, value: dict[str, Any], path: str, problems: list[str]) -> dict[str, Any]:
        """The members of the result, one by one."""
        members: dict[str, Any] = {}
        for key, item in value.items():
            entry = self._entries.get(key)
            if entry is None:
                if self._additional and item is not js.UNDEFINED:
                    members[key] = item
                continue
            exact, name, clean, coerce = entry
            if item.__class__ is exact and item != "":
                members[name] = item
            elif (item := clean(item)) is not _DROP:
                members[name] = coerce(item, path, problems)
        return members

    def _report(self, value: dict[str, Any], path: str, label: str) -> list[str]:
        """All problems in ajv's order: conditions, missing fields, then the fields as declared."""
        errors = self._unmet(value)
        errors += [_missing(label, path, key) for key, _ in self._required if self._get(value, key) is _DROP]
        for item in self._fields:
            content = self._get(value, item.key)
            if content is not _DROP:
                self._entries[item.key][3](content, path, errors)
        return errors

    def _get(self, value: dict[str, Any], key: str) -> Any:
        """The member after removal of empty values, before coercion: conditions see it so (framework.jsonl)."""
        item = value.get(key, _DROP)
        entry = self._entries.get(key)
        return item if item is _DROP or entry is None else entry[2](item)

    def _unmet(self, value: dict[str, Any]) -> list[str]:
        """What is missing because a condition holds."""
        problems: list[str] = []
        for key, child, whens in self._conditional:
            if not self._hold(value, whens):
                continue
            found = self._get(value, key)
            if found is _DROP:
                problems.append(_missing("", "", key))
            elif child and isinstance(found, dict) and found.get(child) is None:
                problems.append(_missing("", f"/{key}", child))
            else:
                continue
            problems.append('The root value must match "then" schema.')
        return problems

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

    def _entry(self, item: FieldShape, inner: Mapping[str, "ObjectWalk"], wraps: bool) -> Entry:
        exact = _EXACT.get(item.kind) if _classes(item) else None
        clean = _cleaner(item, wraps, self._drops_empty) if self._cleans else _keep
        coerce = _coercer(item, inner.get(item.key) or coercer(item))
        return exact, item.key if self._additional else item.name, clean, coerce

    def _special_entry(self, item: FieldShape, test: Callable[[Any], bool]) -> Special:
        _, _, clean, coerce = self._entries[item.key]
        return item.key, test, clean, coerce


def _classes(item: FieldShape) -> tuple[type, ...]:
    """The classes of a value that is right whatever it is, "" excepted; () where there is more to check."""
    is_simple = not (item.multiple or item.struct or value_checks(item) or item.choices)
    return _CLASSES[item.kind] if is_simple else ()


def _plain_test(item: FieldShape, inner: ObjectWalk | None) -> Callable[[Any], bool] | None:
    """Whether a field's value is right as it is, if msgspec takes it; None where the type says it all."""
    if inner is not None:
        is_plain = inner.is_plain
        return (lambda value: value.__class__ is list and all(map(is_plain, value))) if item.multiple else is_plain
    checks = [*value_checks(item), *choice_checks(item)]
    classes = _CLASSES[item.kind]
    if item.multiple:
        if not checks and not item.allow_null:
            return None
        return lambda value: (
            value.__class__ is list
            and all(part.__class__ in classes and not any(check(part) for check in checks) for part in value)
        )
    if not checks:
        return None
    if item.kind == "datetime" and len(checks) == 1 and not item.meta.format:
        return lambda value: value.__class__ is str and is_date(value)
    first, *others = checks
    if not others:
        return lambda value: value.__class__ in classes and not first(value)
    return lambda value: value.__class__ in classes and not any(check(value) for check in checks)


def _conditional(fields: tuple[FieldShape, ...]) -> Iterator[tuple[str, str, Whens]]:
    """Key, key of the property ("" for none) and conditions of what is required only sometimes; ajv sees the conditions
    of a property from the root."""
    for item in fields:
        if item.conditions:
            yield item.key, "", item.conditions
        for child in shape(item.struct) if item.struct is not None and not item.multiple else ():
            if child.conditions:
                yield item.key, child.key, child.conditions


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


def _coercer(item: FieldShape, inner: Coerce) -> Coerce:
    suffix = f"/{item.key}"
    label = item.meta.label
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
