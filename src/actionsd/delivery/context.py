"""What all lanes share."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

from actionsd.clock import Clock
from actionsd.delivery.ages import Ages
from actionsd.delivery.alarms import Alarms
from actionsd.delivery.work import Delivery
from actionsd.observe import Tap
from actionsd.settings import Delivery as Options
from actionsd.store import Store
from actionsd.store.records import LaneKey


@dataclass(frozen=True, slots=True)
class Context:
    """``random`` gives numbers in [0, 1) that spread the retries; ``knows`` tells whether a name in ``integrations`` is
    that of a definition or destination."""

    store: Store
    clock: Clock
    alarms: Alarms
    options: Options
    tap: Tap
    ages: Ages
    random: Callable[[], float]
    knows: Callable[[str], bool]

    def delivery_id(self, lane: LaneKey, delivery: Delivery) -> str:
        """The same text whenever this delivery is tried again, and for no other (RULES R7)."""
        name = f"{self.store.epoch} {delivery.entry.position} {delivery.mapping} {lane.replay}"
        return blake2b(name.encode(), digest_size=16).hexdigest()
