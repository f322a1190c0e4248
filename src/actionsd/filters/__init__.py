"""Destination filters, which drop, sample or trim events before any trigger sees them.

`compile_filters` takes them as Segment's Public API writes them (`actionsd.filters.rules`), `compile_transformers` as
Segment compiles them for its libraries (`actionsd.filters.transformers`). Both give pure functions of an event.
"""

from actionsd.filters.edit import FilterError
from actionsd.filters.rules import Decision, Filters, compile_filters
from actionsd.filters.transformers import compile_transformers

__all__ = ["Decision", "FilterError", "Filters", "compile_filters", "compile_transformers"]
