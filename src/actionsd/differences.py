"""How two JSON values differ, field by field."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple


class _Absent:
    def __repr__(self) -> str:
        return "nothing"


ABSENT: Final = _Absent()
"""Stands where a value is not there."""


class Difference(NamedTuple):
    """A field that differs: its path (``json.items[0].price``, "" for the whole), and what stands there in each."""

    path: str
    before: Any
    after: Any


def differences(before: Any, after: Any, path: str = "") -> Iterator[Difference]:
    """Every difference, at the deepest place, in the order of ``before`` and then of what is new in ``after``.

    >>> [*differences({"a": 1, "b": [1, 2]}, {"b": [1, 3], "c": None})]
    [Difference(path='a', before=1, after=nothing), Difference(path='b[1]', before=2, after=3), \
Difference(path='c', before=nothing, after=None)]
    """
    if isinstance(before, dict) and isinstance(after, dict):
        for key in (*before, *(key for key in after if key not in before)):
            yield from differences(before.get(key, ABSENT), after.get(key, ABSENT), f"{path}.{key}" if path else key)
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            old, new = (values[index] if index < len(values) else ABSENT for values in (before, after))
            yield from differences(old, new, f"{path}[{index}]")
    elif before is not after and (_kind(before) != _kind(after) or before != after):
        yield Difference(path, before, after)


def _kind(value: Any) -> str:
    """What JSON tells apart; 1 and 1.0 are the same number, and no boolean."""
    if isinstance(value, bool) or value is None:
        return str(value)
    return "number" if isinstance(value, int | float) else type(value).__name__
