"""How Liquid sees a value: what it prints, whether it holds, how two compare, and what a path step reads.

Values are those of `actionsd.sdk.js`, and three words of the language: `nil`, `empty` and `blank`.
"""

from enum import Enum
from typing import Any

from actionsd.sdk import js
from actionsd.sdk.js import UNDEFINED


class Word(Enum):
    """A word that compares in a way of its own."""

    NIL = "nil"
    EMPTY = "empty"
    BLANK = "blank"


def plain(value: Any) -> Any:
    """The value itself, where it is a word: `nil` is null, `empty` and `blank` are the empty text."""
    if isinstance(value, Word):
        return None if value is Word.NIL else ""
    return value


def text(value: Any) -> str:
    """What `{{ value }}` prints: nothing for null, the items of an array one after the other (NOTES trap 29)."""
    value = plain(value)
    if value is None or value is UNDEFINED:
        return ""
    if isinstance(value, list):
        return js.join_surrogates("".join(map(text, value)))
    return js.string(value)


def holds(value: Any) -> bool:
    """Whether a condition holds: all but `false` and null, so also `0` and `""` (NOTES trap 30)."""
    value = plain(value)
    return value is not False and value is not None and value is not UNDEFINED


def equal(left: Any, right: Any) -> bool:
    """`left == right`: without conversion; arrays item by item; the words by what they mean."""
    if isinstance(left, Word):
        return _means(left, right)
    if isinstance(right, Word):
        return _means(right, left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    return js.strict_equals(left, right)


def _means(word: Word, value: Any) -> bool:
    bare = plain(value)
    if word is Word.NIL:
        return bare is None or bare is UNDEFINED
    if word is Word.BLANK and (bare is False or bare is None or bare is UNDEFINED):
        return True
    if word is Word.BLANK and isinstance(value, str):
        return not js.trim(value)
    return not isinstance(value, Word) and isinstance(bare, str | list | dict) and not bare


def below(left: Any, right: Any) -> bool:
    """`left < right`; never for a word."""
    return not isinstance(left, Word) and not isinstance(right, Word) and js.less_than(left, right)


def at_most(left: Any, right: Any) -> bool:
    """`left <= right`; never for a word."""
    return not isinstance(left, Word) and not isinstance(right, Word) and js.at_most(left, right)


def contains(whole: Any, part: Any) -> bool:
    """`whole contains part`: an item of an array, a piece of a string."""
    whole = plain(whole)
    if isinstance(whole, list):
        return any(equal(item, part) for item in whole)
    return isinstance(whole, str) and js.string(plain(part)) in whole


def step(value: Any, key: Any) -> Any:
    """`value[key]`, where `size`, `first` and `last` mean something on their own, and negative indexes count back."""
    value, key = plain(value), plain(key)
    if value is None or value is UNDEFINED:
        return value
    if isinstance(value, list) and isinstance(key, int | float) and not isinstance(key, bool):
        return js.member(value, js.string(len(value) + key if key < 0 else key))
    name = js.string(key)
    found = js.member(value, name)
    if found is not UNDEFINED:
        return found
    if name == "size":
        return size(value)
    if name in ("first", "last") and isinstance(value, list) and value:
        return value[0 if name == "first" else -1]
    return UNDEFINED


def size(value: Any) -> Any:
    """`value.size`: UTF-16 units, items or members."""
    if isinstance(value, str):
        return js.length(value)
    return len(value) if isinstance(value, list | dict) else UNDEFINED


def walk(value: Any, path: str) -> Any:
    """The value at a dotted path."""
    for key in path.split("."):
        value = step(value, key)
    return value


def items(value: Any) -> list[Any]:
    """The value as an array: nothing for null, one item for anything that is no array."""
    value = plain(value)
    if value is None or value is UNDEFINED:
        return []
    return value if isinstance(value, list) else [value]
