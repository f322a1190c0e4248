r"""FQL, Segment's language of conditions: which events a mapping takes, and which a filter acts on.

    type = "track" and (event = "Signed Up" or contains(properties.plan, "pro"))

A field is written as the path to it (`properties.product\ 1.price`: a backslash before any character outside of
`[A-Za-z0-9_-]`), a value as `"text"`, `'text'`, `5`, `true`, `false`, `null` or a list `["a", "b"]`. Operators are
`and or ! = != < <= > >= in`; `and` binds tighter than `or`. The functions are listed in `actionsd.fql.functions`.

The same text is read in two ways, as Segment's two engines do:

* `compile_trigger`, for the trigger of a mapping (`actionsd.fql.trigger`);
* `compile_condition`, for the `if` of a filter (`actionsd.fql.condition`).

    >>> event = {"type": "track", "properties": {"price": "10"}}
    >>> compile_trigger("properties.discount != 5")(event)      # a numeric operator needs a number
    False
    >>> compile_condition("properties.discount != 5")(event)    # null and 5 are different
    True

Everything raises `FQLError` for text that cannot be read, with position and a caret line.
"""

from actionsd.fql.check import check_structured, check_trigger
from actionsd.fql.condition import compile_condition, compile_expression
from actionsd.fql.errors import FQLError
from actionsd.fql.ir import compile_ir
from actionsd.fql.loose import parse
from actionsd.fql.parser import parse_strict
from actionsd.fql.printer import to_text
from actionsd.fql.structured import from_ast, to_ast
from actionsd.fql.trigger import compile_trigger, compile_triggers

__all__ = [
    "FQLError",
    "check_structured",
    "check_trigger",
    "compile_condition",
    "compile_expression",
    "compile_ir",
    "compile_trigger",
    "compile_triggers",
    "from_ast",
    "parse",
    "parse_strict",
    "to_ast",
    "to_text",
]
