"""Conditions: the full language over a whole event, as filters use it.

Types are strict and never converted, a field that is missing reads as null, and only `true` is true (FEATURES F137,
F138). What cannot be decided, such as `in` on a text, raises `FQLError` for that event: the caller fails closed.

`received_at`, as Segment's pipeline calls it, is the event's `receivedAt`, and what it is compared with by `<`, `<=`,
`>` or `>=` is a time: `received_at >= '2023-04-21T19:55:00.933Z'` switches from one destination to another (F056).

    >>> vip = compile_condition("properties.plan in ['pro', 'team'] or lowercase(traits.plan) = 'pro'")
    >>> vip({"properties": {"plan": "pro"}}), vip({"traits": {"plan": "PRO"}}), vip({})
    (True, True, False)
"""

import operator
from collections.abc import Callable
from typing import Any, Final

from actionsd.fql.errors import FQLError
from actionsd.fql.functions import FUNCTIONS, misuse
from actionsd.fql.nodes import Call, Compare, Condition, Group, Items, Node, Not, Path, Value
from actionsd.fql.parser import parse_strict
from actionsd.sdk import dates, js
from actionsd.sdk.js import UNDEFINED

Evaluate = Callable[[Any], Any]
Test = Callable[[Any], bool]

_RECEIVED_AT: Final = Path(("received_at",))

_ORDERS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compile_condition(text: str) -> Test:
    """The test that a condition is; `FQLError` with the position where `text` is no FQL.

    The test raises `FQLError` for an event that it cannot be decided for.
    """
    return compile_test(parse_strict(text))


def compile_expression(text: str) -> Evaluate:
    """The value that an expression has for an event: `length(event)` is a number, a missing field is None."""
    return compile_node(parse_strict(text))


def compile_test(node: Node) -> Test:
    """Whether a tree is `true` for an event."""
    evaluate = compile_node(node)
    return lambda event: evaluate(event) is True


def compile_node(node: Node) -> Evaluate:
    """The value of a tree for an event."""
    match node:
        case Path(names=names):
            return _path(names)
        case Value(value=value):
            return lambda event: value
        case Items(items=items):
            return _list(items)
        case Call(name=name, arguments=arguments):
            return _call(name, arguments)
        case Compare():
            return _compare(node)
        case Not(operand=operand):
            test = compile_test(operand)
            return lambda event: not test(event)
        case Group(operator=connective, children=children):
            return _group(connective, children)
        case Condition(kind=kind):
            raise FQLError(f"a condition of type {kind!r} belongs to a trigger")


def _path(names: tuple[str, ...]) -> Evaluate:
    if names == _RECEIVED_AT.names:
        return _received_at

    def evaluate(event: Any) -> Any:
        value = event
        for name in names:
            if value.__class__ is not dict:
                return None
            value = value.get(name)
        return None if value is UNDEFINED else value

    return evaluate


def _received_at(event: Any) -> Any:
    if event.__class__ is not dict:
        return None
    return event["received_at"] if "received_at" in event else event.get("receivedAt")


def _list(items: tuple[Node, ...]) -> Evaluate:
    evaluates = tuple(map(compile_node, items))
    return lambda event: [evaluate(event) for evaluate in evaluates]


def _call(name: str, arguments: tuple[Node, ...]) -> Evaluate:
    if (problem := misuse(name, len(arguments))) is not None:
        raise FQLError(problem)
    call = FUNCTIONS[name].call
    evaluates = tuple(map(compile_node, arguments))
    return lambda event: call(*[evaluate(event) for evaluate in evaluates])


def _group(connective: str, children: tuple[Node, ...]) -> Evaluate:
    tests = tuple(map(compile_test, children))
    if connective == "and":
        return lambda event: all(test(event) for test in tests)
    return lambda event: any(test(event) for test in tests)


def _compare(node: Compare) -> Evaluate:
    left, right = compile_node(node.left), compile_node(node.right)
    if node.operator == "=":
        return lambda event: same(left(event), right(event))
    if node.operator == "!=":
        return lambda event: not same(left(event), right(event))
    if node.operator == "in":
        return lambda event: _within(left(event), right(event))
    ordered = _ORDERS[node.operator]
    if _RECEIVED_AT in (node.left, node.right):
        left, right = _moment(node.left), _moment(node.right)
    return lambda event: _is_number(a := left(event)) and _is_number(b := right(event)) and ordered(a, b)


def _moment(node: Node) -> Evaluate:
    """The value of a node as a time in milliseconds; None reads as no time, with which nothing compares."""
    if isinstance(node, Value):
        moment = _milliseconds(node.value)
        return lambda event: moment
    evaluate = compile_node(node)
    return lambda event: _milliseconds(evaluate(event))


def _milliseconds(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if (moment := dates.to_ms(value)) is None:
        raise FQLError(f"received_at is compared with times, and {value!r} is none")
    return moment


def same(left: Any, right: Any) -> bool:
    """Equality of the same type: numbers as doubles, lists and objects by their JSON text."""
    if _is_number(left) and _is_number(right):
        return js.to_double(left) == js.to_double(right)
    if isinstance(left, list | dict) and isinstance(right, list | dict):
        try:
            return js.stringify(left) == js.stringify(right)
        except RecursionError:
            raise FQLError("a value is nested too deeply to be compared") from None
    return left.__class__ is right.__class__ and bool(left == right)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _within(value: Any, items: Any) -> bool:
    if items is None:
        return False
    if not isinstance(items, list):
        raise FQLError(f"'in' needs a list on its right, not a {js.type_name(items)}")
    return any(same(value, item) for item in items)
