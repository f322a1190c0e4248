r"""A syntax tree to FQL text.

Expressions print so that parsing the text gives the same tree; conditions of the structured form print as Segment
writes them into a trigger.

    >>> from actionsd.fql import parse
    >>> to_text(parse("type='track' AND ( !contains( event ,'say \"hi\"') or properties.a\\ b in [1.0,null] )"))
    'type = "track" and (!contains(event, \'say "hi"\') or properties.a\\ b in [1, null])'
"""

import re
from decimal import Decimal
from typing import Any, Final

from actionsd.fql.errors import FQLError
from actionsd.fql.nodes import Call, Compare, Condition, Group, Items, Node, Not, Path, Scalar, Value
from actionsd.fql.structured import FIELDS, OTHER_FIELD, ROOTS
from actionsd.sdk import js

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_-]")
_UNSAFE_IN_PATH: Final = re.compile(r"[^A-Za-z0-9._-]")
_NEEDS_ESCAPE: Final = re.compile(r"[0-9-]|(?:and|or|null)\Z")  # what would not be lexed as a word
_ENDS_CUT: Final = re.compile(r"(?<![\w\\-])(?:a[\w-]|n[\w-]{1,2}|n\\.)\Z", re.ASCII | re.DOTALL)  # see lexer.lex
_PREFIXES: Final = {kind: f"{name}." for name, kind in ROOTS.items()} | {OTHER_FIELD: ""}
_FIELD_NAMES: Final = {kind: name for name, kind in FIELDS.items()}

_FORMS: Final = {
    "contains": "contains({field}, {value})",
    "not_contains": "!contains({field}, {value})",
    "matches": "match({field}, {value})",
    "not_matches": "!match({field}, {value})",
    "starts_with": 'match({field}, "{text}*")',
    "not_starts_with": '!match({field}, "{text}*")',
    "ends_with": 'match({field}, "*{text}")',
    "not_ends_with": '!match({field}, "*{text}")',
    "exists": "{field} != null",
    "not_exists": "{field} = null",
    "is_true": "{field} = true",
    "is_false": "{field} = false",
    "number_equals": "{field} = {number}",
    "number_not_equals": "{field} != {number}",
    "<": "{field} < {number}",
    "<=": "{field} <= {number}",
    ">": "{field} > {number}",
    ">=": "{field} >= {number}",
}


def to_text(node: Node) -> str:
    """The FQL of a tree; `FQLError` for a text that no string of FQL can hold, having quotes of both kinds."""
    text = _ENDS_CUT.sub(r"\\\g<0>", _text(node))
    lone = text.startswith("(") and text.endswith(")") and text.count("(") + text.count(")") == 2
    return text[1:-1] if lone else text


def _text(node: Node) -> str:
    match node:
        case Group(operator=operator, children=children):
            return f" {operator} ".join(map(_operand, children))
        case Not(operand=operand):
            return f"!{_text(operand)}" if isinstance(operand, Call) else f"!({_text(operand)})"
        case Compare(operator=operator, left=left, right=right):
            return f"{_text(left)} {operator} {_text(right)}"
        case Call(name=name, arguments=arguments):
            return f"{name}({', '.join(map(_text, arguments))})"
        case Items(items=items):
            return f"[{', '.join(map(_text, items))}]"
        case Path(names=names):
            return ".".join(map(_name, names))
        case Value(value=value):
            return _literal(value)
        case Condition():
            return _condition(node)


def _operand(node: Node) -> str:
    return f"({_text(node)})" if isinstance(node, Group) else _text(node)


def _name(name: str) -> str:
    escaped = _UNSAFE.sub(r"\\\g<0>", name)
    return f"\\{escaped}" if _NEEDS_ESCAPE.match(escaped) else escaped


def _literal(value: Scalar) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if value is None or isinstance(value, bool):
        return js.string(value)
    return format(Decimal(repr(value)), "f").removesuffix(".0")  # the lexer knows no exponents


def _quoted(text: str) -> str:
    quote = "'" if '"' in text else '"'
    if quote in text:
        raise FQLError(f"FQL cannot hold a text with both kinds of quotes: {text}")
    return f"{quote}{text}{quote}"


def _condition(condition: Condition) -> str:
    value: Any = condition.value
    form = _FORMS.get(condition.operator, "{field} {operator} {value}")
    return form.format(
        field=_field(condition),
        operator=condition.operator,
        value=js.string(value) if isinstance(value, bool | int | float) else f'"{js.string(value)}"',
        text=js.string(value),
        number=js.string(js.to_number(value)) if "{number}" in form else "",
    )


def _field(condition: Condition) -> str:
    if condition.kind in _FIELD_NAMES:
        return _FIELD_NAMES[condition.kind]
    name = condition.name
    units = js.split_surrogates(name) if isinstance(name, str) else js.string(name)
    return _PREFIXES[condition.kind] + _UNSAFE_IN_PATH.sub(r"\\\g<0>", units)
