"""What a lane tells those who listen: what became of an event, and what an attempt sent."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from actionsd.clock import Clock
from actionsd.delivery.outcome import Outcome
from actionsd.delivery.work import Delivery
from actionsd.event import Entry
from actionsd.observe import Seen, Tap


class Teller:
    """Publishes for one destination. Ask :attr:`listening` first: nobody may be there."""

    def __init__(self, destination: int, clock: Clock, tap: Tap) -> None:
        self._destination = destination
        self._clock = clock
        self._tap = tap

    @property
    def listening(self) -> bool:
        """Whether anybody listens."""
        return self._tap.listening

    def left_out(self, entry: Entry, event: Mapping[str, Any], reason: str) -> None:
        """The destination does not want an event, or no mapping matches it. Told a little later: that it was accepted
        is to be heard first, and ingest hears of the commit after the lane."""
        step = "filtered" if reason.startswith("FILTERED") else "discarded"
        asyncio.get_running_loop().call_soon(partial(self._publish, step, entry, event, reason=reason))

    def given_up(self, step: str, delivery: Delivery, reason: str) -> None:
        """A delivery ends without another attempt."""
        self._publish(step, delivery.entry, delivery.event, mapping=delivery.mapping, reason=reason)

    def ended(self, step: str, delivery: Delivery, outcome: Outcome, took_ms: float, *, first: bool) -> None:
        """An attempt at a delivery has ended. What was sent goes with the ``first`` delivery of an attempt, for a batch
        has it in common."""
        shown: dict[str, Any] = {}
        if self._tap.exchanges:
            shown = {"message": outcome.explanation, "exchange": outcome.exchange if first else b""}
        self._publish(
            step, delivery.entry, delivery.event, mapping=delivery.mapping, reason=outcome.code,
            status=outcome.status, took_ms=took_ms, **shown,
        )  # fmt: skip

    def _publish(self, step: str, entry: Entry, event: Mapping[str, Any], **facts: Any) -> None:
        self._tap.publish(
            Seen(
                at=self._clock.now(),
                step=step,
                source=entry.source,
                message_id=entry.message_id,
                position=entry.position,
                type=str(event.get("type", "")),
                event=str(event.get("event", "")),
                destination=self._destination,
                **facts,
            )
        )
