"""The tags of the language, each with the node it parses to."""

import re
from collections.abc import Callable
from typing import ClassVar, TextIO, cast

from liquid import RenderContext, TokenStream
from liquid.ast import BlockNode, Node
from liquid.exceptions import StopRender
from liquid.parser import get_parser
from liquid.tag import Tag
from liquid.token import TOKEN_CONTENT, TOKEN_EOF, TOKEN_ILLEGAL, TOKEN_OUTPUT, Token

from actionsd.mapping.liquids import lexer, values
from actionsd.mapping.liquids.expressions import Filtered, evaluate, read_filtered, read_value
from actionsd.mapping.liquids.failure import LiquidFailure
from actionsd.mapping.liquids.limits import Output, Rendering
from actionsd.mapping.liquids.scanner import Scanner
from actionsd.sdk import js
from actionsd.sdk.js import UNDEFINED

Render = Callable[[Rendering, TextIO], None]


class LiquidNode(Node):
    """A node whose rendering is a function; a failure in it is told with the position of the node."""

    __slots__ = ("_write",)

    def __init__(self, token: Token, write: Render) -> None:
        super().__init__(token)
        self.blank = False
        self._write = write

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        rendering = cast(Rendering, context)  # the only context that this package renders with
        try:
            self._write(rendering, buffer)
        except LiquidFailure as failure:
            raise failure.at(self.token.source, self.token.start_index) from None
        return 0


class LiquidTag(Tag):
    """A tag that reads what stands in its braces with a scanner. A failure is told with the position of the tag."""

    def parse(self, stream: TokenStream) -> Node:
        token = next(stream)
        try:
            return LiquidNode(token, self.read(token, _scanner(stream.current), stream))
        except LiquidFailure as failure:
            raise failure.at(token.source, token.start_index) from None

    def read(self, token: Token, scanner: Scanner, stream: TokenStream) -> Render:
        """Reads the tag, and the block up to its end tag if it has one, and gives what renders it."""
        raise LiquidFailure(f'tag "{token.value}" not found')

    def read_block(self, token: Token, stream: TokenStream, *ends: str) -> BlockNode:
        """The nodes up to one of the end tags, which becomes the stream's current token."""
        next(stream)
        block = get_parser(self.env).parse_block(stream, ends)
        if stream.current.kind == TOKEN_EOF:
            raise LiquidFailure(f"tag {lexer.raw_text(token)} not closed")
        return block

    def skip_to(self, token: Token, stream: TokenStream, end: str) -> list[Token]:
        """The tokens up to the end tag, whose expression becomes the stream's current token."""
        skipped: list[Token] = []
        while not stream.peek.is_tag(end):
            next(stream)
            if stream.current.kind == TOKEN_EOF:
                raise LiquidFailure(f"tag {lexer.raw_text(token)} not closed")
            skipped.append(stream.current)
        next(stream)
        next(stream)
        return skipped


class UnknownTag(LiquidTag):
    name = TOKEN_ILLEGAL


class DisabledTag(LiquidTag):
    """A tag that mappings may not use, not even where it is never reached (NOTES trap 28)."""

    def read(self, token: Token, scanner: Scanner, stream: TokenStream) -> Render:
        raise LiquidFailure(f'tag "{token.value}" is disabled')


class ContentTag(Tag):
    """Text outside of braces."""

    name = TOKEN_CONTENT

    def parse(self, stream: TokenStream) -> Node:
        text = stream.current.value
        return LiquidNode(stream.current, lambda context, buffer: _write(buffer, text))


class OutputTag(LiquidTag):
    """`{{ value }}`"""

    name = TOKEN_OUTPUT

    def read(self, token: Token, scanner: Scanner, stream: TokenStream) -> Render:
        value = read_filtered(scanner)
        return lambda context, buffer: _write(buffer, values.text(value.evaluate(context)))


class EchoTag(OutputTag):
    """`{% echo value %}`; without a value it prints nothing."""

    name = "echo"

    def read(self, token: Token, scanner: Scanner, stream: TokenStream) -> Render:
        return (lambda context, buffer: None) if scanner.done else super().read(token, scanner, stream)


