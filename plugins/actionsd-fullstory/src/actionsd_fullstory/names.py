"""Names of properties as Fullstory takes them: letters, digits and underscores; in its V1 APIs with a type suffix."""

import re
import unicodedata
from functools import lru_cache
from typing import Any

from actionsd.sdk import js

_DEEPEST = 5
_LETTERS = str.maketrans({
    "ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ł": "l", "Ł": "L",
    "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i",
})  # fmt: skip
_BREAK = r"\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\xbf\xd7\xf7\u2000-\u206f\s"
_OTHER = rf"[^{_BREAK}0-9a-zA-Z]"
_WORD = re.compile(
    rf"[A-Z]?[a-z]+(?=[{_BREAK}A-Z]|$)"
    rf"|(?:[A-Z]|{_OTHER})+(?=[{_BREAK}]|[A-Z](?:[a-z]|{_OTHER})|$)"
    rf"|[A-Z]?(?:[a-z]|{_OTHER})+"
    r"|[A-Z]+"
    r"|[0-9]*(?:1ST|2ND|3RD|(?![123])[0-9]TH)(?=\b|[a-z_])"
    r"|[0-9]*(?:1st|2nd|3rd|(?![123])[0-9]th)(?=\b|[A-Z_])"
    r"|[0-9]+"
)
"""A word where letter case, digits and punctuation end it: "userID2Name" has user, ID, 2 and Name."""

_NOT_IN_NAMES = re.compile("[^A-Za-z0-9_]")
_KINDS: dict[type, str] = {str: "str", bool: "bool", int: "real", float: "real", dict: "obj", list: "obj"}
_SUFFIXES = {"str", "bool", "real", "int", "date", "strs", "bools", "reals", "ints", "dates", "objs", "obj"}


def camel_case(text: str) -> str:
    """The words of a text as one.

    >>> camel_case("First name"), camel_case("user_ID-2"), camel_case("Größe")
    ('firstName', 'userId2', 'grosse')
    """
    plain = "".join(
        letter for letter in unicodedata.normalize("NFD", text.translate(_LETTERS)) if not unicodedata.combining(letter)
    )
    words = _WORD.findall(re.sub("['\u2019]", "", plain))
    return "".join(word.lower() if index == 0 else word.capitalize() for index, word in enumerate(words))


def normalized(properties: Any, *, typed: bool = False, camel: bool = False, depth: int = 1) -> dict[str, Any]:
    """The properties under names that Fullstory takes, five levels deep.

    Args:
        properties: an object; an array with items of different types counts as one, by index.
        typed: add the suffix of the value's type to names that have none.
        camel: and make the words of each name one.
        depth: level of these properties.

    >>> normalized({"Order total": 5, "tags": ["a"], "when_date": "x"}, typed=True)
    {'Ordertotal_real': 5, 'tags_strs': ['a'], 'when_date': 'x'}
    """
    found: dict[str, Any] = {}
    for name, value in js.spread(properties).items():
        kind = _kind(value) if type(value) is list else _KINDS.get(type(value))
        if kind == "obj" and depth < _DEEPEST:
            value = normalized(value, typed=typed, camel=camel, depth=depth + 1)
        found[_typed_name(name, kind, camel) if typed else _plain_name(name)] = value
    return found


@lru_cache(maxsize=4096)
def _plain_name(name: str) -> str:
    return _NOT_IN_NAMES.sub("", name)


@lru_cache(maxsize=4096)
def _typed_name(name: str, kind: str | None, camel: bool) -> str:
    stem, underscore, suffix = name.rpartition("_")
    if not underscore or suffix not in _SUFFIXES:
        stem, suffix = name, ""
    stem = _NOT_IN_NAMES.sub("", camel_case(stem) if camel else stem)
    if suffix:
        return f"{stem}_{suffix}"
    if kind in (None, "obj") or ("_" in stem and stem.rpartition("_")[2] in _SUFFIXES):
        return stem
    return f"{stem}_{kind}"


def _kind(items: list[Any]) -> str:
    """The suffix of an array's type: that of all its items, or of an object."""
    kinds = {_KINDS.get(type) for type in set(map(type, items))} or {"str"}
    kind = kinds.pop()
    return "obj" if kinds or kind is None else f"{kind}s"
