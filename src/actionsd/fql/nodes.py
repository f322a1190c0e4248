"""The syntax tree of FQL: plain frozen structs, the same for triggers, conditions and the structured form."""

from typing import Any, Literal

import msgspec

from actionsd.sdk.js import UNDEFINED

Scalar = str | int | float | bool | None
Connective = Literal["and", "or"]


class Path(msgspec.Struct, frozen=True):
    """A field of the event, by the keys that lead to it: `properties.a.b` is `("properties", "a", "b")`."""

    names: tuple[str, ...]


class Value(msgspec.Struct, frozen=True):
    """A value that is written out: text, number, `true`, `false` or `null`."""

    value: Scalar


class Items(msgspec.Struct, frozen=True):
    """A list that is written out: `["a", 1]`."""

    items: "tuple[Node, ...]"


class Call(msgspec.Struct, frozen=True):
    """A function and its arguments: `lowercase(event)`."""

    name: str
    arguments: "tuple[Node, ...]"


class Compare(msgspec.Struct, frozen=True):
    """Two operands and one of `= != < <= > >= in` between them."""

    operator: str
    left: "Node"
    right: "Node"


class Not(msgspec.Struct, frozen=True):
    """The opposite of an operand."""

    operand: "Node"


class Group(msgspec.Struct, frozen=True):
    """Operands joined by one connective: ALL (`and`) or ANY (`or`) of them."""

    operator: str
    children: "tuple[Node, ...]"


class Condition(msgspec.Struct, frozen=True):
    """One condition of the structured form, as Segment's own conditions are stored.

    `kind` is the condition's type (`event-property`, `event`, …), `name` the path below it, for those types that have
    one; `operator` is one of `actionsd.fql.structured.OPERATORS`, and where Segment reads a malformed trigger it may
    be any text (such a condition never holds). `value` is JSON; `UNDEFINED` where there is none.
    """

    kind: str
    name: Any
    operator: str
    value: Any = UNDEFINED


Node = Path | Value | Items | Call | Compare | Not | Group | Condition
