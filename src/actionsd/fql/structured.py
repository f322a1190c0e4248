"""The structured form of a trigger: ALL or ANY over conditions, as the console and the API exchange it.

In JSON a group is `{"type": "group", "operator": "and" | "or", "children": […]}` and a condition
`{"type": …, "name": …, "operator": …, "value": …}` (FEATURES F086 to F092):

| type | looks at | name |
|---|---|---|
| `event-type`, `event`, `name`, `userId` | that field of the event | none |
| `event-property`, `event-trait`, `event-context` | `properties`, `traits`, `context` | the path below |
| `event-field` (not in Segment's) | the event | the whole path, such as `integrations.All` |

| operators | data type of the value |
|---|---|
| `=` `!=` `contains` `not_contains` `starts_with` `not_starts_with` `ends_with` `not_ends_with` | string |
| `number_equals` `number_not_equals` `<` `<=` `>` `>=` | number |
| `is_true` `is_false` `exists` `not_exists` | none |
| `matches` `not_matches` (not in Segment's) | string, a glob of any shape |

`from_ast` and `to_ast` convert between this JSON and the syntax tree.

    >>> from actionsd.fql import parse, to_text
    >>> to_ast(parse("match(properties.plan, 'pro*')"))
    {'type': 'group', 'operator': 'and', 'children': [{'type': 'event-property', 'name': 'plan', 'operator': \
'starts_with', 'value': 'pro'}]}
    >>> to_text(from_ast({"type": "group", "operator": "or", "children": [
    ...     {"type": "event", "operator": "=", "value": "Signed Up"}, {"type": "userId", "operator": "exists"}]}))
    'event = "Signed Up" or userId != null'
"""

from collections.abc import Mapping
from typing import Any, Final

from actionsd.fql.errors import FQLError
from actionsd.fql.nodes import Call, Compare, Condition, Group, Node, Not, Path, Value
from actionsd.fql.parser import COMPARISONS, MAX_DEPTH
from actionsd.sdk import js
from actionsd.sdk.js import UNDEFINED

FIELDS: Final = {"type": "event-type", "event": "event", "name": "name", "userId": "userId"}
"""The fields of an event that have a condition type of their own."""

ROOTS: Final = {"properties": "event-property", "traits": "event-trait", "context": "event-context"}
"""The objects of an event below which a condition may look."""

OTHER_FIELD: Final = "event-field"
"""The type of a condition on any other path."""

TEXT_OPERATORS: Final = frozenset(
    ("=", "!=", "contains", "not_contains", "starts_with", "not_starts_with", "ends_with", "not_ends_with")
)
NUMBER_OPERATORS: Final = frozenset(("number_equals", "number_not_equals", "<", "<=", ">", ">="))
GLOB_OPERATORS: Final = frozenset(("matches", "not_matches"))
BARE_OPERATORS: Final = frozenset(("is_true", "is_false", "exists", "not_exists"))
OPERATORS: Final = TEXT_OPERATORS | NUMBER_OPERATORS | GLOB_OPERATORS | BARE_OPERATORS

# What stands beside these fields in FQL is text: `event = null` compares with "null".
FIELD_OPERATORS: Final = {
    "event-type": TEXT_OPERATORS | GLOB_OPERATORS,
    "event": TEXT_OPERATORS | GLOB_OPERATORS,
    "name": TEXT_OPERATORS | GLOB_OPERATORS | {"exists", "not_exists"},
    "userId": TEXT_OPERATORS | GLOB_OPERATORS | BARE_OPERATORS,
}
NAMED_KINDS: Final = frozenset((*ROOTS.values(), OTHER_FIELD))
_KINDS: Final = NAMED_KINDS | frozenset(FIELDS.values())
_GLOB_SIGNS: Final = frozenset("*?")


# From JSON and back


def from_ast(ast: Mapping[str, Any]) -> Group:
    """The tree of a structured form in JSON; `FQLError` where `ast` is no group of conditions and groups.

    Operators and values are taken as they are: `actionsd.fql.check` tells what a person should not have written.
    """
    return _group(ast, 1)


def _group(ast: Mapping[str, Any], depth: int) -> Group:
    children = ast.get("children") if isinstance(ast, Mapping) else None
    if not isinstance(children, list):
        raise FQLError("expected a group, with an operator and a list of children")
    if depth > MAX_DEPTH:
        raise FQLError(f"more than {MAX_DEPTH} levels of groups")
    nodes = (_group(child, depth + 1) if _is_group(child) else _condition(child) for child in children)
    return Group(js.string(ast.get("operator", UNDEFINED)), tuple(nodes))


def _is_group(ast: object) -> bool:
    return isinstance(ast, Mapping) and ast.get("type") == "group"


def _condition(ast: object) -> Condition:
    kind = ast.get("type") if isinstance(ast, Mapping) else None
    if not isinstance(ast, Mapping) or kind not in _KINDS:
        raise FQLError(f"unknown type of condition {kind!r}, expected 'group' or one of {', '.join(sorted(_KINDS))}")
    name = ast.get("name", UNDEFINED) if kind in NAMED_KINDS else UNDEFINED
    return Condition(kind, name, js.string(ast.get("operator", UNDEFINED)), ast.get("value", UNDEFINED))


