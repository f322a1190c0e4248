"""What stands in braces: values, operators and filters.

Operators of one rank bind to the right, `and` and `or` have one rank (NOTES trap 30). The grammar is lenient: what
follows a complete value without an operator is read and ignored.
"""

import math
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from actionsd.mapping.liquids import values
from actionsd.mapping.liquids.limits import ITEM_WORK, Rendering
from actionsd.mapping.liquids.scanner import Scanner
from actionsd.mapping.liquids.values import Word
from actionsd.sdk import js
from actionsd.sdk.js import UNDEFINED

_NUMBER = re.compile(r"[+-]?[0-9]++(?:\.(?!\.)[0-9]*+)?+(?!\.(?!\.))")
_OPERATOR = re.compile(r"==|!=|>=|<=|>|<|(?:contains|not|and|or)")
_LITERAL = re.compile("true|false|nil|null|empty|blank")
_LITERALS = {"true": True, "false": False, "nil": Word.NIL, "null": Word.NIL, "empty": Word.EMPTY, "blank": Word.BLANK}

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": values.equal,
    "!=": lambda left, right: not values.equal(left, right),
    ">": lambda left, right: values.below(right, left),
    "<": values.below,
    ">=": lambda left, right: values.at_most(right, left),
    "<=": values.at_most,
    "contains": values.contains,
    "and": lambda left, right: values.holds(left) and values.holds(right),
    "or": lambda left, right: values.holds(left) or values.holds(right),
}
_RANKS = {"not": 1, "and": 0, "or": 0}


class Operator(str):
    """An operator among operands."""

    __slots__ = ()

    @property
    def rank(self) -> int:
        return _RANKS.get(self, 2)


class Path(NamedTuple):
    """`root.key[key]`; without a root the first key names a variable."""

    root: Any
    keys: tuple[Any, ...]


class Range(NamedTuple):
    """`(first..last)`."""

    first: Any
    last: Any


class Named(NamedTuple):
    """`name: value` among the arguments of a filter, which gets it as an array of the two."""

    name: str
    value: Any


class FilterCall(NamedTuple):
    """`| name: argument, key: argument`."""

    name: str
    arguments: tuple[Any, ...]


class Filtered:
    """A value with filters, as an output, a condition or an assignment has it."""

    __slots__ = ("filters", "postfix", "text")

    def __init__(self, postfix: list[Any], filters: list[FilterCall], text: str) -> None:
        self.postfix = postfix
        self.filters = filters
        self.text = text

    def evaluate(self, context: Rendering) -> Any:
        """The value. Raises `LiquidFailure` without a position where a filter can't be applied."""
        value = _calculate(self.postfix, context)
        for name, arguments in self.filters:
            if (apply := context.env.filters.get(name)) is not None:  # an unknown filter changes nothing
                value = apply(context, value, *[_argument(argument, context) for argument in arguments])
        return value


def read_filtered(scanner: Scanner) -> Filtered:
    """Reads a value with filters. Raises `LiquidFailure` with the position of what is wrong."""
    start = scanner.place
    postfix = list(_postfix(_read_terms(scanner)))
    if not postfix:
        raise scanner.failure(f"invalid value expression: {scanner.snapshot()}")
    filters = list(_read_filters(scanner))
    return Filtered(postfix, filters, scanner.source[start : scanner.place])


def read_value(scanner: Scanner) -> Any:
    """Reads one value and the path that follows it; `UNDEFINED` if there is none."""
    scanner.skip_blank()
    root = _read_root(scanner)
    keys = tuple(read_keys(scanner, named=root is UNDEFINED))
    return Path(root, keys) if keys else root


def evaluate(node: Any, context: Rendering) -> Any:
    """The value of a node that `read_value` gave."""
    if isinstance(node, Path):
        keys = [values.plain(evaluate(key, context)) for key in node.keys]
        value = _scope(keys[0], context) if node.root is UNDEFINED else evaluate(node.root, context)
        for key in keys:
            value = values.step(value, key)
        return value
    if isinstance(node, Range):
        first, last = (js.to_double(js.to_number(values.plain(evaluate(bound, context)))) for bound in node)
        count = last - first + 1 if last >= first else 0  # a bound that is no number makes no range
        context.charge(count * ITEM_WORK)
        return [first + offset for offset in range(math.ceil(count))]
    return node


def _scope(name: Any, context: Rendering) -> Any:
    """Where a variable stands: among what the template assigned or counted, or in the payload."""
    key = js.string(name)
    for scope in (context.locals, context.counters, context.payload):
        if js.member(scope, key) is not UNDEFINED:
            return scope
    return context.locals if key in context.locals else {}