class AssignTag(LiquidTag):
    """`{% assign name = value %}`"""

    name = "assign"

    def read(self, token: Token, scanner: Scanner, stream: TokenStream) -> Render:
        name = scanner.word()
        if not name:
            raise scanner.failure("expected variable name")
        scanner.skip_blank()
        if scanner.peek() != "=":
            raise scanner.failure('expected "="')
        scanner.take()
        value = read_filtered(scanner)
        return lambda context, buffer: context.assign(name, value.evaluate(context))


class CaptureTag(LiquidTag):
    """`{% capture name %}…{% endcapture %}`"""

    name = "capture"

    def read(self, token: Token, scanner: Scanner, stream: TokenStream) -> Render:
        name = scanner.word() or scanner.quoted()
        if name is None:
            raise scanner.failure("invalid capture name")
        block = self.read_block(token, stream, "endcapture")
        next(stream)

        def capture(context: Rendering, buffer: TextIO) -> None:
            captured = Output(context)
            try:
                block.render(context, captured)
            finally:
                context.assign(name, captured.getvalue())

        return capture


class IncrementTag(LiquidTag):
    """`{% increment name %}` prints a counter and adds one. It shadows the payload's field of that name."""

    name = "increment"
    step: ClassVar[int] = 1

    def read(self, token: Token, scanner: Scanner, stream: TokenStream) -> Render:
        name = scanner.word()

        def count(context: Rendering, buffer: TextIO) -> None:
            before = context.counters.get(name, js.member(context.payload, name))
            before = before if js.type_name(before) == "number" else 0
            context.counters[name] = before + self.step
            _write(buffer, js.string(before if self.step > 0 else before - 1))

        return count


class DecrementTag(IncrementTag):
    """`{% decrement name %}` takes one off a counter and prints it."""

    name = "decrement"
    step = -1


class CycleTag(LiquidTag):
    """`{% cycle group: "a", "b" %}` prints one after the other, each time it is reached."""

    name = "cycle"

    def read(self, token: Token, scanner: Scanner, stream: TokenStream) -> Render:
        start = scanner.place
        group = read_value(scanner)
        scanner.skip_blank()
        if group is not UNDEFINED and scanner.peek() == ":":
            scanner.take()
        else:
            group, scanner.place = UNDEFINED, start
        candidates: list[Filtered] = []
        while not scanner.done:
            candidates.append(read_filtered(scanner))
            scanner.pass_over(",")
        if not candidates:
            raise scanner.failure(f'empty candidates: "{lexer.raw_text(token)}"')
        names = ",".join(candidate.text for candidate in candidates)

        def cycle(context: Rendering, buffer: TextIO) -> None:
            cycles = context.tag_namespace["cycles"]
            key = js.string(values.plain(evaluate(group, context))), names
            cycles[key] = index = (cycles.get(key, -1) + 1) % len(candidates)
            value = values.plain(candidates[index].evaluate(context))
            if js.truthy(value):
                _write(buffer, values.text(value))

        return cycle


class IfTag(LiquidTag):
    """`{% if value %}…{% elsif value %}…{% else %}…{% endif %}`"""

    name = "if"

    def read(self, token: Token, scanner: Scanner, stream: TokenStream) -> Render:
        branches: list[tuple[Filtered | None, BlockNode]] = []
        condition: Filtered | None = read_filtered(scanner)
        while True:
            branches.append((condition, self.read_block(token, stream, "elsif", "else", "endif")))
            name = next(stream).value
            inside = stream.current
            if name == "elsif":
                if condition is None:
                    raise LiquidFailure("unexpected elsif after else")
                condition = read_filtered(_scanner(inside))
                continue
            if inside.value:
                raise LiquidFailure(f"unexpected {js.stringify(inside.value)}")
            if name == "endif":
                return lambda context, buffer: _render_first(branches, context, buffer)
            if condition is None:
                raise LiquidFailure("duplicated else")
            condition = None


