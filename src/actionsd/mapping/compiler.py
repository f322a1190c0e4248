"""From a mapping to the function that maps events: check, write source, compile."""

from collections.abc import Callable
from typing import Any

from actionsd.mapping import codegen, operations
from actionsd.mapping.errors import MappingError, Problem
from actionsd.mapping.validation import check_depth, validate
from actionsd.sdk import js

Mapper = Callable[[Any], Any]

ROOT_DIRECTIVE = "__segment_internal_directive"
"""The reserved key whose directive is run around the whole mapping (FEATURES F116)."""


def compile_mapping(mapping: Any) -> Mapper:
    """A function from an event to the payload that the mapping makes of it, `UNDEFINED` if that is nothing at all.

    The mapping is any JSON value; one that is no object counts as the object that `{...mapping}` gives. The event must
    be an object and is not changed; the payload shares the parts of the event that it passes on.
    Raises `MappingError` with every problem found, as does the function where an event makes a directive fail.
    """
    return _run(_program(mapping))


def source(mapping: Any) -> str:
    """The Python source that `compile_mapping` compiles, with the values that its names stand for as comments."""
    program = _program(mapping)
    constants = [f"# {name} = {value!a}" for name, value in program.namespace.items() if name[1] == "_"]
    return "\n".join([*constants, "", "\n\n\n".join(program.functions), ""])


def apply_batch(mapping: Any, events: Any) -> list[Any]:
    """The payloads of a list of events, in order; `None` where one is undefined. An event may be any JSON value.

    Raises `MappingError` if the mapping is invalid, or for the first event that cannot be mapped.
    """
    if not isinstance(events, list):
        raise MappingError(Problem("/", f"data must be an array, got {js.type_name(events)}"))
    mapper = _run(_program(mapping, any_payload=True))
    return [None if payload is js.UNDEFINED else payload for payload in map(mapper, events)]


def _program(mapping: Any, *, any_payload: bool = False) -> codegen.Program:
    check_depth(mapping)
    rooted = _rooted(mapping)
    validate(rooted)
    program = codegen.Program()
    program.write(rooted, any_payload=any_payload)
    return program


def _run(program: codegen.Program) -> Mapper:
    namespace = codegen.HELPERS | program.namespace
    exec(compile("\n\n".join(program.functions), "<mapping>", "exec"), namespace)
    mapper: Mapper = namespace["mapping"]
    return mapper


def _rooted(mapping: Any) -> dict[str, Any]:
    """The mapping as an object, wrapped in its root directive if it has one."""
    fields = operations.members(mapping)
    if ROOT_DIRECTIVE not in fields:
        return fields
    inner = {key: field for key, field in fields.items() if key != ROOT_DIRECTIVE}
    root = fields[ROOT_DIRECTIVE]
    if isinstance(root, dict) and len(root) > 1:
        raise MappingError(Problem(f"/{ROOT_DIRECTIVE}", "The root mapping must only have a single directive object"))
    name, operand = next(iter(root.items()), ("", None)) if isinstance(root, dict) else ("", None)
    if not isinstance(operand, dict | list):
        raise MappingError(Problem(f"/{ROOT_DIRECTIVE}", "The root directive must be an object"))
    return {name: operand | {"mapping": inner} if isinstance(operand, dict) else operand}
