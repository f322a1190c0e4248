"""How a lane claims: the next event it wants, and the deliveries that its route makes of it (RULES R3, R11, R19)."""

from typing import Any

import msgspec

from actionsd.delivery.gathering import Gathering
from actionsd.delivery.plan import Plan
from actionsd.delivery.reader import Reader
from actionsd.delivery.sampling import Sampler
from actionsd.delivery.telling import Teller
from actionsd.delivery.window import Window
from actionsd.delivery.work import Delivery
from actionsd.event import Entry
from actionsd.routing.route import at_mapping, no_match
from actionsd.store.records import Dead

undecodable = "undecodable"
internal = "INTERNAL"
events_at_once = 256  # looked at before other work gets a turn; each may cost some microseconds


class Scope(msgspec.Struct, frozen=True):
    """Which entries a lane consumes: those of one ``source`` (0: any) after ``start`` up to ``last``. A replay may want
    one ``event`` name, one ``mapping``, ignore where mappings start, skip what is ``pending`` live, and keep to a
    ``rate`` of deliveries a second (RULES R30)."""

    source: int
    start: int
    last: int | None = None
    event: str = ""
    mapping: int = 0
    pending: frozenset[tuple[int, int]] = frozenset()
    rate: float | None = None

    @property
    def is_replay(self) -> bool:
        return self.last is not None


class Claims:
    """Takes entries from the reader and claims them in the window. ``gathering`` counts what is discarded at once."""

    def __init__(self, scope: Scope, window: Window, reader: Reader, teller: Teller, sampler: Sampler) -> None:
        self._scope = scope
        self._teller = teller
        self._sampler = sampler
        self._window = window
        self._reader = reader
        self.budget = events_at_once

    def claim(self, plan: Plan, gathering: Gathering) -> list[Delivery] | None:
        """The deliveries of the next event that has any. None: there is no entry here, or ``budget`` is used up."""
        scope, window = self._scope, self._window
        while self.budget > 0 and (entry := self._reader.take()) is not None:
            position = entry.position
            if scope.source not in (0, entry.source) or position <= scope.start:
                window.pass_over(position)
                continue
            settled = window.settled_mappings(position)
            if settled is None:
                window.pass_over(position)
                continue
            self.budget -= 1
            deliveries = self._route(entry, plan, gathering)
            if settled:
                deliveries = [delivery for delivery in deliveries if delivery.mapping not in settled]
            window.claim(position, len(deliveries))
            if deliveries:
                return deliveries
        if not self._reader and self._reader.tail > window.read:
            window.pass_over(self._reader.tail)
        return None

    def _route(self, entry: Entry, plan: Plan, gathering: Gathering) -> list[Delivery]:
        """The deliveries of one event; none when it is discarded, or cannot be read (RULES R26)."""
        if plan.route.is_deaf:
            self._leave_out(entry, {}, no_match, gathering)
            return []
        try:
            return self._matched(entry, entry.event, plan, gathering)
        except msgspec.DecodeError as error:
            self._give_up(entry, undecodable, str(error), gathering)
        except Exception as error:
            plan.log.exception("routing the event at %d failed", entry.position)
            self._give_up(entry, internal, repr(error), gathering)
        return []

    def _matched(self, entry: Entry, event: dict[str, Any], plan: Plan, gathering: Gathering) -> list[Delivery]:
        scope, position = self._scope, entry.position
        if scope.event and event.get("event") != scope.event:
            return []
        admitted, reason = plan.route.admit(event, entry.metadata)
        if admitted is None:
            self._leave_out(entry, event, reason, gathering)
            return []
        matches = plan.route.matches(admitted, None if scope.is_replay else position)
        if scope.is_replay:
            matches = tuple(mapping for mapping in matches if self._is_wanted(mapping, position))
        if not matches:
            self._leave_out(entry, admitted, at_mapping, gathering)
        shared: dict[str, Any] | None = {} if len(matches) > 1 else None
        return [Delivery(entry, admitted, mapping, shared=shared) for mapping in matches]

    def _leave_out(self, entry: Entry, event: dict[str, Any], reason: str, gathering: Gathering) -> None:
        gathering.discard(reason, entry.facet)
        if self._sampler.wants(reason):
            gathering.samples.append(self._sampler.unsent(entry, "discarded", reason))
        if self._teller.listening:
            self._teller.left_out(entry, event, reason)

    def _give_up(self, entry: Entry, reason: str, message: str, gathering: Gathering) -> None:
        """A dead letter for an event that no mapping got to see."""
        at = entry.received_at
        dead = Dead(gathering.lane, 0, entry.position, reason, reason, message, 0, at, at, requeueable=False)
        gathering.die(dead, reason, entry.facet)
        if self._sampler.wants(reason):
            gathering.samples.append(self._sampler.unsent(entry, "dead", reason, message=message))

    def _is_wanted(self, mapping: int, position: int) -> bool:
        return self._scope.mapping in (0, mapping) and (mapping, position) not in self._scope.pending
