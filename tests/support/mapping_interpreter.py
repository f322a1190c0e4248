"""The mapping language as directly as it can be said: one function that walks a mapping, slowly.

Only the tests use it, to compare what compiled mappings give. It keeps undefined members and items as they come, and
takes them out at the very end. `@liquid` and what fails at run time are left to other tests.
"""

from typing import Any

from actionsd.sdk import js
from actionsd.sdk.js import UNDEFINED


class NotAnObject(Exception):
    """`@transform` met a payload that is no object."""


def interpret(mapping: Any, event: Any) -> Any:
    """What the mapping makes of the event. Raises `NotAnObject`."""
    return _without_gaps(_resolve(mapping, event))


def _resolve(node: Any, payload: Any) -> Any:
    if isinstance(node, list):
        return [_resolve(item, payload) for item in node]
    if not isinstance(node, dict):
        return node
    names = [key for key in node if key != "_metadata"]
    if names and all(key.startswith("@") for key in names):
        return DIRECTIVES[names[0]](node[names[0]], payload)
    return {key: _resolve(node[key], payload) for key in js.ordered(node)}


def _without_gaps(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_gaps(member) for key, member in value.items() if member is not UNDEFINED}
    if isinstance(value, list):
        return [None if item is UNDEFINED else _without_gaps(item) for item in value]
    return value


def _read(payload: Any, path: str) -> Any:
    """Paths of the tests are plain: names and indexes with dots between."""
    value = payload
    for key in path.removeprefix("$.").split(".") if path not in ("", "$.") else ():
        value = js.member(value, key) if js.truthy(value) else value
    return value


def _path(operand: Any, payload: Any) -> Any:
    return _read(payload, operand)


def _template(operand: Any, payload: Any) -> Any:
    text = ""
    rest = operand
    while "{{" in rest:
        before, rest = rest.split("{{", 1)
        name, rest = rest.split("}}", 1)
        value = _read(payload, name)
        text += before + ("" if value is None or value is UNDEFINED else js.string(value))
    return js.join_surrogates(text + rest)


def _if(operand: Any, payload: Any) -> Any:
    if "exists" in operand:
        met = _resolve(operand["exists"], payload) not in (None, UNDEFINED)
    else:
        value = _resolve(operand["blank"], payload)
        met = value is not None and value is not UNDEFINED and not js.equals_empty(value)
    if met:
        return _resolve(operand["then"], payload) if "then" in operand else UNDEFINED
    return _resolve(operand["else"], payload) if js.truthy(operand.get("else")) else UNDEFINED


def _case(operand: Any, payload: Any) -> Any:
    value = _resolve(operand["value"], payload)
    change = js.lower if operand["operator"] == "lower" else js.upper
    return change(value) if isinstance(value, str) else value


def _replace(operand: Any, payload: Any) -> Any:
    value = _resolve(operand["value"], payload)
    if isinstance(value, bool | int | float):
        value = js.string(value)
    if not isinstance(value, str):
        return ""
    return js.replace(value, operand["pattern"], operand["replacement"], ignore_case=operand["ignorecase"])


def _array_path(operand: Any, payload: Any) -> Any:
    path, shape = operand
    root = _read(payload, path) if isinstance(path, str) else _resolve(path, payload)
    if not isinstance(root, dict | list):
        return root
    return [_resolve(shape, item) for item in (root if isinstance(root, list) else [root])]


def _merge(operand: Any, payload: Any) -> Any:
    merged: dict[str, Any] = {}
    objects = [_resolve(item, payload) for item in operand["objects"]]
    for value in reversed(objects) if operand["direction"] == "left" else objects:
        if isinstance(value, dict):
            merged |= js.ordered(value)
        elif isinstance(value, str | list):
            units = js.split_surrogates(value) if isinstance(value, str) else value
            merged |= {str(index): item for index, item in enumerate(units)}
    return dict(js.ordered(merged))


def _transform(operand: Any, payload: Any) -> Any:
    if not isinstance(payload, dict) and payload is not UNDEFINED:
        raise NotAnObject
    return _resolve(operand["mapping"], _without_members(_resolve(operand["apply"], payload)))


def _without_members(value: Any) -> Any:
    """What `@transform` applies its mapping to: undefined members are dropped, undefined items stay."""
    if isinstance(value, dict):
        return {key: _without_members(member) for key, member in value.items() if member is not UNDEFINED}
    return [_without_members(item) for item in value] if isinstance(value, list) else value


def _flatten(operand: Any, payload: Any) -> Any:
    flat: dict[str, Any] = {}

    def visit(value: Any, prefix: str) -> None:
        if not isinstance(value, dict | list):
            flat[prefix] = value
            return
        members = js.ordered(value) if isinstance(value, dict) else {str(i): item for i, item in enumerate(value)}
        for key, member in members.items():
            visit(member, prefix + operand["separator"] + key if prefix else key)

    visit(_resolve(operand["value"], payload), "")
    return dict(js.ordered(flat))


def _json(operand: Any, payload: Any) -> Any:
    value = _resolve(operand["value"], payload)
    if operand["mode"] == "encode":
        return js.stringify(value)
    try:
        return js.parse(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _exclude_when_null(operand: Any, payload: Any) -> Any:
    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: clean(member) for key, member in value.items()}
        return UNDEFINED if value is None else value

    return clean(_resolve(operand, payload))


DIRECTIVES = {
    "@path": _path,
    "@template": _template,
    "@if": _if,
    "@case": _case,
    "@replace": _replace,
    "@arrayPath": _array_path,
    "@merge": _merge,
    "@transform": _transform,
    "@flatten": _flatten,
    "@json": _json,
    "@literal": _resolve,
    "@excludeWhenNull": _exclude_when_null,
}
