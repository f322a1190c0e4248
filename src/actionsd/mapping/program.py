"""The program that a mapping is written as: its functions, the names in them, and what these names stand for."""

import keyword
import re
from collections import deque
from enum import IntEnum
from typing import Any, NamedTuple

from actionsd.mapping import operations, paths, templates
from actionsd.sdk import js


def _only_object(payload: Any) -> dict[str, Any]:
    if payload is not js.UNDEFINED:
        operations.fail("/", f"data must be an object, got {js.type_name(payload)}")
    return {}


def _too_deep() -> None:
    operations.fail("/", "data must not be nested so deep")


HELPERS: dict[str, Any] = {
    "__builtins__": {},
    "RecursionError": RecursionError,
    "dict": dict,
    "list": list,
    "UNDEFINED": js.UNDEFINED,
    "EMPTY": {},
    "Members": paths.Members,
    "change_case": operations.change_case,
    "copy": operations.copy,
    "decode": operations.decode,
    "encode": js.stringify,
    "exclude_nulls": operations.exclude_nulls,
    "drop_gaps": operations.drop_gaps,
    "fail": operations.fail,
    "fail_with": operations.fail_with,
    "fill": templates.fill,
    "fill_gaps": operations.fill_gaps,
    "filled": operations.filled,
    "flatten_with": operations.flatten_with,
    "join_surrogates": js.join_surrogates,
    "liquid": operations.liquid,
    "merge": operations.merge,
    "only_object": _only_object,
    "read": operations.read,
    "render": operations.render,
    "render_doubles": templates.render_doubles,
    "replace": operations.replace,
    "text": templates.text,
    "too_deep": _too_deep,
    "undefine_nulls": operations.undefine_nulls,
    "walk": paths.walk,
    "whole": templates.whole,
}
"""The names that generated code may use, beside its own constants and functions."""


class Gaps(IntEnum):
    """What may be undefined in a value."""

    NONE = 0
    """Nothing: the value leaves the mapping."""
    ITEMS = 1
    """Items of arrays: the value is what `@transform` applies its mapping to."""
    ALL = 2
    """Members of objects too: `@merge` overwrites with them, `@flatten` and `@json` read over them."""


class Code(NamedTuple):
    """A Python expression for a part of the mapping."""

    text: str
    defined: bool = False
    """It is never `UNDEFINED`."""
    simple: bool = False
    """It is a name: cheap, and not affected by statements that follow."""


NOTHING = Code("UNDEFINED", simple=True)


class Names:
    """Hands out names that are no helper's, no keyword and not taken yet.

    Constants and functions have an underscore in their names and variables have none, so that neither hides the other.
    """

    def __init__(self, joint: str, *taken: str) -> None:
        self._joint = joint
        self._taken = {*taken, *HELPERS, *keyword.kwlist}
        self._numbers: dict[str, int] = {}

    def new(self, wanted: str) -> str:
        """The wanted name, with a number if it is taken."""
        name = wanted
        while name in self._taken:
            number = self._numbers[wanted] = self._numbers.get(wanted, 0) + 1
            name = f"{wanted}{self._joint}{number}"
        self._taken.add(name)
        return name


class Part(NamedTuple):
    """A part of the mapping that becomes a function of its own."""

    name: str
    payload: str
    node: Any
    path: str
    gaps: Gaps


class Program:
    """The functions written so far, those still to write, and the namespace that they share."""

    def __init__(self) -> None:
        self.namespace: dict[str, Any] = {}
        self.functions: list[str] = []
        self._constants: dict[tuple[type, str], str] = {}
        self._names = Names("_", "c", "k", "mapping", "part", "item", "payload")
        self.waiting: deque[Part] = deque()

    def constant(self, value: Any, prefix: str = "c") -> str:
        """The name of a constant; equal scalars of one type share one."""
        identity = (value.__class__, repr(value) if not isinstance(value, dict | list) else str(id(value)))
        if identity not in self._constants:
            hint = identifier(value) if isinstance(value, str) else ""
            name = self._names.new(f"{prefix}_{hint}" if hint else prefix)
            self.namespace[name] = value
            self._constants[identity] = name
        return self._constants[identity]

    def function(self, stem: str, node: Any, path: str, gaps: Gaps) -> str:
        """The name of a function of one payload for a part of the mapping, which is still to be written."""
        name = self._names.new(stem)
        self.waiting.append(Part(name, stem, node, path, gaps))
        return name


def identifier(text: str) -> str:
    """The text as (the end of) a Python name, short and ASCII; empty if nothing of it can be used."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", text[:40]).strip("_").lower()[:24]
    return "" if name[:1].isdigit() else name
