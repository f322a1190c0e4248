"""`@liquid`: templates in the Liquid language as Segment runs them (FEATURES F115).

They are parsed and rendered by python-liquid. Segment's dialect, liquidjs, differs from it in its grammar, its values
and its filters; what is registered here makes up for that through the library's own extension points: a lexer, tags,
filters. This package is imported when a mapping first needs it (`operations.liquid`).

Three things differ from Segment's on purpose, all so that the same event gives the same payload (DESIGN I5): the dates
`now` and `today` are the event's timestamp, `sample` takes the first items, and work is counted and not timed.

    >>> render("Hi {{ traits.name | upcase }}!", {"traits": {"name": "Zoë"}})
    'Hi ZOË!'
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from liquid import BoundTemplate, Environment, Token
from liquid.exceptions import LiquidError

from actionsd.mapping.liquids import filters, lexer, tags
from actionsd.mapping.liquids.failure import LiquidFailure
from actionsd.mapping.liquids.limits import Output, Rendering
from actionsd.sdk import js

__all__ = ["LiquidFailure", "render"]

MAX_TEMPLATE = 1000
"""UTF-16 units of a template (FEATURES F115)."""

DISABLED_TAGS = ("case", "for", "include", "layout", "render", "tablerow")
"""Tags that fail where they stand (FEATURES F115)."""


class _Environment(Environment):
    """The dialect."""

    block_nesting_limit = 100

    def tokenizer(self) -> Callable[[str], Iterator[Token]]:
        return lexer.tokenize

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        for tag in tags.TAGS:
            self.add_tag(tag)
        for name in DISABLED_TAGS:
            self.tags[name] = tags.DisabledTag(self)
        for name, apply in filters.FILTERS.items():
            self.add_filter(name, apply)


def render(template: Any, payload: Any) -> str:
    """What the template prints for the payload. Raises `LiquidFailure`."""
    if not isinstance(template, str):
        raise LiquidFailure("liquid template value must be a string")
    if js.length(template) > MAX_TEMPLATE:
        raise LiquidFailure(f"liquid template values are limited to {MAX_TEMPLATE} characters")
    try:
        return _render(_parse(template), payload)
    except LiquidFailure:
        raise
    except (LiquidError, RecursionError) as error:
        raise LiquidFailure("nested too deep" if isinstance(error, RecursionError) else str(error)) from error


@lru_cache(maxsize=256)
def _parse(template: str) -> BoundTemplate:
    return _environment().from_string(template)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return _Environment()


def _render(template: BoundTemplate, payload: Any) -> str:
    rendering = Rendering(template, payload)
    output = Output(rendering)
    template.render_with_context(rendering, output)
    return js.join_surrogates(output.getvalue())
