"""After an unclean stop: what is about to be tried is written down first, one delivery at a time (RULES R26).

So an event that kills the process is found at the next start, and is a dead letter at the second.
"""

from collections.abc import Iterable

from actionsd.delivery.work import Attempt, Delivery
from actionsd.store.records import Intent

deadly_starts = 2  # unclean starts that find the same intent
crashed = "crashed_process"


class Careful:
    """What may have been in flight at the crash: at most ``deliveries``, none of them beyond ``head``."""

    def __init__(self, deliveries: int = 0, head: int = 0, intents: Iterable[Intent] = ()) -> None:
        self._left = deliveries
        self._head = head
        self._deadly = {(intent.mapping, intent.position) for intent in intents if intent.starts >= deadly_starts}

    def applies_to(self, attempt: Attempt) -> bool:
        """Whether this attempt needs an intent before it starts."""
        return self._left > 0 and any(delivery.entry.position <= self._head for delivery in attempt.deliveries)

    def is_deadly(self, delivery: Delivery) -> bool:
        """Whether the process has died twice while this was tried."""
        return (delivery.mapping, delivery.entry.position) in self._deadly

    def tried(self, attempt: Attempt) -> None:
        """It has ended, and the process lives."""
        self._left -= len(attempt.deliveries)
