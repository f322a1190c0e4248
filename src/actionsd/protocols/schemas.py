"""JSON Schema, draft-07, compiled once (FEATURES F149).

Patterns run on a linear-time engine, so none can hang the daemon; it has no look-ahead, as Segment's has none. A
``$ref`` leads only into its own schema: nothing is ever fetched.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from actionsd.protocols.errors import ProtocolsError
from actionsd.protocols.violations import Violation, describe, dotted

if TYPE_CHECKING:
    import jsonschema_rs

MAX_VIOLATIONS: Final = 100
"""Told of one event and one schema."""

Judge = Callable[[Any], tuple[Violation, ...]]


def compile_schema(schema: Any) -> Judge:
    """The violations of an event, in the order of the schema; ``ProtocolsError`` for what is no draft-07 schema."""
    validator = _validator(schema)

    def judge(event: Any) -> tuple[Violation, ...]:
        try:
            if validator.is_valid(event):
                return ()
            return tuple(islice(_violations(validator, event), MAX_VIOLATIONS))
        except UnicodeEncodeError:
            return judge(_without_surrogates(event))

    return judge


def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """Whether a text matches somewhere, as ``pattern`` and ``patternProperties`` mean it."""
    return _validator({"pattern": pattern}).is_valid


def _validator(schema: Any) -> "jsonschema_rs.Draft7Validator":
    import jsonschema_rs  # 25 ms, which only who has a tracking plan pays

    if not isinstance(schema, dict):
        raise ProtocolsError(f"expected a JSON schema, an object, found {type(schema).__name__}")
    try:
        return jsonschema_rs.Draft7Validator(
            schema, validate_formats=True, offline=True, pattern_options=jsonschema_rs.RegexOptions()
        )
    except jsonschema_rs.ValidationError as error:
        place = dotted(tuple(error.instance_path)) or "the schema"
        raise ProtocolsError(f"expected a JSON schema of draft-07; {place}: {error.message}") from None


def _violations(validator: "jsonschema_rs.Draft7Validator", event: Any) -> Iterator[Violation]:
    for error in validator.iter_errors(event):
        path, facts = tuple(error.instance_path), error.kind.as_dict()
        match error.kind.name:
            case "required":
                if facts["property"] not in _at(event, path):  # said of one that is there and not allowed, too
                    yield describe((*path, facts["property"]), "required", {})
            case "additionalProperties":
                yield from _unexpected(path, facts["unexpected"])
            case "falseSchema" if error.schema_path[-1:] == ["additionalProperties"]:
                yield from _unexpected(path, _at(event, path))  # no member is declared, so that all are unexpected
            case keyword:
                yield describe(path, keyword, facts)


def _unexpected(path: tuple[str | int, ...], names: Iterable[str]) -> Iterator[Violation]:
    return (describe((*path, name), "additionalProperties", {}) for name in names)


def _at(event: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        event = event[key]
    return event


def _without_surrogates(event: Any) -> Any:
    """Halves of a pair, which JSON may hold and UTF-8 may not, become U+FFFD."""
    text = json.dumps(event, ensure_ascii=False)
    return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
