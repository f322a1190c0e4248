"""FQL text to tokens, where Segment's lexer draws its lines.

What counts as one token decides what a stored trigger means, so the borders are Segment's, also the surprising ones:
a string ends only where a blank, a comma or a closing bracket follows its quote; `!=`, `<=` and `>=` need a blank
(or the like) after them; a word may hold any character behind a backslash, and nothing but `[A-Za-z0-9_-]` without.

    >>> [(token.kind.value, token.text) for token in lex(r'properties.product\\ 1.price >= 4')]
    [('path', 'properties.product 1.price'), ('operator', '>='), ('number', '4'), ('end', 'eos')]
"""

import re
from collections.abc import Iterator
from enum import Enum
from typing import Final, NamedTuple

from actionsd.fql.errors import FQLError
from actionsd.sdk import js

MAX_TEXT: Final = 100_000
"""Characters of one FQL text; Segment's lexer refuses longer strings and words."""


class Kind(Enum):
    """What a token is; the values are the words used in error messages."""

    PATH = "path"
    STRING = "string"
    NUMBER = "number"
    NULL = "null"
    OPERATOR = "operator"
    CONNECTIVE = "connective"
    DOT = "."
    COMMA = ","
    OPEN = "("
    CLOSE = ")"
    OPEN_LIST = "["
    CLOSE_LIST = "]"
    END = "end"


class Token(NamedTuple):
    """`text` is the spelling without escapes (a string keeps its quotes); `names` are the keys of a path."""

    kind: Kind
    text: str
    position: int
    end: int
    names: tuple[str, ...] = ()


_BLANKS: Final = " \t\n"
_ENDS_TOKEN = r"(?=[ \t\n,\])]|\Z)"
_SIGNS: Final = {".": Kind.DOT, ",": Kind.COMMA, "(": Kind.OPEN, ")": Kind.CLOSE, "[": Kind.OPEN_LIST,
                 "]": Kind.CLOSE_LIST}  # fmt: skip
_NOT = re.compile(r"!(?=[A-Za-z(])")
_OPERATOR = re.compile(rf"!={_ENDS_TOKEN}|[<>]={_ENDS_TOKEN}|[=<>]")
_KEYWORD = re.compile(rf"(?:and|or|null){_ENDS_TOKEN}")
_CUT_WORD = re.compile(r"(?:a[^ \t\n,\])]|n[^ \t\n,\])]{1,2})\Z")
_WORD = re.compile(r"(?:[A-Za-z_]|\\.)(?:[A-Za-z0-9_-]|\\.)*", re.DOTALL)
_NAME = re.compile(r"(?:[A-Za-z0-9_-]|\\.)+", re.DOTALL)  # behind a dot
_WORD_ENDS = re.compile(r"[ \t\n,\]).(=!]|\Z")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_NUMBER = re.compile(r"[0-9+-][0-9]*(?:\.[0-9]*)?")
_STRAY_POINT = re.compile(r"[0-9+-][0-9]*(?:\.(?:[ \t\n,\])]|\Z)|\.[0-9]*\.)")


def lex(text: str, *, trigger: bool = False) -> list[Token]:
    """The tokens of `text`, ending with one of kind END; `FQLError` where a character starts none.

    `trigger`: exactly as Segment's lexer does it. It ends a path before a name that starts with a digit or is `and`,
    `or` or `null` (a backslash before it helps). And, looking for `and` and `null`, it keeps only the first letter of
    a two-letter word in `a`, or of a two- or three-letter word in `n`, that ends the text. Conditions have neither.
    """
    if len(text) > MAX_TEXT:
        raise FQLError(f"FQL of {len(text)} characters is too long, at most {MAX_TEXT} are read")
    return list(_join_paths(_Lexer(text, trigger).tokens()))


