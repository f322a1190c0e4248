"""Which paths of the payload a template reads."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from liquid.token import TOKEN_EXPRESSION

from actionsd.mapping.liquids import lexer
from actionsd.mapping.liquids.expressions import Filtered, Named, Path, Range, read_filtered
from actionsd.mapping.liquids.failure import LiquidFailure
from actionsd.mapping.liquids.scanner import Scanner
from actionsd.sdk import js
from actionsd.sdk.js import UNDEFINED

_NAME = re.compile(r"[A-Za-z_][\w\-?]*")
_READERS = ("", "if", "elsif", "unless", "echo", "cycle", "assign")  # an output has no name
_WRITERS = ("capture", "increment", "decrement")


def variables(template: str) -> list[str]:
    """The paths in order, each once, without those of variables that the template makes; none if it can't be read.

    >>> variables('{% assign n = traits.name %}{% if n == a["b c"][0] %}{{ n | append: event }}{% endif %}')
    ['traits.name', "a['b c'][0]", 'event']
    """
    own: set[str] = set()
    found: dict[str, None] = {}
    try:
        tokens = list(lexer.tokenize(template))
    except LiquidFailure:
        return []
    for tag, inside in pairwise(tokens):
        if inside.kind != TOKEN_EXPRESSION:
            continue
        scanner = Scanner(template, inside.start_index, inside.start_index + len(inside.value))
        assigned = scanner.word() if tag.value in ("assign", *_WRITERS) else ""
        if tag.value in _READERS:
            found |= {_spelled(path): None for path in _read_paths(scanner, tag.value) if path.keys[0] not in own}
        own.add(assigned)
    return list(found)


def _read_paths(scanner: Scanner, tag: str) -> Iterator[Path]:
    if tag == "assign":
        scanner.pass_over("=")
    try:
        expression = read_filtered(scanner)
    except LiquidFailure:
        return
    yield from _paths(expression)


def _paths(node: Any) -> Iterator[Path]:
    """The variables within a node, those of computed keys after the path that they stand in."""
    if isinstance(node, Path) and node.root is UNDEFINED:
        yield node
    parts: tuple[Any, ...] = ()
    if isinstance(node, Filtered):
        parts = (*node.postfix, *(argument for call in node.filters for argument in call.arguments))
    elif isinstance(node, Path):
        parts = (node.root, *node.keys)
    elif isinstance(node, Range | Named):
        parts = tuple(node)
    for part in parts:
        yield from _paths(part)


def _spelled(path: Path) -> str:
    first, *rest = path.keys
    return js.string(first) + "".join(map(_step, rest))


def _step(key: Any) -> str:
    if isinstance(key, Path):
        return f"[{_spelled(key)}]"
    return f".{key}" if isinstance(key, str) and _NAME.fullmatch(key) else f"[{key!r}]"
