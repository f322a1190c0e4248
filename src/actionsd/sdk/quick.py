"""The quick way through validation: msgspec makes the struct, once the members that it cannot judge are right.

msgspec is several times faster than the walk. It knows the types, and that null is absent; it does not know formats,
choices, empty texts, and what null means inside arrays. So a function is written for each type, as Python source, that
looks at those alone. Of a type with an address and a list of items it is

    def quick(value):
        if value.__class__ is not dict: return None
        if '' in value.values(): value = filled(value)
        odd = others(value) if retyped_before else ()
        v = value.get(c1, ABSENT)
        if v is not ABSENT and not (v.__class__ is str and c2(v)): odd += c3
        v = value.get(c4, ABSENT)
        if v is not ABSENT and not (v.__class__ is list and plain5(v)): odd += c6
        if odd and (value := mended(value, odd)) is None: return None
        try: return convert(value, struct)
        except ValidationError: return retyped(value)

None sends the value to the walk. What comes from a type, such as its keys, reaches the code only through the namespace.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from math import inf
from typing import Any

from msgspec import ValidationError, convert

from actionsd.sdk.coerce import choice_checks, value_checks
from actionsd.sdk.dates import canonical_ms, is_date
from actionsd.sdk.formats import format_test
from actionsd.sdk.payload import FieldShape, Payload, Settings, shape

Quick = Callable[[dict[str, Any]], Any]
"""The struct that msgspec makes of a value; None where that takes the walk."""

Mend = Callable[[dict[str, Any], tuple[str, ...]], dict[str, Any] | None]
"""A copy of the value with some of its members coerced; None where that leaves problems."""

Keep = Callable[[list[Any]], list[Any] | None]
"""A list whose objects stay what they are, but for what null counts as: itself where nothing is to be done; None where
one takes the walk."""

ABSENT: Any = object()
_CLASSES: dict[str, tuple[type, ...]] = {
    "string": (str,), "text": (str,), "password": (str,), "boolean": (bool,), "integer": (int,),
    "number": (int, float), "datetime": (str, int, float), "object": (dict,),
}  # fmt: skip


def compile_quick(
    struct: type[Payload] | type[Settings], *, mended: Mend, nulls: Mapping[str, Any] | None, drops_empty: bool,
    conditions: Callable[[dict[str, Any]], object] | None, kept: Mapping[str, Keep],
) -> Quick:  # fmt: skip
    """The function of one type.

    Args:
        struct: a payload type.
        mended: coerces some members.
        nulls: where null is a value, what it counts as in each member that takes it; else None.
        drops_empty: "" is absent, whatever the type.
        conditions: true where a condition of the type sends a value to the walk.
        kept: what makes the lists whose objects stay what they are, by the key of the member.
    """
    fields = shape(struct)
    retyped = _Retyped(fields, struct, mended)
    source = _Source(
        {"mended": mended, "struct": struct, "retyped": retyped, "retyped_before": retyped.known, "others": retyped.odd}
    )
    lines = ["def quick(value):", "    if value.__class__ is not dict: return None"]
    if conditions is not None:
        lines.append(f"    if {source.constant(conditions)}(value): return None")
    if nulls is not None:
        lines.append(source.replacing(nulls, fields))
    if drops_empty:
        lines.append("    if '' in value.values(): value = filled(value)")
    lines.append("    odd = others(value) if retyped_before else ()")
    for item in fields:
        if item.key in kept:
            lines += source.keeping(item, kept[item.key])
        elif test := source.test(item):
            lines.append(f"    v = value.get({source.constant(item.key)}, ABSENT)")
            lines.append(f"    if v is not ABSENT and not ({test}): odd += {source.constant((item.key,))}")
    lines += [
        "    if odd and (value := mended(value, odd)) is None: return None",
        "    try: return convert(value, struct)",
        "    except ValidationError: return retyped(value)",
    ]
    return source.function(lines)


def compile_kept(struct: type[Payload] | type[Settings], *, nulls: Mapping[str, Any] | None) -> Quick:
    """The function of a type whose objects stay what they are, undeclared members and all; as :func:`compile_quick`."""
    source = _Source({})
    lines = ["def quick(value):", "    if value.__class__ is not dict: return None", "    kept = value"]
    for item in shape(struct):
        lines += source.kept(item, nulls or {})
    return source.function([*lines, "    return kept"])


def simple_classes(item: FieldShape) -> tuple[type, ...]:
    """The classes of a value that is right whatever it is, "" excepted; () where there is more to check."""
    is_simple = not (item.multiple or item.struct or value_checks(item) or item.choices)
    return _CLASSES[item.kind] if is_simple else ()


class _Source:
    """What the functions of one type share: the names in them, and what these stand for."""

    def __init__(self, names: dict[str, Any]) -> None:
        self._namespace: dict[str, Any] = {
            "__builtins__": {}, "ABSENT": ABSENT, "ValidationError": ValidationError, "convert": convert,
            "bool": bool, "dict": dict, "float": float, "int": int, "list": list, "str": str, "is_date": is_date,
            "canonical_ms": canonical_ms, "len": len, "filled": _filled, **names,
        }  # fmt: skip

    def constant(self, value: Any) -> str:
        """A name for the value."""
        name = f"c{len(self._namespace)}"
        self._namespace[name] = value
        return name

    def function(self, lines: list[str]) -> Quick:
        """The function that these lines define."""
        exec(compile("\n".join(lines), "<validator>", "exec"), self._namespace)
        defined: Quick = self._namespace[lines[0].partition("(")[0].removeprefix("def ")]
        return defined

    def replacing(self, nulls: Mapping[str, Any], fields: Collection[FieldShape]) -> str:
        """The line that puts what null counts as in its place."""
        replaced = self.constant(_replacing_nulls(nulls, _without_null(nulls, fields)))
        return f"    if None in value.values() and (value := {replaced}(value)) is None: return None"

    def kept(self, item: FieldShape, nulls: Mapping[str, Any]) -> list[str]:
        """The lines that put what null counts as in its place, or leave where a member is not right as it is."""
        classes, key = simple_classes(item), self.constant(item.key)
        right = [f"v.__class__ is {each.__name__}" for each in classes] + ["v is ABSENT"] * (not item.required)
        lines = [f"    v = value.get({key}, ABSENT)", f"    if not ({' or '.join(right) or False}):"]
        if nulls.get(item.key, ABSENT).__class__ not in classes:
            return [*lines, "        return None"]
        return [
            *lines,
            "        if v is not None: return None",
            "        if kept is value: kept = value.copy()",
            f"        kept[{key}] = {self.constant(nulls[item.key])}",
        ]

    def keeping(self, item: FieldShape, keep: Keep) -> list[str]:
        """The lines that put a list that is kept in its place."""
        key = self.constant(item.key)
        return [
            f"    v = value.get({key}, ABSENT)",
            f"    if v.__class__ is list and (k := {self.constant(keep)}(v)) is not None:",
            f"        if k is not v: value = {{**value, {key}: k}}",
            f"    elif v is not ABSENT: odd += {self.constant((item.key,))}",
        ]

    def test(self, item: FieldShape) -> str:
        """The expression that tells whether a member is right as it is, if msgspec takes it; "" where its type says it
        all."""
        if item.struct is not None:
            if item.additional:
                return f"{self.constant(compile_kept(item.struct, nulls=None))}(v) is not None"
            plain = self._plain(item.struct, cleans=not item.multiple)
            if not plain:
                return f"v.__class__ is {'list' if item.multiple else 'dict'}" if item.allow_null else ""
            return f"v.__class__ is list and {plain}(v)" if item.multiple else f"{plain}((v,))"
        checks = [*value_checks(item), *choice_checks(item)]
        if item.multiple:
            if not checks and not item.allow_null:
                return ""
            return f"v.__class__ is list and {self.constant(_items_test(_CLASSES[item.kind], checks))}(v)"
        if not checks:
            return ""
        if item.kind == "datetime" and not item.choices and not item.meta.format:
            return "v.__class__ is str and (len(v) == 24 and canonical_ms(v) is not None or is_date(v))"
        right = " or ".join(f"v.__class__ is {each.__name__}" for each in _CLASSES[item.kind])
        return f"({right}) and {self._checked(item, checks)}"

    def _checked(self, item: FieldShape, checks: list[Callable[[Any], str]]) -> str:
        if item.choices and len(checks) == 1 and item.kind != "object":
            return f"v in {self.constant(frozenset(choice.value for choice in item.choices))}"
        if item.meta.format and len(checks) == 1 and item.kind != "datetime":
            return f"{self.constant(format_test(item.meta.format))}(v)"
        if item.kind == "number" and not (item.choices or item.meta.format):
            least, most = item.meta.minimum or -inf, item.meta.maximum or inf  # what is not a number takes the slow way
            return f"{self.constant(least)} <= v <= {self.constant(most)}"
        return " and ".join(f"not {self.constant(check)}(v)" for check in checks)

    def _plain(self, struct: type[Payload], *, cleans: bool) -> str:
        """The name of a function that tells whether msgspec, if it takes the objects in a list, makes of them what the
        walk would; "" where it always does."""
        tests = [] if cleans else ["if None in value.values(): return False"]
        for item in shape(struct):
            tests += self._converted(item)
        if not tests:
            return ""
        name = f"plain{len(self._namespace)}"
        head = [
            f"def {name}(items):",
            "    for value in items:",
            "        if value.__class__ is not dict: return False",
        ]
        self.function([*head, *(f"        {test}" for test in tests), "    return True"])
        return name

    def _converted(self, item: FieldShape) -> Iterator[str]:
        """Lines that leave where a member of an object that msgspec converts is not right."""
        if test := self.test(item):
            yield f"v = value.get({self.constant(item.key)}, ABSENT)"
            yield f"if v is not ABSENT and not ({test}): return False"


def _items_test(classes: tuple[type, ...], checks: list[Callable[[Any], str]]) -> Callable[[list[Any]], bool]:
    return lambda items: all(part.__class__ in classes and not any(check(part) for check in checks) for part in items)


def _filled(value: dict[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if item != ""}


def _without_null(nulls: Mapping[str, Any], fields: Collection[FieldShape]) -> frozenset[str]:
    """The members that take no null."""
    return frozenset(item.key for item in fields if item.key not in nulls)


def _replacing_nulls(
    nulls: Mapping[str, Any], refused: Collection[str]
) -> Callable[[dict[str, Any]], dict[str, Any] | None]:
    """A function that gives an object with what null counts as in its place; None where a member takes none."""

    def replaced(value: dict[str, Any]) -> dict[str, Any] | None:
        for key in refused:
            if value.get(key, ABSENT) is None:
                return None
        return {key: nulls.get(key) if item is None else item for key, item in value.items()}

    return replaced


class _Retyped:
    """Coerces members of other types than their fields ask for. Where a mapping gives one such, it does so for most
    events: so from then on that field is looked at before msgspec is asked, which takes long to refuse."""

    def __init__(self, fields: Collection[FieldShape], struct: type, mended: Mend) -> None:
        self._classes = {item.key: simple for item in fields if (simple := simple_classes(item))}
        self._struct = struct
        self._mended = mended
        self.known: dict[str, tuple[type, ...]] = {}

    def odd(self, value: dict[str, Any]) -> tuple[str, ...]:
        """The members that are not of their type, of those that were not before."""
        return tuple([key for key, right in self.known.items() if key in value and value[key].__class__ not in right])

    def __call__(self, value: dict[str, Any]) -> Any:
        """The struct, after msgspec has refused the value."""
        classes = self._classes
        odd = tuple([key for key, item in value.items() if key in classes and item.__class__ not in classes[key]])
        mend = self._mended(value, odd) if odd else None
        if mend is None:
            return None
        self.known.update((key, classes[key]) for key in odd)
        try:
            return convert(mend, self._struct)
        except ValidationError:
            return None
