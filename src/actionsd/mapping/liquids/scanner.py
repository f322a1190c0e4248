"""Reads the characters of a template, from one index to another."""

import json
import re

from actionsd.mapping.liquids.failure import LiquidFailure
from actionsd.sdk import js

_BLANK = re.compile(f"[{js.WHITESPACE.replace(chr(0xFEFF), '')}\u180e]*")
_WORD = re.compile(r"(?:[A-Za-z0-9_?\-]|[^\x00-\x7f\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000“”])*")
_QUOTED = re.compile(r"""(["'])(?:\\.|(?!\1)[^\\])*(?:\1|\\?\Z)""", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{0,4})|([0-7]{1,3})|(.?))", re.DOTALL)
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class Scanner:
    """A place in a part of a template."""

    def __init__(self, source: str, start: int = 0, end: int | None = None) -> None:
        self.source = source
        self.place = start
        self.end = len(source) if end is None else end

    @property
    def done(self) -> bool:
        return self.place >= self.end

    def peek(self, ahead: int = 0) -> str:
        """The character `ahead` of the place, empty at the end."""
        at = self.place + ahead
        return self.source[at] if at < self.end else ""

    def take(self) -> str:
        """The next character, which is passed."""
        character = self.peek()
        self.place += 1
        return character

    def match(self, pattern: re.Pattern[str]) -> str:
        """What the pattern matches here, which is passed; empty if nothing."""
        found = pattern.match(self.source, self.place, self.end)
        if found is None:
            return ""
        self.place = found.end()
        return found[0]

    def skip_blank(self) -> None:
        self.match(_BLANK)

    def word(self) -> str:
        """A name, after blanks; empty if there is none."""
        self.skip_blank()
        return self.match(_WORD)

    def quoted(self) -> str | None:
        """The content of a string literal, or None if none begins here."""
        literal = self.match(_QUOTED)
        return js.join_surrogates(_ESCAPE.sub(_unescape, literal[1:-1])) if literal else None

    def at_word_boundary(self) -> bool:
        """Whether no name goes on here."""
        return not _WORD.match(self.source, self.place, self.end)[0]  # type: ignore[index]  # it matches always

    def pass_over(self, text: str) -> bool:
        """Goes behind the next occurrence of `text` in this part, or to its end if there is none."""
        found = self.source.find(text, self.place, self.end)
        self.place = self.end if found < 0 else found + len(text)
        return found >= 0

    def snapshot(self, start: int | None = None) -> str:
        """The text from here as an error quotes it."""
        rest = self.source[self.place if start is None else start : self.end]
        return json.dumps(rest if len(rest) <= 32 else rest[:29] + "...", ensure_ascii=False)

    def failure(self, message: str, where: int | None = None) -> LiquidFailure:
        return LiquidFailure(message, self.source, self.place if where is None else where)


def _unescape(escape: re.Match[str]) -> str:
    if escape[1] is not None:
        return chr(int(escape[1] or "0", 16))
    return chr(int(escape[2], 8)) if escape[2] else _ESCAPED.get(escape[3], escape[3])