class UnlessTag(LiquidTag):
    """`{% unless value %}…{% elsif value %}…{% else %}…{% endunless %}`; what follows the first else is ignored."""

    name = "unless"

    def read(self, token: Token, scanner: Scanner, stream: TokenStream) -> Render:
        unwanted = read_filtered(scanner)
        first = self.read_block(token, stream, "elsif", "else", "endunless")
        branches: list[tuple[Filtered | None, BlockNode]] = []
        while (name := next(stream).value) != "endunless":
            inside = stream.current
            closed = bool(branches) and branches[-1][0] is None
            condition = None
            if name == "elsif" and not closed:
                condition = read_filtered(_scanner(inside))
            block = self.read_block(token, stream, "elsif", "else", "endunless")
            if not closed:
                branches.append((condition, block))

        def render(context: Rendering, buffer: TextIO) -> None:
            if values.holds(unwanted.evaluate(context)):
                _render_first(branches, context, buffer)
            else:
                first.render(context, buffer)

        return render


class RawTag(LiquidTag):
    """`{% raw %}…{% endraw %}` prints what it holds as it is."""

    name = "raw"

    def read(self, token: Token, scanner: Scanner, stream: TokenStream) -> Render:
        text = "".join(skipped.value for skipped in self.skip_to(token, stream, "endraw"))
        return lambda context, buffer: _write(buffer, text)


class CommentTag(LiquidTag):
    """`{% comment %}…{% endcomment %}`"""

    name = "comment"

    def read(self, token: Token, scanner: Scanner, stream: TokenStream) -> Render:
        self.skip_to(token, stream, "endcomment")
        return lambda context, buffer: None


class InlineCommentTag(LiquidTag):
    """`{% # a comment %}`"""

    name = "#"

    def read(self, token: Token, scanner: Scanner, stream: TokenStream) -> Render:
        if re.search(r"\n\s*[^#\s]", stream.current.value):
            raise LiquidFailure("every line of an inline comment must start with a '#' character")
        return lambda context, buffer: None


class LinesTag(LiquidTag):
    """`{% liquid … %}`: each line is a tag."""

    name = "liquid"

    def read(self, token: Token, scanner: Scanner, stream: TokenStream) -> Render:
        lines = TokenStream(lexer.tokenize_lines(scanner.source, scanner.place, scanner.end))
        nodes = get_parser(self.env).parse(lines)
        block = BlockNode(token, nodes)
        return lambda context, buffer: _render(block, context, buffer)


class BlockTag(LiquidTag):
    """`{% block name %}…{% endblock %}` prints what it holds: there are no layouts to fill it."""

    name = "block"

    def read(self, token: Token, scanner: Scanner, stream: TokenStream) -> Render:
        block = self.read_block(token, stream, "endblock")
        next(stream)
        return lambda context, buffer: _render(block, context, buffer)


class StopTag(LiquidTag):
    """`{% break %}` and `{% continue %}`: without loops, both end the rendering."""

    name = "break"

    def read(self, token: Token, scanner: Scanner, stream: TokenStream) -> Render:
        return _stop


class ContinueTag(StopTag):
    name = "continue"


def _scanner(inside: Token) -> Scanner:
    """A scanner of what stands in a tag's braces."""
    return Scanner(inside.source, inside.start_index, inside.start_index + len(inside.value))


def _stop(context: Rendering, buffer: TextIO) -> None:
    raise StopRender


def _write(buffer: TextIO, text: str) -> None:
    buffer.write(text)


def _render(block: BlockNode, context: Rendering, buffer: TextIO) -> None:
    block.render(context, buffer)


def _render_first(branches: list[tuple[Filtered | None, BlockNode]], context: Rendering, buffer: TextIO) -> None:
    """Renders the first branch whose condition holds, or which has none."""
    for condition, block in branches:
        if condition is None or values.holds(condition.evaluate(context)):
            block.render(context, buffer)
            return


TAGS: tuple[type[Tag], ...] = (
    UnknownTag,
    ContentTag,
    OutputTag,
    EchoTag,
    AssignTag,
    CaptureTag,
    IncrementTag,
    DecrementTag,
    CycleTag,
    IfTag,
    UnlessTag,
    RawTag,
    CommentTag,
    InlineCommentTag,
    LinesTag,
    BlockTag,
    StopTag,
    ContinueTag,
)
