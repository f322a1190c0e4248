"""What became of a call, before it is committed."""

from typing import NamedTuple

from actionsd.event import Accepted, Facet
from actionsd.ingest.refusal import Refusal
from actionsd.store.records import Count


class Refused(NamedTuple):
    """An event of a batch that is not taken: its index there, and its messageId, "" when it has none."""

    place: int
    message_id: str
    refusal: Refusal


class Taken:
    """The events that go to the journal, the ones that don't, and the counts that are committed with both.

    ``source`` is 0 where no source has the write key; ``refusal`` is set where the call is refused as a whole;
    ``details`` say how many of ``counts`` are of which facet. ``filtered`` has messageId and reason of what the gate of
    the source blocked, ``forwarded`` what other sources get.
    """

    __slots__ = ("accepted", "batch", "counts", "details", "filtered", "forwarded", "refusal", "refused", "source")

    def __init__(self, source: int = 0, *, batch: bool = False) -> None:
        self.source = source
        self.batch = batch
        self.accepted: list[Accepted] = []
        self.refused: list[Refused] = []
        self.refusal: Refusal | None = None
        self.counts: dict[Count, int] = {}
        self.details: dict[tuple[Count, Facet], int] = {}
        self.filtered: list[tuple[str, str]] = []
        self.forwarded: dict[int, list[Accepted]] = {}

    def count(self, step: str, reason: str = "", events: int = 1, facet: Facet | None = None) -> None:
        what = Count(step, reason, self.source)
        self.counts[what] = self.counts.get(what, 0) + events
        if facet is not None and self.source:
            self.details[what, facet] = self.details.get((what, facet), 0) + events

    def refuse(self, refusal: Refusal, events: int = 1, facet: Facet | None = None) -> "Taken":
        """Refuse the whole call, which holds so many events."""
        self.refusal = refusal
        self.count("refused", refusal.code, events, facet)
        return self

    def forward(self, source: int, events: list[Accepted]) -> None:
        """Events that another source gets with this call."""
        self.forwarded.setdefault(source, []).extend(events)

    def refuse_item(self, place: int, message_id: str, refusal: Refusal, facet: Facet | None = None) -> None:
        self.refused.append(Refused(place, message_id, refusal))
        self.count("refused", refusal.code, facet=facet)
