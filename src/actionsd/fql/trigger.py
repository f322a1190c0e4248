"""Triggers: which events a mapping takes, compiled to Python source with each field looked up once.

The test of one condition (FEATURES F088 to F091, RULES C12): text operators hold for text only, numeric ones for
numbers only and never for `"10"`; `!=` with a text holds for everything else, also for a field that is missing;
`not_contains` and its like need a text; null and missing are the same to `exists`.

    >>> signed_up = compile_trigger('type = "track" and event = "Signed Up" and properties.plan != "free"')
    >>> signed_up({"type": "track", "event": "Signed Up"})
    True
    >>> matching = compile_triggers([("m1", 'type = "track"'), ("m2", 'event != null'), ("m3", 'properties.a > 1')])
    >>> matching({"type": "track", "event": "A", "properties": {"a": 1}})
    ('m1', 'm2')
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeVar

from actionsd.fql.condition import Test, compile_test
from actionsd.fql.errors import FQLError
from actionsd.fql.glob import compile_glob
from actionsd.fql.loose import parse, read_loosely
from actionsd.fql.nodes import Call, Compare, Condition, Group, Items, Node, Not, Path, Value
from actionsd.fql.structured import FIELDS, GLOB_OPERATORS, OTHER_FIELD, ROOTS, structured
from actionsd.sdk import js
from actionsd.sdk.js import UNDEFINED

Key = TypeVar("Key")

_FIELDS: Final = {kind: name for name, kind in FIELDS.items()}
_ROOTS: Final = {kind: (name,) for name, kind in ROOTS.items()} | {OTHER_FIELD: ()}
_STEPS: Final = re.compile(r"[^[.\]]+")  # Segment walks `a[0].b` and `a.0.b` alike
_EXACT: Final = 2**53  # an integer below it compares as its double does

MAX_NAMES: Final = 100
"""Names in one path of a trigger."""

_TEXT_TESTS: Final = {
    "contains": "{value} in {field}",
    "not_contains": "{value} not in {field}",
    "starts_with": "{field}.startswith({value})",
    "not_starts_with": "not {field}.startswith({value})",
    "ends_with": "{field}.endswith({value})",
    "not_ends_with": "not {field}.endswith({value})",
    "matches": "{value}({field})",
    "not_matches": "not {value}({field})",
}
_NUMBER_TESTS: Final = {
    "number_equals": "==",
    "number_not_equals": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
}
_BARE_TESTS: Final = {
    "exists": "({field} is not None and {field} is not UNDEFINED)",
    "not_exists": "({field} is None or {field} is UNDEFINED)",
    "is_true": "{field} is True",
    "is_false": "{field} is False",
}


def compile_trigger(trigger: str | Node) -> Test:
    """The test whether an event fires a trigger, given as FQL or as a tree.

    `FQLError` where Segment's engine reads no condition in the text: such a trigger never fires. Well-formed text
    means what the documentation says; malformed text what Segment makes of it (`actionsd.fql.loose`).
    """
    return _Function().single(_read(trigger))


def compile_triggers(triggers: Iterable[tuple[Key, str | Node]]) -> Callable[[Any], tuple[Key, ...]]:
    """One function that gives the keys of all triggers that an event fires, in their order.

    Raises the `FQLError` of the first trigger that is none.
    """
    return _Function().merged([(key, _read(trigger)) for key, trigger in triggers])


def _read(trigger: str | Node) -> Node:
    if not isinstance(trigger, str):
        return structured(trigger)
    rule = structured(parse(trigger))
    if (odd := no_condition(rule)) is None:
        return rule
    try:
        return read_loosely(trigger)
    except FQLError:
        raise FQLError(f"expected a field, an operator and a value, found {odd}", trigger, 0) from None


def no_condition(rule: Node) -> str | None:
    """What stands in `rule` where a trigger needs a condition on a field, None where nothing does."""
    match rule:
        case Group(children=children):
            return next((odd for child in children if (odd := no_condition(child)) is not None), None)
        case Condition(kind=kind, name=name) if kind == OTHER_FIELD and name.split(".")[0] in FIELDS:
            return f"{name}, which is below a plain field"
        case Path(names=names):
            return f"the field {'.'.join(names)} alone"
        case Value() | Items():
            return "a value alone"
        case Compare(operator=operator, left=Value() | Items()) if operator != "in":
            return f"a value on the left of '{operator}'"
        case Call(name=name, arguments=(Value() | Items(), *_)):
            return f"{name}() of a value"
        case _:
            return None


class _Function:
    """The source of one function of an event; what is no name or operator in it comes from the namespace."""

    def __init__(self) -> None:
        self.namespace: dict[str, Any] = {"UNDEFINED": UNDEFINED, "step": _step, "to_double": js.to_double}
        self.lookups: list[str] = []
        self.fields: dict[tuple[str, ...], str] = {}
        self.constants: dict[object, str] = {}
        self.shared: dict[str, str] = {}

    def single(self, rule: Node) -> Test:
        test: Test = self.compiled([f"return {self.test(rule)}"], nothing="False")
        return test if _is_decided(rule) else _closed(test)

    def merged(self, rules: list[tuple[Key, Node]]) -> Callable[[Any], tuple[Key, ...]]:
        self.share(condition for _, rule in rules for condition in _conditions(rule))
        body = ["matching = []"]
        for key, rule in rules:
            test = self.test(rule) if _is_decided(rule) else f"{self.constant(_Function().single(rule))}(event)"
            body.append(f"if {test}: matching.append({self.constant(key)})")
        matching: Callable[[Any], tuple[Key, ...]] = self.compiled([*body, "return tuple(matching)"], nothing="()")
        return matching

    def compiled(self, body: list[str], *, nothing: str) -> Any:
        lines = [
            "def matches(event):",
            "if event.__class__ is not dict:",
            f"    if event is None or event is UNDEFINED: return {nothing}",
            "    event = {}",
            *self.lookups,
            *body,
        ]
        exec(compile("\n    ".join(lines), "<trigger>", "exec"), self.namespace)
        return self.namespace["matches"]

    def share(self, conditions: Iterable[Condition]) -> None:
        """Tests that occur more than once stand before all others, each with its result in a variable."""
        for test, count in Counter(map(self.condition, conditions)).items():
            if count > 1:
                self.shared[test] = f"t{len(self.shared)}"
                self.lookups.append(f"{self.shared[test]} = {test}")

    def constant(self, value: Any) -> str:
        """The name of a value in the namespace; equal texts and numbers share one."""
        key = (value.__class__, value) if isinstance(value, str | int | float) else id(value)
        if key not in self.constants:
            self.constants[key] = f"k{len(self.constants)}"
            self.namespace[self.constants[key]] = value
        return self.constants[key]

    def test(self, rule: Node) -> str:
        match rule:
            case Condition():
                test = self.condition(rule)
                return self.shared.get(test, test)
            case Group(operator="and" | "or" as connective, children=children):
                tests = f" {connective} ".join(map(self.test, children))
                return f"({tests})" if tests else str(connective == "and")
            case Group():
                return "False"
            case Not(operand=operand):
                return f"(not {self.test(operand)})"
            case _:
                return f"{self.constant(compile_test(rule))}(event)"

    def condition(self, condition: Condition) -> str:
        operator, value, field = condition.operator, condition.value, self.field(condition)
        if operator in ("=", "!="):
            return f"{field} {'==' if operator == '=' else '!='} {self.constant(js.string(value))}"
        if operator in _TEXT_TESTS:
            text = js.string(value)
            wanted = compile_glob(text) if operator in GLOB_OPERATORS else text
            test = _TEXT_TESTS[operator].format(field=field, value=self.constant(wanted))
            return f"({field}.__class__ is str and {test})"
        if operator in _NUMBER_TESTS:
            number = js.to_number(value)
            subject = field if abs(number) < _EXACT else f"to_double({field})"
            test = f"{subject} {_NUMBER_TESTS[operator]} {self.constant(number)}"
            return f"(({field}.__class__ is int or {field}.__class__ is float) and {test})"
        return _BARE_TESTS.get(operator, "False").format(field=field)

    def field(self, condition: Condition) -> str:
        """The variable that holds the field a condition looks at; its look-up stands before all tests."""
        if condition.kind in _FIELDS:
            return self.variable((_FIELDS[condition.kind],))
        if not condition.name or not isinstance(condition.name, str):
            return "UNDEFINED"
        names = *_ROOTS[condition.kind], *_STEPS.findall(condition.name)
        if "$" in names:
            raise FQLError(f"a trigger cannot look into arrays (FEATURES F094): {condition.name}")
        if len(names) > MAX_NAMES:
            raise FQLError(f"a path of {len(names)} names is too long, at most {MAX_NAMES} are followed")
        return self.variable(names) if names else "UNDEFINED"

    def variable(self, names: tuple[str, ...]) -> str:
        if names not in self.fields:
            *parents, last = names
            key = self.constant(last)
            if parents:
                parent = self.variable(tuple(parents))
                found = f"{parent}.get({key}, UNDEFINED) if {parent}.__class__ is dict else step({parent}, {key})"
            else:
                found = f"event.get({key}, UNDEFINED)"
            self.fields[names] = variable = f"v{len(self.fields)}"
            self.lookups.append(f"{variable} = {found}")
        return self.fields[names]


def _step(value: Any, key: str) -> Any:
    """A member of what is no object: nothing is looked up in what is not truthy, that is the result itself."""
    return js.member(value, key) if js.truthy(value) else value


def _is_decided(rule: Node) -> bool:
    """Whether only conditions stand in a rule: those never fail to be decided."""
    match rule:
        case Group(children=children):
            return all(map(_is_decided, children))
        case Not(operand=operand):
            return _is_decided(operand)
        case _:
            return isinstance(rule, Condition)


def _conditions(rule: Node) -> Iterator[Condition]:
    if isinstance(rule, Condition):
        yield rule
    elif isinstance(rule, Group):
        for child in rule.children:
            yield from _conditions(child)
    elif isinstance(rule, Not):
        yield from _conditions(rule.operand)


def _closed(test: Test) -> Test:
    def decided(event: Any) -> bool:
        try:
            return test(event)
        except FQLError:
            return False

    return decided
