"""What a person may write: stricter than what is read, since a stored trigger must keep its meaning."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from actionsd.fql.errors import FQLError
from actionsd.fql.lexer import lex
from actionsd.fql.loose import parse
from actionsd.fql.nodes import Condition, Group
from actionsd.fql.parser import parse_tokens
from actionsd.fql.printer import to_text
from actionsd.fql.structured import (
    BARE_OPERATORS,
    FIELD_OPERATORS,
    NAMED_KINDS,
    NUMBER_OPERATORS,
    OPERATORS,
    from_ast,
    structured,
)
from actionsd.fql.trigger import compile_trigger, no_condition
from actionsd.sdk.js import UNDEFINED

_NAME_START: Final = re.compile(r"[A-Za-z_]")


def check_trigger(text: str) -> None:
    """Raises `FQLError`, with position and expectation, for a trigger that is malformed.

    `compile_trigger` goes on to read such text as Segment does.

    >>> check_trigger('type == "track"')
    Traceback (most recent call last):
    ...
    actionsd.fql.errors.FQLError: expected a value or a field, found = (line 1, column 7)
      type == "track"
            ^
    """
    tree = parse_tokens(text, lex(text, trigger=True))
    if (odd := no_condition(structured(tree))) is not None:
        raise FQLError(f"expected a field, an operator and a value, found {odd}", text, 0)
    compile_trigger(tree)


def check_structured(ast: Mapping[str, Any], *, max_conditions: int | None = None, nested: bool = True) -> None:
    """Raises `FQLError` for a structured form that a person should not have written, naming the condition.

    Checked are operators and the data types of their values, what FEATURES F094 and F095 forbid (array paths, `"` and
    `~` in values, names that start with another character than a letter or `_`), and the limits of a plan:
    `max_conditions` in all (F093; no limit by default), and whether groups may stand in groups (F092).
    """
    group = from_ast(ast)
    conditions = list(_conditions(group, nested))
    if max_conditions is not None and len(conditions) > max_conditions:
        raise FQLError(f"at most {max_conditions} conditions are allowed, found {len(conditions)}")
    for condition in conditions:
        if (problem := _problem(condition)) is not None:
            raise FQLError(f"{_place(condition)}: {problem}")


def _conditions(group: Group, nested: bool) -> Iterator[Condition]:
    if group.operator not in ("and", "or") or not group.children:
        raise FQLError("a group needs the operator 'and' or 'or', and at least one condition")
    for child in group.children:
        if isinstance(child, Condition):
            yield child
        elif isinstance(child, Group) and nested:
            yield from _conditions(child, nested)
        else:
            raise FQLError("groups in groups are not allowed")


def _problem(condition: Condition) -> str | None:
    named = condition.kind in NAMED_KINDS
    if named and (problem := _name_problem(condition.name)) is not None:
        return problem
    offered = OPERATORS if named else FIELD_OPERATORS[condition.kind]
    if condition.operator not in offered:
        return f"unknown operator {condition.operator!r}, expected one of {', '.join(sorted(offered))}"
    return _value_problem(condition.operator, condition.value) or _reading_problem(condition)


def _name_problem(name: object) -> str | None:
    if not isinstance(name, str) or not name:
        return "a name is needed"
    keys = name.split(".")
    if "$" in keys:
        return "array paths (.$) are not supported"
    return None if all(map(_NAME_START.match, keys)) else "each part of a name must start with a letter or _"


def _value_problem(operator: str, value: Any) -> str | None:
    if operator in BARE_OPERATORS:
        return None if value is UNDEFINED else f"{operator!r} takes no value, found {value!r}"
    if operator in NUMBER_OPERATORS:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if is_number else f"{operator!r} needs a number, found {value!r}"
    if not isinstance(value, str):
        return f"{operator!r} needs a text, found {value!r}"
    return 'a value cannot hold the characters " and ~' if '"' in value or "~" in value else None


def _reading_problem(condition: Condition) -> str | None:
    """As FQL, a name `a.or` ends at the keyword, and a text with a `*` is a glob."""
    text = to_text(condition)
    return None if structured(parse(text)) == condition else f"FQL would read another condition in {text}"


def _place(condition: Condition) -> str:
    return condition.kind if condition.name is UNDEFINED else f"{condition.kind} {condition.name!r}"