def to_ast(node: Node) -> dict[str, Any]:
    """The structured form of a tree, in JSON; `FQLError` where the form has no words for it."""
    rule = structured(node)
    return _group_json(rule if isinstance(rule, Group) else Group("and", (rule,)))


def _group_json(group: Group) -> dict[str, Any]:
    return {"type": "group", "operator": group.operator, "children": [_json(child) for child in group.children]}


def _json(node: Node) -> dict[str, Any]:
    if isinstance(node, Group):
        return _group_json(node)
    if not isinstance(node, Condition):
        raise FQLError(f"only ALL or ANY over conditions can be structured, not {_described(node)}")
    members = {"type": node.kind, "name": node.name, "operator": node.operator, "value": node.value}
    return {key: member for key, member in members.items() if member is not UNDEFINED}


def _described(node: Node) -> str:
    match node:
        case Not():
            return "a negated condition"
        case Compare(operator=operator):
            return f"this use of '{operator}'"
        case Call(name=name):
            return f"this use of {name}()"
        case _:
            return "a field or a value alone"


# From expressions to conditions


def structured(node: Node) -> Node:
    """`node` with each comparison that the structured form can express as the `Condition` that it means there."""
    match node:
        case Group(operator=operator, children=children):
            return Group(operator, tuple(map(structured, children)))
        case Not(operand=Call(name="contains" | "match", arguments=(Path(), _)) as call):
            return _called(call, "not_")
        case Not(operand=operand):
            return Not(structured(operand))
        case Call(name="contains" | "match", arguments=(Path(), _)):
            return _called(node, "")
        case Compare(operator=operator, left=Path(names=names), right=Value(value=value)) if operator in COMPARISONS:
            return condition(names, operator, value)
        case Compare(operator=operator, left=Path(names=names), right=Path(names=word)) if operator in COMPARISONS:
            return condition(names, operator, ".".join(word))
        case _:
            return node


def condition(names: tuple[str, ...], operator: str, value: Any) -> Condition:
    """The condition that `names operator value` is.

    The operator is chosen by the type of the value (FEATURES F088, F089): a number gives the numeric operators, and
    what stands beside `type` or `event` is always text.
    """
    kind, name = field(names)
    bare = _BARE.get((operator, value)) if value is None or isinstance(value, bool) else None
    if bare is not None and (kind in NAMED_KINDS or bare in FIELD_OPERATORS[kind]):
        return Condition(kind, name, bare)
    if kind not in NAMED_KINDS:
        return Condition(kind, name, operator, js.string(value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Condition(kind, name, _NUMERIC.get(operator, operator), value)
    return Condition(kind, name, operator, "null" if value is None else value)


_BARE: Final = {("=", True): "is_true", ("=", False): "is_false", ("!=", None): "exists", ("=", None): "not_exists"}
_NUMERIC: Final = {"=": "number_equals", "!=": "number_not_equals"}


def field(names: tuple[str, ...]) -> tuple[str, Any]:
    """Type and name of the conditions on a path. What stands below a field such as `event` is not looked at."""
    root, *rest = ".".join(names).split(".")
    if root in ROOTS:
        return ROOTS[root], ".".join(rest) if rest else root
    return (FIELDS[root], UNDEFINED) if root in FIELDS else (OTHER_FIELD, ".".join(names))


def _called(call: Call, negation: str) -> Node:
    subject, wanted = call.arguments
    text = _text(wanted)
    if text is None or not isinstance(subject, Path):
        return Not(call) if negation else call
    kind, name = field(subject.names)
    if kind in FIELDS.values() and len(subject.names) > 1:
        kind, name = OTHER_FIELD, ".".join(subject.names)
    if call.name == "contains":
        return Condition(kind, name, f"{negation}contains", text)
    quoted = isinstance(wanted, Value) and isinstance(wanted.value, str)
    operator, affix = _affix(text) if quoted else ("ends_with", js.slice_text(text, 1))
    return Condition(kind, name, negation + operator, affix)


def _text(node: Node) -> str | None:
    """What Segment takes as the text of an argument: a word without quotes is one, too."""
    if isinstance(node, Path):
        return ".".join(node.names)
    return js.string(node.value) if isinstance(node, Value) else None


def _affix(glob: str) -> tuple[str, str]:
    """A glob as operator and text: one `*` at an end means the text before or behind it.

    Segment takes a backslash and a bracket in such a text as they stand.
    """
    if glob.endswith("*") and not glob.endswith("\\*") and _GLOB_SIGNS.isdisjoint(glob[:-1]):
        return "starts_with", glob[:-1]
    if not glob or (glob.startswith("*") and _GLOB_SIGNS.isdisjoint(glob[1:])):
        return "ends_with", glob[1:]
    return "matches", glob
