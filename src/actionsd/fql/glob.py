"""Globs of FQL's `match`: `*`, `?`, `[abc]`, `[a-z]`, `[^a]` and `\\\\x`; the whole text must match, in its case.

A glob is cut at its stars into pieces of fixed length, and each piece is taken where it occurs first, so no glob
makes the matcher try again: the time is at most the text's length times the longest piece's with a `?` or a class,
and those are limited. A malformed glob matches nothing (so do Segment's engines).

    >>> order = compile_glob("Order *[0-9]")
    >>> order("Order number 7"), order("order number 7"), compile_glob("[")("[")
    (True, False, False)
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

MAX_PIECE: Final = 256
"""Characters between two stars where a `?` or a class is among them; a glob with more is malformed. It may come from
an event, and must not hold up the others."""


@lru_cache(maxsize=512)
def compile_glob(glob: str) -> Callable[[str], bool]:
    """The test whether a text matches `glob`."""
    try:
        pieces = list(_pieces(glob))
    except _Malformed:
        return lambda text: False
    head, *rest = pieces
    if not rest:
        return lambda text: head.matches(text, 0) and len(text) == head.length
    *middle, tail = rest

    def matches(text: str) -> bool:
        last = len(text) - tail.length
        if last < head.length or not (head.matches(text, 0) and tail.matches(text, last)):
            return False
        position = head.length
        for piece in middle:
            position = piece.end_of_first(text, position)
            if not 0 <= position <= last:
                return False
        return True

    return matches


class _Malformed(Exception):
    """The glob breaks off, has an empty or open class, or too long a piece."""


class _Piece:
    """A part of a glob without stars."""

    def __init__(self, characters: list[str], literal: str | None) -> None:
        self.length = len(characters)
        if literal is None and self.length > MAX_PIECE:
            raise _Malformed
        self.literal = literal
        self.pattern = re.compile("".join(characters), re.DOTALL)

    def matches(self, text: str, position: int) -> bool:
        if self.literal is not None:
            return text.startswith(self.literal, position)
        return self.pattern.match(text, position) is not None

    def end_of_first(self, text: str, position: int) -> int:
        """Where the first occurrence at or after `position` ends, -1 where there is none."""
        if self.literal is not None:
            found = text.find(self.literal, position)
            return found + self.length if found >= 0 else -1
        match = self.pattern.search(text, position)
        return match.end() if match else -1


def _pieces(glob: str) -> Iterator[_Piece]:
    """What stands before, between and after the stars."""
    characters: list[str] = []
    literal: str | None = ""
    reader = _Reader(glob)
    while (char := reader.next()) is not None:
        if char == "*":
            yield _Piece(characters, literal)
            characters, literal = [], ""
        elif char in "?[":
            characters.append("." if char == "?" else reader.one_of())
            literal = None
        else:
            char = reader.escaped() if char == "\\" else char
            characters.append(re.escape(char))
            literal = literal + char if literal is not None else None
    yield _Piece(characters, literal)


class _Reader:
    def __init__(self, glob: str) -> None:
        self.glob = glob
        self.position = 0

    def next(self) -> str | None:
        self.position += 1
        return self.glob[self.position - 1] if self.position <= len(self.glob) else None

    def escaped(self) -> str:
        char = self.next()
        if char is None:
            raise _Malformed
        return char

    def accept(self, char: str) -> bool:
        found = self.glob.startswith(char, self.position)
        self.position += found
        return found

    def one_of(self) -> str:
        """The rest of a class, as a regular expression for one character."""
        negated = self.accept("^")
        ranges = ""
        first = True
        while first or not self.accept("]"):
            low = self.member()
            high = self.member() if self.accept("-") else low
            if low <= high:
                ranges += f"{re.escape(low)}-{re.escape(high)}"
            first = False
        if not ranges:
            return "." if negated else "(?!)."
        return f"[{'^' if negated else ''}{ranges}]"

    def member(self) -> str:
        char = self.escaped()
        if char in "-]":
            raise _Malformed
        return self.escaped() if char == "\\" else char
