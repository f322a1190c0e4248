"""What an event does wrong against a schema, in words that hold nothing of the event's values (DESIGN I6)."""

import re
from typing import Any, Final

import msgspec

from actionsd.sdk import js

ROOT: Final = "(root)"
_MAX_TEXT: Final = 300  # characters of a description, which may quote a long pattern or list

_WORDS: Final = {
    "additionalItems": "has more items than are declared",
    "additionalProperties": "is not allowed",
    "anyOf": "matches none of the schemas under anyOf",
    "const": "must be {expected_value}",
    "contains": "holds no item of the kind under contains",
    "enum": "must be one of {options}",
    "exclusiveMaximum": "must be less than {limit}",
    "exclusiveMinimum": "must be more than {limit}",
    "falseSchema": "is not allowed",
    "format": "must be in the format {format}",
    "maxItems": "must have at most {limit} items",
    "maxLength": "must have at most {limit} characters",
    "maxProperties": "must have at most {limit} members",
    "maximum": "must be at most {limit}",
    "minItems": "must have at least {limit} items",
    "minLength": "must have at least {limit} characters",
    "minProperties": "must have at least {limit} members",
    "minimum": "must be at least {limit}",
    "multipleOf": "must be a multiple of {multiple_of}",
    "not": "matches the schema under not",
    "oneOf": "does not match exactly one of the schemas under oneOf",
    "pattern": "must match {pattern}",
    "propertyNames": "has a member whose name is not allowed",
    "required": "is required",
    "type": "must be of type {types}",
    "uniqueItems": "must not hold the same item twice",
}


class Violation(msgspec.Struct, frozen=True):
    """One thing wrong. ``path`` leads to it, ``keyword`` is what the schema says there, ``description`` for people."""

    path: tuple[str | int, ...]
    keyword: str
    description: str

    @property
    def field(self) -> str:
        """The path as text, ``(root)`` for the event as a whole."""
        return dotted(self.path) or ROOT

    @property
    def type(self) -> str:
        """The keyword in words, as violation records have it (FEATURES F151): ``Required``, ``Invalid Type``."""
        words = "invalidType" if self.keyword == "type" else self.keyword
        return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", words[:1].upper() + words[1:])

    def as_json(self) -> dict[str, str]:
        """As it is noted in an event's ``context.protocols``."""
        return {"type": self.type, "field": self.field, "description": self.description}


def describe(path: tuple[str | int, ...], keyword: str, facts: dict[str, Any]) -> Violation:
    """The violation of ``keyword`` at ``path``; ``facts`` are what the schema asks for there.

    >>> describe(("properties", "price"), "type", {"types": ["number", "null"]}).description
    'properties.price must be of type number or null'
    """
    words = _WORDS.get(keyword, f"violates {keyword}").format_map(_Shown(facts))
    text = f"{dotted(path) or ROOT} {words}"
    return Violation(path, keyword, text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}…")


def dotted(path: tuple[str | int, ...]) -> str:
    """``properties.items.0.sku``"""
    return ".".join(map(str, path))


class _Shown(dict[str, Any]):
    """Facts as text, for those that the words ask for."""

    def __getitem__(self, name: str) -> str:
        fact = super().__getitem__(name)
        if name == "types":
            return " or ".join(fact)
        return fact if isinstance(fact, str) and name in ("pattern", "format") else str(js.stringify(fact))