def _argument(argument: Any, context: Rendering) -> Any:
    if isinstance(argument, Named):
        return [argument.name, evaluate(argument.value, context)]
    return evaluate(argument, context)


def _calculate(postfix: list[Any], context: Rendering) -> Any:
    operands: list[Any] = []
    for node in postfix:
        if not isinstance(node, Operator):
            operands.append(evaluate(node, context))
            continue
        right = operands.pop() if operands else UNDEFINED
        context.charge_value(right)
        if node == "not":
            operands.append(not values.holds(right))
        else:
            left = operands.pop() if operands else UNDEFINED
            context.charge_value(left)
            operands.append(OPERATORS[node](left, right))
    return operands[0]


def _postfix(terms: Iterator[Any]) -> Iterator[Any]:
    waiting: list[Operator] = []
    for term in terms:
        if not isinstance(term, Operator):
            yield term
            continue
        while waiting and waiting[-1].rank > term.rank:
            yield waiting.pop()
        waiting.append(term)
    yield from reversed(waiting)


def _read_terms(scanner: Scanner) -> Iterator[Any]:
    while not scanner.done:
        scanner.skip_blank()
        operator = _read_keyword(scanner, _OPERATOR)
        term = Operator(operator) if operator else read_value(scanner)
        if term is UNDEFINED:
            return
        yield term


def _read_keyword(scanner: Scanner, pattern: re.Pattern[str]) -> str:
    """A keyword that is not the beginning of a longer name."""
    start = scanner.place
    keyword = scanner.match(pattern)
    if keyword and keyword[-1].isalpha() and not scanner.at_word_boundary():
        scanner.place = start
        return ""
    return keyword


def _read_root(scanner: Scanner) -> Any:
    if literal := _read_keyword(scanner, _LITERAL):
        return _LITERALS[literal]
    if (quoted := scanner.quoted()) is not None:
        return quoted
    start = scanner.place
    number = scanner.match(_NUMBER)
    if number and scanner.at_word_boundary():
        return js.to_number(number)
    scanner.place = start
    return _read_range(scanner) if scanner.peek() == "(" else UNDEFINED


def _read_range(scanner: Scanner) -> Range:
    scanner.take()
    first = _read_bound(scanner)
    scanner.skip_blank()
    if scanner.peek() + scanner.peek(1) != "..":
        raise scanner.failure("invalid range syntax")
    scanner.place += 2
    last = _read_bound(scanner)
    scanner.skip_blank()
    if scanner.take() != ")":
        raise scanner.failure("invalid range syntax")
    return Range(first, last)


def _read_bound(scanner: Scanner) -> Any:
    bound = read_value(scanner)
    if bound is UNDEFINED:
        raise scanner.failure(f"unexpected token {scanner.snapshot()}, value expected")
    return bound


def read_keys(scanner: Scanner, *, named: bool = True) -> Iterator[Any]:
    """The keys of a path, of which the first may be a bare name."""
    while True:
        if scanner.peek() == "[":
            scanner.take()
            key = read_value(scanner)
            if not scanner.pass_over("]"):
                raise scanner.failure("[ not closed")
            yield "" if key is UNDEFINED else key
        elif named and (name := scanner.word()):
            yield name
        elif scanner.peek() == "." and scanner.peek(1) != ".":
            scanner.take()
            if not (name := scanner.word()):
                return
            yield name
        else:
            return
        named = False


def _read_filters(scanner: Scanner) -> Iterator[FilterCall]:
    while True:
        scanner.skip_blank()
        if scanner.done or scanner.peek() in "),":
            return
        if scanner.take() != "|":
            raise scanner.failure('expected "|" before filter')
        name = scanner.word()
        if name:
            yield FilterCall(name, tuple(_read_arguments(scanner)))
        elif not scanner.done:
            raise scanner.failure("expected filter name")


def _read_arguments(scanner: Scanner) -> Iterator[Any]:
    scanner.skip_blank()
    if not scanner.done and scanner.peek() not in ":|),":
        raise scanner.failure('expected ":" after filter name')
    more = scanner.peek() == ":"
    while more:
        scanner.take()
        start = scanner.place
        argument = read_value(scanner)
        key = js.trim(scanner.source[start : scanner.place])
        scanner.skip_blank()
        if argument is not UNDEFINED and scanner.peek() == ":":
            scanner.take()
            argument = Named(key, read_value(scanner))
            scanner.skip_blank()
        if argument is not UNDEFINED:
            yield argument
        if not scanner.done and scanner.peek() not in ",|)":
            raise scanner.failure(f"unexpected character {scanner.snapshot()}")
        more = scanner.peek() == ","
