"""Which outcomes are worth a sample, and what it holds (FEATURES F170).

A lane asks before it makes one, so that a healthy delivery pays a look-up and a comparison: of each reason the first
ten are kept and then one a minute, of what a mapping delivers one a minute.
"""

import json

from actionsd.clock import Clock
from actionsd.delivery.outcome import Outcome
from actionsd.delivery.work import Delivery
from actionsd.event import Entry
from actionsd.store.records import Sample

_interval = 60.0  # seconds between samples
_burst = 10  # of a reason that was not seen for so many intervals
_most_reasons = 200  # that are watched: a plugin's error codes could be without end
_longest = 65_536  # characters of a payload, as of the bodies of an exchange


class Sampler:
    """One lane's; ``now`` is the monotonic second that the lane looks at before it asks."""

    def __init__(self, destination: int, clock: Clock) -> None:
        self.now = clock.monotonic()
        self._destination = destination
        self._clock = clock
        self._next: dict[str | int, float] = {}  # by reason, or by mapping for what was delivered

    def wants(self, reason: str) -> bool:
        """Whether to take a sample of what was discarded or failed now."""
        fresh = self.now - (_burst - 1) * _interval
        at = self._next.get(reason, fresh)
        if at > self.now or (reason not in self._next and len(self._next) >= _most_reasons):
            return False
        self._next[reason] = max(at, fresh) + _interval
        return True

    def wants_delivered(self, mapping: int) -> bool:
        """Whether to take a sample of what a mapping has delivered now."""
        if self._next.get(mapping, self.now) > self.now:
            return False
        self._next[mapping] = self.now + _interval
        return True

    def unsent(self, entry: Entry, step: str, reason: str, mapping: int = 0, message: str = "") -> Sample:
        """What ended without an attempt."""
        at = self._clock.now()
        return Sample(
            self._destination, mapping, step, reason, entry.position, entry.message_id, at, message, entry.body,
            entry.added,
        )  # fmt: skip

    def ended(self, delivery: Delivery, step: str, reason: str, outcome: Outcome) -> Sample:
        """A delivery after an attempt, with what it sent and what was answered."""
        entry, at = delivery.entry, self._clock.now()
        return Sample(
            self._destination, delivery.mapping, step, reason, entry.position, entry.message_id, at, outcome.message,
            entry.body, entry.added, _payload(outcome), outcome.exchange,
        )  # fmt: skip


def _payload(outcome: Outcome) -> bytes:
    """The payload as JSON without secrets; a long one is cut, as a JSON text of its beginning."""
    if outcome.session is None or outcome.sent is None:
        return b""
    text = outcome.session.redact(json.dumps(outcome.payload, ensure_ascii=False, default=str))
    return (text if len(text) <= _longest else json.dumps(text[:_longest])).encode(errors="replace")
