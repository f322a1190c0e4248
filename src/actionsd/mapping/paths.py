"""Paths into an event: `$.context.page.url`, `products[0].id`, `traits['first name']`.

A path is split into keys once; reading follows JavaScript's `value && value[key]`, key by key: a value that is not
there gives `UNDEFINED`, and a `null`, `false`, `0` or `""` on the way is itself the result (FEATURES F102).
"""

import re
from functools import lru_cache
from typing import Any

from actionsd.sdk import js
from actionsd.sdk.js import UNDEFINED

Keys = tuple[str, ...]

# A bracket opens a key only before a quote or a digit and closes one only after: `[txt] non` is one literal key.
_SEPARATOR = re.compile(r"""\[(?=["'0-9])|\.|(?<=["'0-9])\]+""")
_QUOTES = str.maketrans("", "", "'\"")


@lru_cache(maxsize=4096)
def parse(path: str) -> Keys:
    """The keys of a path; none for `""` and `.`, which mean the whole event. The first `$.` is left out.

    >>> parse("$.products[0]['unit price']"), parse("[txt] non"), parse("$.")
    (('products', '0', 'unit price'), ('[txt] non',), ())
    """
    return split(path.replace("$.", "", 1))


@lru_cache(maxsize=4096)
def split(path: str) -> Keys:
    """As `parse`, but `$.` is not special, as inside a template's braces.

    >>> split("$.a")
    ('$', 'a')
    """
    return tuple(part.translate(_QUOTES) for part in _SEPARATOR.split(path) if part)


def get(value: Any, path: str | list[str] | js.Undefined | None) -> Any:
    """The value at `path` (its text, or a list of keys) or `UNDEFINED`; no path leads nowhere.

    >>> get({"a": [{"b": 1}]}, "a[0].b"), get({"a": None}, "a.b.c"), get({}, "a")
    (1, None, UNDEFINED)
    """
    if path is None or path is UNDEFINED:
        return UNDEFINED
    return walk(value, split(path) if isinstance(path, str) else path)


def walk(value: Any, keys: Keys | list[str]) -> Any:
    """The value that the keys lead to, or `UNDEFINED`."""
    for key in keys:
        value = value.get(key, UNDEFINED) if value.__class__ is dict else Members(value).get(key)
    return value


class Members:
    """Reads a value that is not an object as if it were one, so that compiled code has one way to read."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def get(self, key: str, default: Any = UNDEFINED) -> Any:
        """`value && value[key]`, or `default` where that is undefined."""
        if not js.truthy(self._value):
            return default if self._value is UNDEFINED else self._value
        member = js.member(self._value, key)
        return default if member is UNDEFINED else member
