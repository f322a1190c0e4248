"""The grammar of FQL, by recursive descent.

    any       = all { "or" all }
    all       = one { "and" one }                     # so `and` binds tighter than `or`
    one       = "!" one | "(" any ")" | compared
    compared  = operand [ ("=" | "!=" | "<" | "<=" | ">" | ">=" | "in") operand ]
    operand   = path | string | number | "true" | "false" | "null" | list | function
    list      = "[" [ operand { "," operand } ] "]"
    function  = word "(" [ operand { "," operand } ] ")"

`and` and `or` may be written in capitals, and may touch the parenthesis behind them.
"""

import math
from collections.abc import Callable
from typing import Final, NoReturn, TypeVar

from actionsd.fql.errors import FQLError
from actionsd.fql.functions import misuse
from actionsd.fql.lexer import Kind, Token, lex
from actionsd.fql.nodes import Call, Compare, Group, Items, Node, Not, Path, Scalar, Value
from actionsd.sdk import js

MAX_DEPTH: Final = 64
"""Levels of parentheses, negations, lists and calls in one text."""

COMPARISONS: Final = frozenset(("=", "!=", "<", "<=", ">", ">="))
T = TypeVar("T")
_WORDS: Final[dict[str, Scalar]] = {"true": True, "false": False}


def parse_strict(text: str) -> Node:
    """The tree of well-formed FQL; `FQLError` with position and expectation for anything else.

    >>> parse_strict("type = 'track' and !contains(event, 'x')").operator
    'and'
    >>> parse_strict('type =')
    Traceback (most recent call last):
    ...
    actionsd.fql.errors.FQLError: expected a value or a field, found the end (line 1, column 7)
      type =
            ^
    """
    return parse_tokens(text, lex(text))


def parse_tokens(text: str, tokens: list[Token]) -> Node:
    """`parse_strict` of a text that is lexed."""
    return _Parser(text, tokens).whole()


def scalar(token: Token) -> Scalar:
    """The value of a string or number token, or of one of the words `true`, `false` and `null`."""
    if token.kind is Kind.STRING:
        return token.text[1:-1]
    if token.kind is Kind.NUMBER:
        return js.to_number(token.text)
    return None if token.kind is Kind.NULL else _WORDS.get(token.text, token.text)


class _Parser:
    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text = text
        self.tokens = tokens
        self.index = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def take(self) -> Token:
        self.index += 1
        return self.tokens[self.index - 1]

    def accept(self, kind: Kind) -> bool:
        if self.token.kind is not kind:
            return False
        self.index += 1
        return True

    def expect(self, kind: Kind, expectation: str) -> None:
        if not self.accept(kind):
            self.fail(expectation)

    def fail(self, expectation: str) -> NoReturn:
        token = self.token
        found = "the end" if token.kind is Kind.END else self.text[token.position : token.end]
        raise FQLError(f"expected {expectation}, found {found}", self.text, token.position)

    def whole(self) -> Node:
        node = self.connected("or")
        self.expect(Kind.END, "'and', 'or' or the end")
        return node

    def connected(self, connective: str) -> Node:
        operands = [self.operand_of(connective)]
        while self.accept_word(connective):
            operands.append(self.operand_of(connective))
        return operands[0] if len(operands) == 1 else Group(connective, tuple(operands))

    def operand_of(self, connective: str) -> Node:
        return self.connected("and") if connective == "or" else self.one()

    def accept_word(self, word: str) -> bool:
        token = self.token
        if token.kind in (Kind.CONNECTIVE, Kind.PATH) and token.text.lower() == word:
            self.index += 1
            return True
        return False

    def one(self) -> Node:
        token = self.token
        if token.kind is Kind.OPERATOR and token.text == "!":
            self.index += 1
            return Not(self.deeper(self.one))
        if token.kind is Kind.OPEN:
            self.index += 1
            return self.deeper(self.parenthesised)
        return self.compared()

    def parenthesised(self) -> Node:
        node = self.connected("or")
        self.expect(Kind.CLOSE, "'and', 'or' or ')'")
        return node

    def compared(self) -> Node:
        left = self.operand("a field, a value or '('")
        token = self.token
        if token.kind is Kind.OPERATOR and token.text in COMPARISONS:
            self.index += 1
            return Compare(token.text, left, self.operand("a value or a field"))
        if token.kind is Kind.PATH and token.text == "in":
            self.index += 1
            if self.token.kind not in (Kind.PATH, Kind.OPEN_LIST):
                self.fail("a list or a field")
            return Compare("in", left, self.operand("a list or a field"))
        return left

    def operand(self, expectation: str) -> Node:
        token = self.token
        if token.kind is Kind.PATH:
            return self.word()
        if token.kind in (Kind.STRING, Kind.NUMBER, Kind.NULL):
            value = scalar(token)
            if isinstance(value, float) and not math.isfinite(value):
                self.fail("a number that fits a double")
            self.index += 1
            return Value(value)
        if self.accept(Kind.OPEN_LIST):
            return Items(self.deeper(lambda: self.listed(Kind.CLOSE_LIST, "']'")))
        self.fail(expectation)

    def word(self) -> Node:
        token = self.take()
        if self.accept(Kind.OPEN):
            arguments = self.deeper(lambda: self.listed(Kind.CLOSE, "')'"))
            if (problem := misuse(token.text, len(arguments))) is not None:
                raise FQLError(problem, self.text, token.position)
            return Call(token.text, arguments)
        return Value(_WORDS[token.text]) if token.text in _WORDS else Path(token.names)

    def listed(self, closing: Kind, sign: str) -> tuple[Node, ...]:
        if self.accept(closing):
            return ()
        items = [self.operand("a value or a field")]
        while self.accept(Kind.COMMA):
            items.append(self.operand("a value or a field"))
        self.expect(closing, f"',' or {sign}")
        return tuple(items)

    def deeper(self, read: Callable[[], T]) -> T:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise FQLError(f"more than {MAX_DEPTH} levels of nesting", self.text, self.token.position)
        value = read()
        self.depth -= 1
        return value
