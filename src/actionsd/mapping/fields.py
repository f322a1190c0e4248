"""The fields of a mapping as a user writes them: keys that nest, reserved keys, and the event paths they use."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from actionsd.mapping import templates
from actionsd.mapping.errors import MappingError, Problem
from actionsd.mapping.validation import check_depth, directive_name, is_directive

SYNC_MODE = "__segment_internal_sync_mode"
MATCHING_KEY = "__segment_internal_matching_key"

_SEGMENT = r'"[^"]*"|[^".\[\]]+'
_NESTING_KEY = re.compile(rf"(?:{_SEGMENT})(?:\[[0-9]+\])*(?:\.(?:{_SEGMENT})(?:\[[0-9]+\])*)*")
_STEP = re.compile(rf"\[([0-9]+)\]|({_SEGMENT})")


class Reserved(NamedTuple):
    """What a mapping says to the engine and not to the action (RULES C8)."""

    sync_mode: str | None = None
    matching_key: str | None = None


def split_reserved(fields: dict[str, Any]) -> tuple[dict[str, Any], Reserved]:
    """The fields without the reserved keys, and the values of these.

    >>> split_reserved({"__segment_internal_sync_mode": "add", "id": 1})
    ({'id': 1}, Reserved(sync_mode='add', matching_key=None))
    """
    plain = {key: field for key, field in fields.items() if key not in (SYNC_MODE, MATCHING_KEY)}
    return plain, Reserved(fields.get(SYNC_MODE), fields.get(MATCHING_KEY))


def expand_keys(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields with dots and indexes in keys made to objects and arrays (FEATURES F119).

    A key or a part of one in double quotes is literal. Objects inside are expanded too, operands of directives are not.
    Raises `MappingError` where two keys contradict each other or an array has gaps.

    >>> expand_keys({"info.name": "n", "info.mail[0].to": "a", '"user.email"': "b"})
    {'info': {'name': 'n', 'mail': [{'to': 'a'}]}, 'user.email': 'b'}
    """
    check_depth(fields)
    expanded: dict[str, Any] = _grown(_branched(fields, ""), "")
    return expanded


class _Branch(dict[str | int, Any]):
    """The members of a raw object or array while keys add to them."""


def _branched(value: Any, path: str) -> Any:
    if isinstance(value, list):
        return [_branched(item, f"{path}/{index}") for index, item in enumerate(value)]
    if not isinstance(value, dict) or is_directive(value):
        return value
    branch = _Branch()
    for key, member in value.items():
        _plant(branch, _steps(key), _branched(member, f"{path}/{key}"), f"{path}/{key}")
    return branch


def _steps(key: str) -> list[str | int]:
    """What a key leads through: names and indexes. A key that is not well formed is literal.

    >>> _steps('info[0].email'), _steps('a."b.c"'), _steps("a..b")
    (['info', 0, 'email'], ['a', 'b.c'], ['a..b'])
    """
    if not _NESTING_KEY.fullmatch(key):
        return [key]
    return [int(index) if index else name.strip('"') for index, name in _STEP.findall(key)]


def _plant(branch: _Branch, steps: list[str | int], value: Any, path: str) -> None:
    for step in steps[:-1]:
        branch = branch.setdefault(step, _Branch())
        if not isinstance(branch, _Branch):
            raise _conflict(path, "another key gives it a value")
    present = branch.setdefault(steps[-1], value)
    if isinstance(present, _Branch) and isinstance(value, _Branch) and present is not value:
        for key, member in value.items():
            _plant(present, [key], member, f"{path}/{key}")
    elif present is not value:
        raise _conflict(path, "two keys give it a value")


def _grown(value: Any, path: str) -> Any:
    """The value with each branch made an object, or an array if it has indexes."""
    if isinstance(value, list):
        return [_grown(item, f"{path}/{index}") for index, item in enumerate(value)]
    if not isinstance(value, _Branch):
        return value
    members = {key: _grown(member, f"{path}/{key}") for key, member in value.items()}
    indexes = sorted(key for key in members if isinstance(key, int))
    if not indexes:
        return members
    if len(indexes) != len(members):
        raise _conflict(path, "it has both indexes and names")
    if indexes != list(range(len(indexes))):
        raise _conflict(path, f"its indexes should run from 0 without a gap, but they are {indexes}")
    return [members[index] for index in indexes]


def _conflict(path: str, reason: str) -> MappingError:
    return MappingError(Problem(path or "/", f"{path or '/'} can't be built from its keys: {reason}."))


def field_paths(mapping: Any) -> list[str]:
    """The event paths that a mapping reads, as they are written in it, in order.

    >>> field_paths({"a": {"@path": "$.traits.email"}, "b": {"@template": "{{name}}-{{ id }}"}})
    ['$.traits.email', 'name', 'id']
    """
    check_depth(mapping)
    return list(_paths(mapping))


def _paths(value: Any) -> Iterator[str]:
    if is_directive(value):
        name = directive_name(value)
        yield from _operand_paths(name, value[name])
    else:
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from _paths(inner)


def _operand_paths(name: str, operand: Any) -> Iterator[str]:
    if name == "@arrayPath" and isinstance(operand, list) and operand and isinstance(operand[0], str):
        yield operand[0]
        yield from _paths(operand[1:])
    elif name == "@if" and isinstance(operand, dict):
        for part in ("blank", "exists", "then", "else"):
            yield from _paths(operand.get(part))
    elif not isinstance(operand, str):
        yield from _paths(operand)
    elif name == "@path":
        yield operand
    elif name == "@template":
        yield from templates.placeholders(operand)
    elif name == "@liquid":
        yield from _liquid_paths(operand)


def _liquid_paths(template: str) -> list[str]:
    from actionsd.mapping.liquids.variables import variables  # imports the Liquid library, which few mappings need

    return variables(template)
