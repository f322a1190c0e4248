"""The lane's view on the journal: blocks handed over after their commit, else pages read back (RULES R8)."""

from collections import deque
from collections.abc import Sequence

from actionsd.event import Entry

ring_events = 4_096
ring_bytes = 8 * 1024 * 1024
page_events = 512  # two full segments of the journal
page_bytes = 2 * 1024 * 1024


class Reader:
    """A bounded ring of entries in the order of their positions. ``tail`` is the last position that it knows of."""

    def __init__(self, position: int) -> None:
        self.tail = position
        self._ring: deque[Entry] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._ring)

    def offer(self, block: Sequence[Entry]) -> bool:
        """Take a fresh block, if it follows on what is here and there is room. What is left out is read back later."""
        if block[0].position != self.tail + 1 or len(self._ring) + len(block) > ring_events or self._bytes > ring_bytes:
            return False
        self.put(block)
        return True

    def put(self, page: Sequence[Entry]) -> None:
        """Entries of the journal, ascending; what is here already is left out, positions may be missing (expired)."""
        fresh = page if page[0].position > self.tail else [entry for entry in page if entry.position > self.tail]
        self._ring.extend(fresh)
        self._bytes += sum([len(entry.body) for entry in fresh])
        self.tail = max(self.tail, page[-1].position)

    def pass_over(self, position: int) -> None:
        """The journal holds nothing after ``tail`` up to ``position``."""
        self.tail = max(self.tail, position)

    def skip(self, position: int) -> None:
        """There is nothing more to read up to ``position``; what is held of it is dropped."""
        while self._ring and self._ring[0].position <= position:
            self.take()
        self.tail = max(self.tail, position)

    def take(self) -> Entry | None:
        """The next entry, or None when a page must be read."""
        if not self._ring:
            return None
        entry = self._ring.popleft()
        self._bytes -= len(entry.body)
        return entry