def _join_paths(tokens: Iterator[Token]) -> Iterator[Token]:
    """Words with dots between them are one path."""
    words: list[Token] = []
    dot = None
    for token in tokens:
        if token.kind is Kind.PATH and (dot or not words):
            words.append(token)
            dot = None
        elif token.kind is Kind.DOT and words and not dot:
            dot = token
        else:
            if words:
                yield _path(words)
            if dot:
                yield dot
            words, dot = [token] if token.kind is Kind.PATH else [], None
            if not words:
                yield token


def _path(words: list[Token]) -> Token:
    names = tuple(word.text for word in words)
    return Token(Kind.PATH, ".".join(names), words[0].position, words[-1].end, names)


class _Lexer:
    def __init__(self, text: str, trigger: bool) -> None:
        self.text = text
        self.trigger = trigger
        self.position = 0
        self.path_end = -1  # where the last word ended, or the dot behind it

    def tokens(self) -> Iterator[Token]:
        text = self.text
        while self.position < len(text):
            if text[self.position] in _BLANKS:
                self.position += 1
                continue
            token = self.token(text[self.position])
            if token.kind is Kind.PATH or (token.kind is Kind.DOT and token.position == self.path_end):
                self.path_end = token.end
            yield token
        yield Token(Kind.END, "eos", len(text), len(text))

    def token(self, char: str) -> Token:
        if not self.trigger and self.position == self.path_end and (name := _NAME.match(self.text, self.position)):
            return self.named(name)
        if char in _SIGNS:
            return self.take(_SIGNS[char], self.position + 1)
        if char in "\"'":
            return self.string(char)
        if char in "+-" or (char.isascii() and char.isdigit()):
            return self.number()
        if char in "!=<>":
            return self.operator()
        return self.word()

    def take(self, kind: Kind, end: int) -> Token:
        start, self.position = self.position, end
        return Token(kind, self.text[start:end], start, end)

    def operator(self) -> Token:
        found = _NOT.match(self.text, self.position) or _OPERATOR.match(self.text, self.position)
        if found is None:
            raise self.error("expected '= ' after '!' (with a blank), or a condition to negate")
        return self.take(Kind.OPERATOR, found.end())

    def number(self) -> Token:
        if _STRAY_POINT.match(self.text, self.position):
            raise self.error("expected a number, with digits behind one decimal point")
        found = _NUMBER.match(self.text, self.position)
        assert found is not None
        return self.take(Kind.NUMBER, found.end())

    def string(self, quote: str) -> Token:
        end = self.text.find(quote, self.position + 1)
        if end < 0:
            raise self.error(f"expected a closing {quote}")
        if end + 1 == len(self.text) or self.text[end + 1] in " \t\n,])":
            return self.take(Kind.STRING, end + 1)
        token = Token(Kind.STRING, self.text[self.position : end] + quote, self.position, end)
        self.position = end  # the same quote opens the next string
        return token

    def word(self) -> Token:
        start, text = self.position, self.text
        if keyword := _KEYWORD.match(text, start):
            return self.take(Kind.NULL if keyword[0] == "null" else Kind.CONNECTIVE, keyword.end())
        if self.trigger and _CUT_WORD.match(text, start):
            self.position = len(text)
            return Token(Kind.PATH, text[start], start, len(text), (text[start],))
        found = _WORD.match(text, start)
        if found is None:
            array = "array paths (.$) are not supported (FEATURES F094); " if text[start] == "$" else ""
            raise self.error(f"{array}expected a field, a value or an operator")
        return self.named(found)

    def named(self, found: re.Match[str]) -> Token:
        """The word that is spelled there, which must end there."""
        self.position = found.end()
        if not _WORD_ENDS.match(self.text, self.position):
            raise self.error("expected a blank; other characters of a field's name need a backslash before them")
        name = js.join_surrogates(_ESCAPE.sub(r"\1", found[0]))
        return Token(Kind.PATH, name, found.start(), found.end(), (name,))

    def error(self, reason: str) -> FQLError:
        found = self.text[self.position : self.position + 1]
        return FQLError(f"{reason}, found {found!r}" if found else f"{reason}, found the end", self.text, self.position)
