"""The intermediate representation that Segment compiles conditions to for its browser library.

A path is a text, a value `{"value": …}`, everything else a list that starts with the operator or function:
`["and", ["=", "type", {"value": "track"}], ["contains", "event", {"value": "x"}]]`.
"""

from collections.abc import Mapping
from typing import Any, Final

from actionsd.fql.condition import Test, compile_test
from actionsd.fql.errors import FQLError
from actionsd.fql.nodes import Call, Compare, Group, Items, Node, Not, Path, Value
from actionsd.fql.parser import COMPARISONS, MAX_DEPTH
from actionsd.sdk import js

_SCALARS: Final = (str, int, float, bool, type(None))


def compile_ir(ir: object) -> Test:
    """The test that an IR is: decoded, as JSON text, or in its matcher (`{"type": "fql" | "all", "ir": text}`).

    `FQLError` for what is no IR. An empty IR never holds.

    >>> compile_ir(["match", "event", {"value": "Order *"}])({"event": "Order Completed"})
    True
    """
    if isinstance(ir, Mapping) and "type" in ir:
        return _matcher(ir)
    if isinstance(ir, str) and ir[:1] in ("", "[", "{", '"'):
        return _decoded(ir)
    return compile_test(_node(ir, 1))


def _matcher(matcher: Mapping[str, object]) -> Test:
    kind, ir = matcher["type"], matcher.get("ir")
    if kind == "all":
        return lambda event: True
    if kind != "fql":
        raise FQLError(f"unknown type of matcher {kind!r}, expected 'fql' or 'all'")
    return _decoded(ir) if isinstance(ir, str) else compile_ir(ir)


def _decoded(text: str) -> Test:
    if not text:
        return lambda event: False
    try:
        ir = js.parse(text)
    except (ValueError, RecursionError) as error:
        raise FQLError(f"the IR is not JSON: {error}") from error
    return compile_test(_node(ir, 1))


def _node(ir: Any, depth: int) -> Node:
    if depth > MAX_DEPTH:
        raise FQLError(f"more than {MAX_DEPTH} levels of IR")
    if isinstance(ir, str):
        return Path(tuple(ir.split(".")))
    if isinstance(ir, Mapping) and isinstance(ir.get("value"), list):
        return Items(tuple(_node(item, depth + 1) for item in ir["value"]))
    if isinstance(ir, Mapping) and "value" in ir and isinstance(ir["value"], _SCALARS):
        return Value(ir["value"])
    if isinstance(ir, list) and ir and isinstance(ir[0], str):
        return _operation(ir[0], tuple(_node(part, depth + 1) for part in ir[1:]))
    raise FQLError(f"expected a path, a value or an operation, found {js.type_name(ir)}")


def _operation(name: str, operands: tuple[Node, ...]) -> Node:
    if name in ("and", "or"):
        return Group(name, operands)
    if name == "!" and len(operands) == 1:
        return Not(operands[0])
    if name in COMPARISONS or name == "in":
        if len(operands) != 2:
            raise FQLError(f"{name!r} takes 2 operands, not {len(operands)}")
        return Compare(name, *operands)
    return Call(name, operands)
