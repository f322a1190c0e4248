"""What a lane has claimed and not yet settled; the cursor follows from it (RULES R3).

Everything up to ``cursor`` is settled. Beyond it the window knows each claimed event that is still open, and of those
which mappings are settled already. Positions between cursor and horizon that are not open are settled.
"""

from actionsd.store.completed import decode, encode

window_span = 65_536  # positions between cursor and head-read at most (RULES R23)


class _Open:
    """An event with unsettled mappings; ``outstanding`` is None until it is claimed again after a start."""

    __slots__ = ("outstanding", "settled")

    def __init__(self, outstanding: int | None, settled: list[int]) -> None:
        self.outstanding = outstanding
        self.settled = settled


class Window:
    """The window of one lane, built from the ``cursor`` and ``completed`` of its last commit.

    ``read`` is the last position that was claimed or passed; the next event to claim is the first one after it.
    """

    def __init__(self, cursor: int, completed: bytes = b"") -> None:
        self.read = cursor
        self._horizon, restored = decode(completed, cursor)
        # Ascending: restored ones first, then as claimed.
        self._open = {position: _Open(None, settled) for position, settled in restored}

    @property
    def cursor(self) -> int:
        """Everything up to here is settled."""
        for position in self._open:
            return position - 1
        return max(self.read, self._horizon)

    @property
    def full(self) -> bool:
        """Whether the cursor lags so far behind that nothing more may be claimed."""
        return self.read - self.cursor >= window_span

    def settled_mappings(self, position: int) -> list[int] | None:
        """The mappings that are settled already for an event about to be claimed; None when all of it is."""
        if position > self._horizon:
            return []
        event = self._open.get(position)
        return None if event is None else event.settled

    def claim(self, position: int, mappings: int) -> None:
        """The event at ``position`` has ``mappings`` deliveries that are now outstanding; 0 settles it at once."""
        if self.read < self._horizon:
            self._drop_restored(position - 1)
        self.read = position
        event = self._open.get(position)
        if mappings == 0:
            self._open.pop(position, None)
        elif event is None:
            self._open[position] = _Open(mappings, [])
        else:
            event.outstanding = mappings

    def pass_over(self, position: int) -> None:
        """Nothing up to ``position`` is to be claimed any more. Restored events there have left the journal."""
        if self.read < self._horizon:
            self._drop_restored(position)
        self.read = position

    def _drop_restored(self, last: int) -> None:
        gone = [position for position, event in self._open.items() if position <= last and event.outstanding is None]
        for position in gone:
            del self._open[position]

    def settle(self, position: int, mapping: int) -> bool:
        """One delivery is settled. True when that was the last one of its event."""
        event = self._open[position]
        assert event.outstanding is not None
        event.outstanding -= 1
        if event.outstanding == 0:
            del self._open[position]
            return True
        event.settled.append(mapping)
        return False

    def completed(self) -> bytes:
        """What is settled beyond the cursor, for the next start; empty when nothing is open."""
        if not self._open:
            return b""
        open = ((position, event.settled) for position, event in self._open.items())
        return encode(max(self.read, self._horizon), open)
