"""The filters of the language by name, and how they are called.

As in JavaScript, an argument too many is ignored, and a missing or undefined one takes its default.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from actionsd.mapping.liquids import dates, lists, numbers, texts
from actionsd.mapping.liquids.failure import LiquidFailure
from actionsd.mapping.liquids.limits import Rendering
from actionsd.sdk.js import UNDEFINED

Apply = Callable[..., Any]
"""A filter as an expression calls it: with the context, the value and the arguments."""

DISABLED_FILTERS = (
    "array_to_sentence_string", "concat", "find", "find_exp", "find_index", "find_index_exp", "group_by",
    "group_by_exp", "has", "has_exp", "map", "newline_to_br", "reject", "reject_exp", "reverse", "sort",
    "sort_natural", "uniq", "where_exp", "type",
)  # fmt: skip
"""Filters that fail where they are run (FEATURES F115)."""


def _applied(function: Callable[..., Any]) -> Apply:
    """A filter from a function of the value and its arguments, and of the context if it takes one."""
    parameters = list(inspect.signature(function).parameters.values())
    needs_context = parameters[0].name == "context"
    defaults = [parameter.default for parameter in parameters[2 if needs_context else 1 :]]
    variadic = parameters[-1].kind is inspect.Parameter.VAR_POSITIONAL

    def apply(context: Rendering, value: Any, *arguments: Any) -> Any:
        context.charge_value(value)
        pairs = zip(arguments, arguments if variadic else defaults, strict=False)
        given = [default if argument is UNDEFINED else argument for argument, default in pairs]
        result = function(context, value, *given) if needs_context else function(value, *given)
        context.charge_value(result)
        return result

    return apply


def _disabled(name: str) -> Apply:
    def apply(context: Rendering, value: Any, *arguments: Any) -> Any:
        raise LiquidFailure(f'filter "{name}" is disabled')

    return apply


def _all_filters() -> dict[str, Apply]:
    functions: dict[str, Callable[..., Any]] = {
        **texts.FILTERS, **numbers.FILTERS, **lists.FILTERS, **dates.FILTERS,
    }  # fmt: skip
    return {name: _applied(function) for name, function in functions.items()} | {
        name: _disabled(name) for name in DISABLED_FILTERS
    }


FILTERS: Mapping[str, Apply] = _all_filters()
"""Every filter that is known, by its name. An unknown one passes the value on."""
