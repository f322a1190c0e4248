"""The questions of :mod:`actionsd.sdk.scan` without a compiler: by searches that CPython does fast."""

import codecs
import math
import re
from typing import Any

import msgspec

from actionsd.sdk.arrayindex import array_index

_PIECE = 16 * 1024  # bytes decoded at once

_text = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_fold_brackets = bytes.maketrans(b"{}", b"[]")
_all_but_brackets = bytes(set(range(256)) - set(b"[]{}"))

# Numbers and keys in msgspec's output that JavaScript writes otherwise: whole floats, exponents, integers beyond 2^53,
# array indexes. A text that looks like one only costs time. A pattern that begins with one certain byte is searched
# three times faster than one that begins with any of four.
_NUMBER = rb"-?(?:9\d{15}|\d{17}|\d+(?:\.0[],}]|(?:\.\d+)?e))"
_odd_member, _odd_item, _odd_first_item = [
    re.compile(pattern).search for pattern in (b":" + _NUMBER, b"," + _NUMBER, rb"\[" + _NUMBER)
]
_later_index = re.compile(rb',"\d+":').search  # one that comes first in its object is in its place
# The same three times faster, but for texts that it takes for numbers: with all digits made 0, and all that can end a
# value a comma, what is left to look for are fixed bytes.
_ALIKE = bytes(ord("0") if byte in b"-0123456789" else ord(",") if byte in b"]}" else byte for byte in range(256))
_LONG, _LONGER = b"0" * 16 + b",", b"0" * 17 + b","
_is_beyond = re.compile(rb"9\d{15}[],}]").search  # most numbers of 16 digits are microseconds, less than that
_may_be_whole, _may_have_exponent = [re.compile(pattern).search for pattern in (rb"\.0[],}]", b"e00(?<=0e00)0{0,2},")]


def is_utf8(text: bytes, /) -> bool:
    """See :mod:`actionsd.sdk.scan`. In pieces: the text of a whole batch, which nobody needs, would take fresh memory
    and twice the time."""
    if text.isascii():
        return True
    view, start = memoryview(text), 0
    try:
        while start < len(text):
            _, taken = codecs.utf_8_decode(view[start : start + _PIECE], "strict", start + _PIECE >= len(text))
            start += taken
    except UnicodeDecodeError:
        return False
    return True


def is_deeper(text: bytes, levels: int, /) -> bool:
    """See :mod:`actionsd.sdk.scan`. Counting the opening brackets settles all but odd cases; by the length of what is
    left without them, as that takes a third of ``count``'s time."""
    if 2 * len(text) - len(text.replace(b"{", b"")) - len(text.replace(b"[", b"")) <= levels:
        return False
    brackets = _text.sub(b"", text).translate(_fold_brackets, _all_but_brackets)
    for _ in range(levels):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def is_plain(text: bytes, /) -> bool:
    """See :mod:`actionsd.sdk.scan`. Where a text looks like a number, a plain one may be said not to be."""
    alike = text.translate(_ALIKE)
    return not _has_odd_numbers(text, alike) and (
        alike.rfind(b'0":') < 0 or not _later_index(text) or _is_ordered(msgspec.json.decode(text))
    )


def _has_odd_numbers(text: bytes, alike: bytes) -> bool:
    find = alike.rfind  # looks for the first byte of what it is to find, `find` for the last, of which there are more
    is_long = find(_LONG) >= 0 and (find(_LONGER) >= 0 or _is_beyond(text))
    if not (is_long or _may_be_whole(text) or _may_have_exponent(alike)):  # as nearly always
        return False
    return bool(_odd_member(text) or _odd_item(text) or _odd_first_item(text))


def _is_ordered(value: Any) -> bool:
    if isinstance(value, dict):
        places = [*map(_place, value)] if value and min(value) < ":" else []  # else none begins with a digit
        if places != sorted(places):
            return False
        value = value.values()
    elif not isinstance(value, list):
        return True
    return all(map(_is_ordered, value))


def _place(key: str) -> float:
    """Of a member in its object: array indexes come first, ascending."""
    index = array_index(key)
    return math.inf if index is None else index
