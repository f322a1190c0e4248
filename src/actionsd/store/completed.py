"""What a lane has settled beyond its cursor, as bytes: a horizon, and the events before it that are still open.

A lane in full flight has thousands of open events, most of them in a row and with nothing settled: these are written as
runs, or each settlement of each lane would be a dozen kilobytes.
"""

from collections.abc import Iterable

import msgspec

Open = tuple[int, list[int]]
"""Position of an event with unsettled mappings, and the mappings that are settled."""


class _Completed(msgspec.Struct, array_like=True):
    horizon: int
    open: list[Open]
    runs: list[tuple[int, int]] = []  # first position and how many follow on it, with nothing settled


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Completed).decode


def encode(horizon: int, open: Iterable[Open]) -> bytes:
    """Everything up to ``horizon`` is settled but these, which come in order.

    >>> decode(encode(9, [(5, []), (6, []), (8, [1])]), 4)
    (9, [(5, []), (6, []), (8, [1])])
    """
    partly: list[Open] = []
    runs: list[tuple[int, int]] = []
    first = following = 0
    for position, settled in open:
        if settled:
            partly.append((position, settled))
        elif position == following:
            following += 1
        else:
            runs.append((first, following - first))
            first, following = position, position + 1
    runs.append((first, following - first))
    return _encode(_Completed(horizon, partly, [run for run in runs if run[1]]))


def decode(completed: bytes, cursor: int) -> tuple[int, list[Open]]:
    """Horizon and open events, in order; an empty text says that nothing beyond the cursor is known."""
    if not completed:
        return cursor, []
    found = _decode(completed)
    whole: list[Open] = [(position, []) for first, events in found.runs for position in range(first, first + events)]
    return found.horizon, sorted(found.open + whole)
