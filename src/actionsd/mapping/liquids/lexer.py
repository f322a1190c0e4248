"""Cuts a template into text, outputs and tags, and gives them to the parser as tokens.

A tag is a `TAG` token with its name, an output an `OUTPUT` token; each is followed by an `EXPRESSION` token with what
stands in its braces. The indexes of `TAG` and `OUTPUT` tokens are those of their opening brace, as errors tell them.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from liquid.token import TOKEN_CONTENT, TOKEN_EXPRESSION, TOKEN_OUTPUT, TOKEN_TAG, Token

from actionsd.mapping.liquids.scanner import Scanner
from actionsd.sdk import js

_OPENING = re.compile(r"\{[{%]")
_OUTPUT_END = re.compile(r"""\{\{(?:"(?:\\.|[^"\\])*(?:"|\Z)|'(?:\\.|[^'\\])*(?:'|\Z)|(?!\}\})[^"'])*?\}\}""")
_END_RAW = re.compile(r"\{%\s*endraw(?![\w?\-]).*?%\}", re.DOTALL)
BLANKS = js.WHITESPACE.replace("\ufeff", "")


class _Piece(NamedTuple):
    """A piece of the template: text, or what stands in braces; with the range of its content."""

    kind: str
    begin: int
    end: int
    start: int
    stop: int
    name: str = ""
    trims_before: bool = False
    trims_after: bool = False


def tokenize(source: str) -> Iterator[Token]:
    """The tokens of a template. Raises `LiquidFailure` where braces are not closed or a tag has no name."""
    pieces = list(_pieces(source))
    trim_next = in_raw = False
    for index, piece in enumerate(pieces):
        if piece.kind == TOKEN_CONTENT:
            text = source[piece.begin : piece.end]
            following = pieces[index + 1] if index + 1 < len(pieces) else None
            if trim_next:
                text = text.lstrip(BLANKS)
            if not in_raw and following is not None and following.trims_before:
                text = text.rstrip(BLANKS)
            trim_next = False
            yield Token(TOKEN_CONTENT, text, piece.begin, source)
            continue
        in_raw = piece.name == "raw"
        trim_next = piece.trims_after and not in_raw
        yield Token(piece.kind, piece.name, piece.begin, source)
        yield Token(TOKEN_EXPRESSION, source[piece.start : piece.stop], piece.start, source)


def tokenize_lines(source: str, start: int, end: int) -> Iterator[Token]:
    """The tokens of a `liquid` tag, each line of which is a tag without braces."""
    for line in re.finditer(r"[^\n]+", source[start:end]):
        begin, stop = _stripped(source, start + line.start(), start + line.end())
        if begin == stop:
            continue
        scanner = Scanner(source, begin, stop)
        name = _tag_name(scanner, "illegal liquid tag syntax")
        yield Token(TOKEN_TAG, name, begin, source)
        yield Token(TOKEN_EXPRESSION, source[scanner.place : stop], scanner.place, source)


def raw_text(token: Token) -> str:
    """A tag as it stands in the template, for the errors that quote it."""
    end = token.source.find("%}", token.start_index)
    return token.source[token.start_index : end + 2 if end >= 0 else None]


def _pieces(source: str) -> Iterator[_Piece]:
    place, raw_begin = 0, -1
    while place < len(source):
        if raw_begin >= 0:
            piece = _raw_piece(source, place, raw_begin)
        elif source.startswith("{%", place):
            piece = _tag(source, place)
        elif source.startswith("{{", place):
            piece = _output(source, place)
        else:
            found = _OPENING.search(source, place)
            end = found.start() if found else len(source)
            piece = _Piece(TOKEN_CONTENT, place, end, place, end)
        if piece.kind == TOKEN_TAG:
            raw_begin = place if piece.name == "raw" else -1
        yield piece
        place = piece.end


def _tag(source: str, begin: int) -> _Piece:
    end = source.find("%}", begin + 1) + 2
    if end < 2:
        raise Scanner(source).failure(f"tag {Scanner(source).snapshot(begin)} not closed", begin)
    return _braced(TOKEN_TAG, source, begin, end)


def _output(source: str, begin: int) -> _Piece:
    found = _OUTPUT_END.match(source, begin)
    if found is None:
        raise Scanner(source).failure(f"output {Scanner(source).snapshot(begin)} not closed", begin)
    return _braced(TOKEN_OUTPUT, source, begin, found.end())


def _raw_piece(source: str, place: int, raw_begin: int) -> _Piece:
    """The text up to an `endraw` tag, or that tag itself; within `raw` only a tag without dashes ends it."""
    found = _END_RAW.search(source, place)
    if found is None:
        raise Scanner(source).failure(f"raw {Scanner(source).snapshot(raw_begin)} not closed", place)
    if found.start() > place:
        return _Piece(TOKEN_CONTENT, place, found.start(), place, found.start())
    return _braced(TOKEN_TAG, source, place, found.end())


def _braced(kind: str, source: str, begin: int, end: int) -> _Piece:
    start, stop = begin + 2, end - 2
    trims_before, trims_after = source[start : start + 1] == "-", source[stop - 1 : stop] == "-"
    start, stop = _stripped(source, start + trims_before, stop - trims_after)
    if kind == TOKEN_OUTPUT:
        return _Piece(kind, begin, end, start, stop, "", trims_before, trims_after)
    scanner = Scanner(source, start, stop)
    name = _tag_name(scanner, "illegal tag syntax, tag name expected")
    return _Piece(kind, begin, end, scanner.place, stop, name, trims_before, trims_after)


def _tag_name(scanner: Scanner, message: str) -> str:
    name = scanner.take() if scanner.peek() == "#" else scanner.word()
    if not name:
        raise scanner.failure(message)
    scanner.skip_blank()
    return name


def _stripped(source: str, start: int, stop: int) -> tuple[int, int]:
    """The range without the blanks at both ends; an empty one keeps to its start."""
    while start < stop and source[start] in BLANKS:
        start += 1
    while stop > start and source[stop - 1] in BLANKS:
        stop -= 1
    return start, max(start, stop)
