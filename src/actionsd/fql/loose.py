"""What Segment's trigger engine makes of text that is no well-formed FQL.

That engine has no grammar: it takes each known field together with the next two tokens, whatever they are, and skips
what it does not know. A stored trigger keeps the meaning that it had there, so malformed text is read the same way:

    >>> read_loosely('type = "track" (event = "a" or event = "b")').operator  # no connective: ALL
    'and'
    >>> read_loosely('type == "track"')
    Condition(kind='event-type', name=UNDEFINED, operator='=', value='=')
"""

from collections import deque
from typing import Final

from actionsd.fql.errors import FQLError
from actionsd.fql.lexer import Kind, Token, lex
from actionsd.fql.nodes import Call, Group, Node, Not, Path, Value
from actionsd.fql.parser import parse_tokens, scalar
from actionsd.fql.structured import FIELDS, ROOTS, condition, structured

_FUNCTIONS: Final = frozenset(("contains", "match"))
_ROOTS: Final = FIELDS.keys() | ROOTS.keys()
_NEVER: Final = Group("or", ())


def parse(text: str) -> Node:
    """The tree of a trigger: by the grammar, or as Segment's engine reads it where the text does not follow that.

    `FQLError` where neither finds a condition; use `parse_strict` where a person has just written the text.
    """
    try:
        return parse_tokens(text, lex(text, trigger=True))
    except FQLError as error:
        try:
            return read_loosely(text)
        except FQLError:
            raise error from None


def read_loosely(text: str) -> Node:
    """The conditions found in `text`; `FQLError` where there is none, or where one is cut off."""
    node = _Reader(text, deque(lex(text, trigger=True))).read()
    if node is None:
        raise FQLError("expected a condition", text, 0)
    return node


class _Reader:
    def __init__(self, text: str, tokens: deque[Token]) -> None:
        self.text = text
        self.tokens = tokens

    def take(self) -> Token:
        if not self.tokens:
            raise FQLError("expected an operator and a value after the field", self.text, len(self.text))
        return self.tokens.popleft()

    def read(self) -> Node | None:
        children: list[Node] = []
        connective = "and"
        while self.tokens and (token := self.take()).kind is not Kind.END:
            if token.kind is Kind.CONNECTIVE:
                connective = token.text
            elif (node := self.started_by(token)) is not None:
                children.append(node)
        if len(children) > 1:
            return Group(connective, tuple(children))
        return children[0] if children and children[0] != _NEVER else None

    def started_by(self, token: Token) -> Node | None:
        if token.kind is Kind.OPEN:
            return self.group(token)
        if token.text == "!" and self.tokens[0].text in _FUNCTIONS:
            call = self.call(self.take())
            return call and structured(Not(call))
        if token.kind is not Kind.PATH:
            return None
        if token.text in _FUNCTIONS:
            call = self.call(token)
            return call and structured(call)
        if token.text.split(".")[0] not in _ROOTS:
            return None
        operator = self.take()
        return condition(token.names, operator.text, scalar(self.take()))

    def call(self, name: Token) -> Call | None:
        _, subject, _, wanted = (self.take() for _ in range(4))
        if self.tokens:
            self.take()  # what stands in the place of the closing parenthesis
        if subject.kind is not Kind.PATH or (subject.names[0] in FIELDS and len(subject.names) > 1):
            return None
        written = wanted.kind in (Kind.STRING, Kind.NUMBER, Kind.NULL)
        return Call(name.text, (Path(subject.names), Value(scalar(wanted)) if written else Path((wanted.text,))))

    def group(self, opening: Token) -> Node:
        """A group reaches to the first closing parenthesis."""
        inner: deque[Token] = deque()
        while self.tokens and (token := self.take()).kind is not Kind.CLOSE:
            inner.append(token)
        if not self.tokens:
            raise FQLError("expected ')'", self.text, opening.position)
        inner.append(Token(Kind.END, "eos", token.position, token.position))
        return _Reader(self.text, inner).read() or _NEVER
