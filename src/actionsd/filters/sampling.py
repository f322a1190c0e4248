"""Sampling: which share of the events is kept, decided by a hash and so the same way each time.

A value's fraction is Segment's: the first 64 bits of the MD5 of its JSON text, so that the same users stay in the
sample on both sides (vectors/filter_sample_path.info.jsonl).
"""

import hashlib
from typing import Any

from actionsd.filters.edit import FilterError
from actionsd.sdk import js
from actionsd.sdk.js import UNDEFINED


def fraction(value: Any) -> float:
    """A number from 0 to 1 (not included), the same for the same JSON value and uniform over many values.

    `FilterError` for a value nested deeper than Python's stack allows.

    >>> round(fraction("u1"), 6), round(fraction("u2"), 6)
    (0.006341, 0.806105)
    """
    try:
        text = js.stringify(None if value is UNDEFINED else value)
    except RecursionError:
        raise FilterError("a value is nested too deeply to be sampled by") from None
    digest = hashlib.md5(str(text).encode("utf-8"), usedforsecurity=False).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def is_sampled(percent: float, value: Any) -> bool:
    """Whether an event with that value belongs to the share `percent` (0 to 1) that is kept."""
    return percent >= 1 or fraction(value) < percent
