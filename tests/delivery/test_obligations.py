"""Whatever happens, an accepted event ends delivered or as a dead letter, and a crash repeats no more than it may.

A state machine on the real store: random events whose attempts go wrong in random ways, pauses, reloads, clean restarts
and crashes (invariants I1, I2; RULES R3, R4, R29).
"""

import asyncio
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from actionsd.delivery.gate import abandoned_to_quarantine
from actionsd.sdk import Request, Response
from actionsd.settings import Delivery
from support.clock import FakeClock
from support.lanes import Bench, destination, event, hang, mapping, reset, status

IN_FLIGHT = 8
FAILURES = ("500", "400", "429", "hang", "reset", "stubborn")


class Obligations(RuleBasedStateMachine):
    """``plans`` are the failures that an event's attempts meet before they succeed."""

    @initialize(batched=st.booleans(), concurrency=st.integers(1, 6))
    def start(self, batched: bool, concurrency: int) -> None:
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.plans: dict[str, list[str]] = {}
        self.accepted: list[str] = []
        self.crashes = 0
        self.stubbornness = 0
        self.batched = batched
        options = Delivery(in_flight=IN_FLIGHT, concurrency=concurrency, request_timeout=5.0, retry_window=60.0)
        self.it = Bench(Path(self.folder.name) / "data", FakeClock(), options)
        self.it.directory.mkdir()
        self.it.partner.respond = self.respond
        self.run(self.it.start(self.declared()))

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    def declared(self) -> Any:
        return destination("one", mapping("all", "batch", batch_size=3) if self.batched else mapping("all"))

    def respond(self, request: Request) -> Any:
        """The worst of what the events of a request have planned."""
        planned = [plan.pop(0) for id in self.it.partner.ids(request) if (plan := self.plans.get(id))]
        match min(planned, key=FAILURES.index, default="ok"):
            case "hang":
                return hang()
            case "stubborn":
                return self.stubborn()
            case "reset":
                return reset()
            case "429":
                return status(429, retry_after="20")
            case "ok":
                return None
            case code:
                return status(int(code))

    def bearable(self, plan: list[str]) -> list[str]:
        """The plan, with too few stubborn failures over all to put the destination into quarantine for good (R27)."""
        kept = []
        for failure in plan:
            self.stubbornness += failure == "stubborn"
            kept.append("hang" if failure == "stubborn" and self.stubbornness >= abandoned_to_quarantine else failure)
        return kept

    async def stubborn(self) -> Response:
        """Swallows its first cancellation, then fails."""
        try:
            return await hang()
        except asyncio.CancelledError:
            return await hang()

    @rule(plans=st.lists(st.lists(st.sampled_from(FAILURES), max_size=4), min_size=1, max_size=6))
    def accept(self, plans: list[list[str]]) -> None:
        ids = [f"e{len(self.accepted) + number}" for number in range(len(plans))]
        self.plans |= dict(zip(ids, map(self.bearable, plans), strict=True))
        self.accepted += ids
        self.run(self.it.accept(*map(event, ids)))

    @rule(seconds=st.sampled_from([0.1, 1.0, 7.0, 30.0]))
    def wait(self, seconds: float) -> None:
        self.run(self.it.clock.advance(seconds))

    @rule()
    def pause(self) -> None:
        self.run(self.change("paused"))

    @rule()
    def unpause(self) -> None:
        self.run(self.change("enabled"))

    async def change(self, state: Any) -> None:
        self.it.lanes.apply(await self.it.store.workspace.set_state(self.it.id(), state))
        applied = asyncio.ensure_future(self.it.lanes.applied())
        while not applied.done():
            await self.it.clock.advance(1.0)
            await asyncio.wait((applied,), timeout=0.001)

    @rule()
    def restart(self) -> None:
        self.run(self.it.stop())
        self.run(self.it.start())

    @precondition(lambda self: self.crashes < 3)
    @rule()
    def crash(self) -> None:
        self.crashes += 1
        self.run(self.it.crash())
        self.run(self.it.start())

    @invariant()
    def no_more_is_in_flight_than_may_be(self) -> None:
        if hasattr(self, "it"):
            assert self.it.status().in_flight <= IN_FLIGHT

    def teardown(self) -> None:
        if not hasattr(self, "it"):
            return
        try:
            self.run(self.fulfil())
        finally:
            self.run(self.it.stop())
            self.runner.close()
            self.folder.cleanup()

    async def fulfil(self) -> None:
        """Everything works again: now each obligation must be met."""
        it = self.it
        for plan in self.plans.values():
            plan[:] = [failure for failure in plan if failure != "stubborn"]
        await self.change("enabled")
        await it.lanes.resume(it.id())
        await it.advance_until(self.is_done, step=5.0)
        letters = await it.store.ledger.dead(destination=it.id(), limit=1000)
        dead = {await self.id_of(letter.dead.position) for letter in letters}
        received = Counter(it.partner.received)
        assert set(received) | dead == set(self.accepted)
        assert received.total() - len(received) <= self.crashes * IN_FLIGHT, "more was repeated than was in flight"
        assert it.count("delivered") + it.count("dead") == len(self.accepted)

    def is_done(self) -> bool:
        lane = self.it.status()
        return lane.cursor == self.it.store.journal.head and lane.in_flight == lane.retrying == 0

    async def id_of(self, position: int) -> str:
        entries = await self.it.store.journal.entries([position])
        return entries[position].message_id


TestObligations = Obligations.TestCase
TestObligations.settings = settings(max_examples=30, stateful_step_count=15, deadline=None)
