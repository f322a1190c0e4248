"""From a mapping to the function that maps events: check, write source, compile."""

from collections.abc import Callable
from typing import Any

from actionsd.mapping import codegen
from actionsd.mapping.errors import MappingError, Problem
from actionsd.mapping.program import HELPERS, Program
from actionsd.mapping.validation import check_depth, checked
from actionsd.sdk import js

Mapper = Callable[[Any], Any]


def compile_mapping(mapping: Any) -> Mapper:
    """A function from an event to the payload that the mapping makes of it, `UNDEFINED` if that is nothing at all.

    The mapping is any JSON value; one that is no object counts as the object that `{...mapping}` gives. The event must
    be an object, or `UNDEFINED` for an absent one (RULES C12). It is not changed, and the payload shares the parts of
    it that are passed on. Raises `MappingError` with every problem found; the function raises it too, where an event
    makes a directive fail.
    """
    return _run(_program(mapping))


def source(mapping: Any) -> str:
    """The Python source that `compile_mapping` compiles, with the values that its names stand for as comments."""
    program = _program(mapping)
    constants = [f"# {name} = {value!a}" for name, value in program.namespace.items()]
    return "\n".join([*constants, "", "\n\n\n".join(program.functions), ""])


def apply_batch(mapping: Any, events: Any) -> list[Any]:
    """The payloads of a list of events, in order; `None` where one is undefined. An event may be any JSON value.

    Raises `MappingError` if the mapping is invalid, or for the first event that cannot be mapped.
    """
    if events is js.UNDEFINED:
        events = []
    if not isinstance(events, list):
        raise MappingError(Problem("/", f"data must be an array, got {js.type_name(events)}"))
    mapper = _run(_program(mapping, any_payload=True))
    return [None if payload is js.UNDEFINED else payload for payload in map(mapper, events)]


def _program(mapping: Any, *, any_payload: bool = False) -> Program:
    check_depth(mapping)
    return codegen.write(checked(mapping), any_payload=any_payload)


def _run(program: Program) -> Mapper:
    namespace = HELPERS | program.namespace
    exec(compile("\n\n".join(program.functions), "<mapping>", "exec"), namespace)
    mapper: Mapper = namespace["mapping"]
    return mapper
