"""The walk over a value that validation makes of it: removal of empty values, coercion, checks (RULES C3).

    value removal   null goes unless the field allows it; "" goes unless the field is a text; at the root of a single
                    event "" always goes; undeclared content and what is inside the objects of an array stays as it is
    coercion        as ajv does it with array coercion, see :mod:`actionsd.sdk.coerce`
    conditions      see values after removal and before coercion, and stand at the root

Everything here follows framework.jsonl (FEATURES F061, F068, F069).
"""

from collections.abc import Callable, Iterator, Mapping
from operator import is_
from typing import Any

from actionsd.sdk import js
from actionsd.sdk.coerce import Coerce, coercer, type_error
from actionsd.sdk.fields import UNSET, When, Whens
from actionsd.sdk.payload import FieldShape, Payload, Settings, shape
from actionsd.sdk.quick import Quick, compile_kept, compile_quick, simple_classes

_DROP: Any = object()
_EXACT: dict[str, type] = {
    "string": str, "text": str, "password": str, "boolean": bool, "integer": int, "number": int, "object": dict,
}  # fmt: skip
_TEXTS = ("string", "text", "password", "datetime")

Clean = Callable[[Any], Any]
Entry = tuple[type | None, str, Clean, Coerce]


class ObjectWalk:
    """The check of one object type, compiled; calling it coerces a value and appends what is wrong to ``errors``.

    ``root``: the type of a whole payload; its "" go if ``drop_empty``. ``additional``: undeclared keys are kept, and
    the result is a dict. ``cleans``: empty values are removed; not in settings, and not in the objects of an array.
    ``quick`` is the short cut for most values.
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
        inner = {
            item.key: ObjectWalk(item.struct, root=False, additional=item.additional, cleans=not item.multiple)
            for item in self._fields
            if item.struct is not None
        }
        self._entries = {item.key: self._entry(item, inner, root and self._cleans) for item in self._fields}
        self._kept = {item.key: inner[item.key].keep for item in self._fields if item.multiple and item.additional}
        self._required = tuple((item.key, self._entries[item.key][1]) for item in self._fields if item.required)
        self._conditional = tuple(_conditional(self._fields)) if root else ()
        self.quick: Quick = _never if issubclass(struct, Settings) else self._first

    def __call__(self, value: Any, path: str, label: str, errors: list[str]) -> Any:
        made = self.quick(value)
        if made is not None:
            return made
        if value.__class__ is not dict:
            errors.append(type_error(label, path, ["object"], value))
            return value
        unmet = self._unmet(value) if self._conditional else []
        problems: list[str] = []
        members = self._walk(value, path, problems)
        if problems or unmet or any(name not in members for _, name in self._required):
            errors += self._report(value, path, label)
            return value
        return members if self._additional else self._struct(**members)

    def _first(self, value: Any) -> Any:
        """The quick way, written when it is first needed."""
        nulls = None if self._cleans else self._nulls()
        if self._additional:
            self.quick = compile_kept(self._struct, nulls=nulls)
        else:
            self.quick = compile_quick(
                self._struct, mended=self._mended, nulls=nulls, drops_empty=self._drops_empty,
                conditions=self._unmet if self._conditional else None, kept=self._kept,
            )  # fmt: skip
        return self.quick(value)

    def keep(self, items: list[Any]) -> list[Any] | None:
        """Objects of this type by the quick way; the list itself where it leaves all of them as they are, None where
        one takes the walk."""
        made: list[Any] = []
        for item in items:
            kept = self.quick(item)
            if kept is None:
                return None
            made.append(kept)
        return items if all(map(is_, made, items)) else made

    def _nulls(self) -> dict[str, Any]:
        """What null becomes in each member that takes it."""
        nulls = {}
        for key, (_, _, _, coerce) in self._entries.items():
            problems: list[str] = []
            null = coerce(None, "", problems)
            if not problems:
                nulls[key] = null
        return nulls

    def _mended(self, value: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any] | None:
        """The value with these members coerced; None where that leaves problems."""
        problems: list[str] = []
        mended = value.copy()
        for key in keys:
            _, _, clean, coerce = self._entries[key]
            item = clean(mended.pop(key))
            if item is not _DROP:
                mended[key] = coerce(item, "", problems)
        return None if problems else mended

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
        exact = _EXACT.get(item.kind) if simple_classes(item) else None
        clean = _cleaner(item, wraps, self._drops_empty) if self._cleans else _keep
        walk = inner.get(item.key)
        coerce = _coercer(item, walk or coercer(item), walk)
        return exact, item.key if self._additional else item.name, clean, coerce


def _never(value: Any) -> None:
    """The quick way of a type that has none."""


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


def _coercer(item: FieldShape, inner: Coerce, walk: ObjectWalk | None) -> Coerce:
    suffix = f"/{item.key}"
    label = item.meta.label
    if not item.multiple:
        return lambda value, path, errors: inner(value, path + suffix, label, errors)

    def coerce_items(value: Any, path: str, errors: list[str]) -> Any:
        if isinstance(value, dict):
            errors.append(type_error(label, path + suffix, ["array"], value))
            return value
        items = value if isinstance(value, list) else [value]
        if walk is not None and (made := walk.keep(items)) is not None:
            return [*made]
        return [inner(part, f"{path}{suffix}/{index}", "", errors) for index, part in enumerate(items)]

    return coerce_items


def _subject(label: str, path: str) -> str:
    return label or (f"The value at {path}" if path else "The root value")


def _missing(label: str, path: str, key: str) -> str:
    return f"{_subject(label, path)} is missing the required field '{key}'."


def same(one: Any, other: Any) -> bool:
    """Equal as JSON values: ``True`` is not 1, 5 is 5.0."""
    return bool(one == other and isinstance(one, bool) == isinstance(other, bool))
