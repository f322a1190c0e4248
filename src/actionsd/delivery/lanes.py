"""All lanes of the daemon: opened and closed as the workspace says, fed with what the journal commits."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Coroutine
from typing import Any

from actionsd.catalog import Catalog
from actionsd.clock import Clock
from actionsd.delivery.ages import Ages
from actionsd.delivery.alarms import Alarms
from actionsd.delivery.context import Context
from actionsd.delivery.credentials import Credentials
from actionsd.delivery.outlet import Outlet
from actionsd.delivery.slots import Pool
from actionsd.delivery.status import LaneStatus
from actionsd.delivery.transport import HttpTransport, Resolver, Sender
from actionsd.errors import ConfigError, NotFound
from actionsd.event import Entry
from actionsd.observe import Tap
from actionsd.sdk import Transport
from actionsd.settings import Delivery
from actionsd.store import Store
from actionsd.store.records import Destination, LaneKey, Replay, Workspace

log = logging.getLogger(__name__)
_catch_up_limit = 5.0  # seconds


class Lanes:
    """The daemon's deliveries. Everything but the awaited calls returns at once; all of it runs on one event loop.

    Args:
        transport: makes the HTTP client of a destination; each has its own connections (RULES R28).
        chance: numbers in [0, 1) that spread the retries.
    """

    def __init__(
        self, store: Store, catalog: Catalog, clock: Clock, options: Delivery, tap: Tap, *,
        transport: Callable[[], Sender] | None = None, chance: Callable[[], float] = random.random,
    ) -> None:  # fmt: skip
        self._store = store
        self._catalog = catalog
        self._pool = Pool()
        self._alarms = Alarms(clock)
        self._resolver = Resolver()
        self._transport = transport or (lambda: HttpTransport(self._resolver))
        self._context = Context(store, clock, self._alarms, options, tap, Ages(clock), random=chance, knows=self.knows)
        self._outlets: dict[int, Outlet] = {}
        self._slugs: frozenset[str] = frozenset()
        self._tasks: set[asyncio.Task[None]] = set()
        self._running = False

    async def start(self) -> None:
        """Open the lanes of the store's current workspace, and take what is committed from now on."""
        self._running = True
        self._store.journal.subscribe(self._committed)
        self._store.ledger.fence = self._fence
        self.apply(self._store.workspace.current)
        await self.applied()

    def apply(self, workspace: Workspace) -> None:
        """Bring all lanes in line with a workspace, each as soon as it can (RULES R18, R20). Before :meth:`start` this
        does nothing."""
        if not self._running:
            return
        self._slugs = frozenset(destination.slug for destination in workspace.destinations)
        gone = self._outlets.keys() - {destination.id for destination in workspace.destinations}
        for id in gone:
            self._spawn(self._outlets.pop(id).close())
        for destination in workspace.destinations:
            self._spawn(self._configure(destination))

    async def applied(self) -> None:
        """Wait until what was applied holds."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def resume(self, destination: int = 0) -> None:
        """Forget what is known against a destination: breakers close, quarantine ends. Without one, all lanes held
        after a restore start (RULES R17, R33).

        Raises:
            NotFound: there is no such destination.
        """
        if destination:
            outlet = self._outlet(destination)
            outlet.gate.reset()
            outlet.wake()
            return
        await self._store.release()
        self.apply(self._store.workspace.current)

    def sender(self) -> Sender:
        """A client for what a destination is asked apart from deliveries; whoever asks closes it."""
        return self._transport()

    def requeued(self, destination: int) -> None:
        """Dead letters of a destination are retry rows again: look at once.

        Raises:
            NotFound: there is no such destination.
        """
        for lane in self._outlet(destination).lanes:
            lane.refresh()

    async def catch_up(self, destination: int) -> None:
        """Have what is known of a destination's deliveries committed, so that its cursor tells it (RULES R30). It is
        not waited for where the store takes longer than five seconds.

        Raises:
            NotFound: there is no such destination.
        """
        live = self._outlet(destination).live
        if live is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_catch_up_limit):
                    await live.catch_up()

    async def start_replay(self, replay: Replay) -> None:
        """Run a replay, new or resumed (RULES R30). It waits while its destination does not deliver.

        Raises:
            NotFound: its destination is gone.
        """
        await self._store.replays.set_state(replay.id, "running")
        await self._outlet(replay.destination).start_replay(replay)

    async def stop_replay(self, replay: Replay) -> None:
        """Stop a replay; its retries are dropped.

        Raises:
            NotFound: its destination is gone.
        """
        await self._outlet(replay.destination).stop_replay(replay.id)
        await self._store.replays.set_state(replay.id, "stopped")

    def link(self, destination: int) -> tuple[Transport, Credentials]:
        """How a destination is reached: its own connections, and the tokens that its deliveries use, for calls that are
        no deliveries.

        Raises:
            NotFound: there is no such destination.
        """
        outlet = self._outlet(destination)
        return outlet.transport, outlet.credentials

    def status(self) -> list[LaneStatus]:
        """All lanes, those that are closed included."""
        return [status for outlet in self._outlets.values() for status in outlet.status()]

    def knows(self, name: str) -> bool:
        """Whether this is the name of a definition or the slug of a destination, as ``integrations`` objects use them
        (FEATURES 2.7)."""
        return name in self._slugs or self._catalog.has_name(name)

    def running_in(self, task: "asyncio.Task[Any]") -> str:
        """What runs in a task, as "slug/action" (RULES R27); "" when it is no attempt. Safe to call from a thread."""
        for outlet in list(self._outlets.values()):
            for lane in outlet.lanes:
                if name := lane.of(task):
                    return name
        return ""

    async def stop(self) -> None:
        """Finish what is claimed within ``drain_timeout``, cancel the rest, settle everything (RULES R32)."""
        self._running = False
        await self.applied()
        await asyncio.gather(*[outlet.close() for outlet in self._outlets.values()])
        self._outlets.clear()
        self._alarms.stop()
        self._resolver.close()

    async def _configure(self, destination: Destination) -> None:
        outlet = self._outlets.get(destination.id)
        if outlet is None:
            outlet = Outlet(destination, self._pool, self._transport(), self._context, self._replayed)
            self._outlets[destination.id] = outlet
        try:
            await outlet.configure(destination, self._catalog, held=self._store.held)
        except ConfigError as error:
            log.error("destination %s does not deliver: %s", destination.slug, error)

    def _outlet(self, destination: int) -> Outlet:
        outlet = self._outlets.get(destination)
        if outlet is None:
            raise NotFound(f"there is no destination {destination}")
        return outlet

    def _committed(self, block: list[Entry]) -> None:
        for outlet in self._outlets.values():
            if outlet.live is not None:
                outlet.live.offer(block)

    def _fence(self, key: LaneKey, position: int) -> int:
        """What retention asks before it passes a lane (RULES R11)."""
        outlet = self._outlets.get(key.destination)
        lane = None if outlet is None else outlet.lane(key)
        return position if lane is None else lane.yield_to(position)

    def _replayed(self, replay: int) -> None:
        self._spawn(self._mark_done(replay))

    async def _mark_done(self, replay: int) -> None:
        await self._store.replays.set_state(replay, "done")

    def _spawn(self, call: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(call)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a change of the workspace failed", exc_info=error)
