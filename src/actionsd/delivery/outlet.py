"""One destination at work: its gate, its live lane and its replays."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from actionsd.catalog import Catalog
from actionsd.delivery.claims import Scope
from actionsd.delivery.context import Context
from actionsd.delivery.credentials import Credentials
from actionsd.delivery.decide import Policy
from actionsd.delivery.gate import Gate
from actionsd.delivery.histogram import Histogram
from actionsd.delivery.lane import Lane
from actionsd.delivery.plan import Plan, configured_auth
from actionsd.delivery.slots import Pool
from actionsd.delivery.status import LaneStatus
from actionsd.delivery.transport import Sender
from actionsd.errors import ConfigError
from actionsd.sdk import Auth, Definition
from actionsd.store.records import Destination, LaneKey, LaneState, Replay

disabled = "destination_disabled"


class Outlet:
    """Opens and closes the lanes of a destination as its configuration says. ``trouble`` is why it has none, or "".
    ``on_replayed`` is called with the id of a replay that is through."""

    def __init__(
        self, destination: Destination, pool: Pool, transport: Sender, context: Context,
        on_replayed: Callable[[int], None],
    ) -> None:  # fmt: skip
        self.destination = destination
        self.trouble = ""
        self.live: Lane | None = None
        self.replays: dict[int, Lane] = {}
        self.histogram = Histogram()
        self.gate = Gate(pool, self.wake, context.options.in_flight)
        self.state: LaneState | None = None  # of the live lane when it was opened or closed
        self.transport = transport
        self._on_replayed = on_replayed
        self._context = context
        self._plan: Plan | None = None
        self._configured: Auth | None = None
        self._credentials: Credentials | None = None
        self._planned: Destination | None = None
        self._changing = asyncio.Lock()

    @property
    def lanes(self) -> list[Lane]:
        """Those that are open, the live one first."""
        return [*([self.live] if self.live else []), *self.replays.values()]

    def lane(self, key: LaneKey) -> Lane | None:
        """An open lane by its key."""
        return self.replays.get(key.replay) if key.replay else self.live

    def status(self) -> list[LaneStatus]:
        """Of all open lanes; of the live one also while it is closed."""
        state, live = self.destination.state, self.live
        replays = [lane.status(state, None) for lane in self.replays.values()]
        if live is not None:
            return [live.status(state, self.histogram), *replays]
        cursor = 0 if self.state is None else self.state.cursor
        closed = LaneStatus(
            self.destination.id, 0, state, self.trouble, cursor=cursor, read=cursor, histogram=self.histogram
        )
        return [closed, *replays]

    @property
    def credentials(self) -> Credentials:
        """The tokens that its deliveries use. They outlive versions that leave what is configured of them alone."""
        configured, kept = configured_auth(self.destination), self._context.store.oauth
        if self._credentials is None or configured != self._configured:
            newest = kept.newest(self.destination.id, configured)
            self._credentials = Credentials(newest, partial(kept.save, self.destination.id, configured))
            self._configured = configured
        return self._credentials

    def wake(self) -> None:
        """Let all lanes look for work, the live one first."""
        for lane in self.lanes:
            lane.wake()

    async def configure(self, destination: Destination, catalog: Catalog, *, held: bool) -> None:
        """Bring the lanes in line with a version of the destination.

        Raises:
            ConfigError: it cannot work; its lanes are closed and everything waits.
        """
        async with self._changing:
            self.destination = destination
            self.trouble = ""
            if destination.state != "enabled" or held:
                await self._close()
                if destination.state == "disabled":
                    await self._context.store.ledger.retire(LaneKey(destination.id), disabled)
                return
            try:
                self._compile(destination, catalog)
                await self._open()
            except ConfigError as error:
                self.trouble = str(error)
                await self._close()
                raise

    async def close(self) -> None:
        """Stop all lanes: finish what is claimed within ``drain_timeout``, cancel the rest (RULES R32)."""
        async with self._changing:
            await self._close()
            self.gate.close()
            await self.transport.close()

    async def start_replay(self, replay: Replay) -> None:
        """Run a replay, new or resumed (RULES R30)."""
        async with self._changing:
            if self._plan is not None and self.live is not None and replay.id not in self.replays:
                await self._open_replay(replay, self._plan)

    async def stop_replay(self, replay: int) -> None:
        """Close a replay's lane; what it had not reached stays where it is."""
        async with self._changing:
            lane = self.replays.pop(replay, None)
            if lane is not None:
                await self._finish([lane])

    def _compile(self, destination: Destination, catalog: Catalog) -> None:
        planned = msgspec.structs.replace(destination, state="")
        if self._plan is not None and planned == self._planned:
            return
        if destination.trouble:
            raise ConfigError(f"destination {destination.slug!r}: {destination.trouble}")
        definition = _definition(destination, catalog)
        options, clock = self._context.options, self._context.clock
        window = options.retry_window if destination.retry_window is None else destination.retry_window
        policy = Policy(window, options.retry_base, options.retry_cap, self._context.random)
        timeout = options.request_timeout if destination.timeout is None else destination.timeout
        plan = self._plan = Plan(destination, definition, policy, timeout, self._context.knows, self.credentials)
        self._planned = planned
        self.transport.timeout = timeout
        self.gate.configure(
            plan.mappings,
            plan.own_urls,
            concurrency=destination.concurrency or options.concurrency,
            rate=destination.rate_limit,
            now=clock.monotonic(),
        )
        for lane in self.lanes:
            lane.replan(plan)

    async def _open(self) -> None:
        if self.live is not None or self._plan is None:
            return
        destination, store = self.destination, self._context.store
        state = await store.ledger.lane(LaneKey(destination.id))
        if state is not None and state.cursor < state.start:
            await store.ledger.skip(destination.id, disabled)
            state = await store.ledger.lane(LaneKey(destination.id))
        if state is None:
            raise ConfigError(f"destination {destination.slug!r} has no lane in the store")
        self.state = state
        scope = Scope(destination.source, state.start)
        self.live = await self._opened(state, scope, self._plan)
        for replay in await store.replays.list(destination=destination.id):
            if replay.state == "running":
                await self._open_replay(replay, self._plan)

    async def _open_replay(self, replay: Replay, plan: Plan) -> None:
        pending = await self._context.store.ledger.pending(replay.destination, replay.first, replay.last)
        state = LaneState(LaneKey(replay.destination, replay.id), 0, replay.cursor, replay.completed)
        scope = Scope(
            source=replay.source,
            start=replay.first - 1,
            last=replay.last,
            event=replay.event,
            mapping=replay.mapping,
            pending=frozenset(pending),
            rate=replay.rate,
        )
        self.replays[replay.id] = await self._opened(state, scope, plan)

    async def _opened(self, state: LaneState, scope: Scope, plan: Plan) -> Lane:
        lane = Lane(state, plan, self.gate, scope, self.histogram, self.transport, self._context, self._through)
        await lane.prepare()
        lane.open = True
        lane.wake()
        return lane

    def _through(self, lane: Lane) -> None:
        if self.replays.get(lane.key.replay) is lane:
            del self.replays[lane.key.replay]
            self._on_replayed(lane.key.replay)

    async def _close(self) -> None:
        lanes, self.live, self.replays = self.lanes, None, {}
        await self._finish(lanes)
        self._plan = None
        if lanes:
            self.state = await self._context.store.ledger.lane(LaneKey(self.destination.id))

    async def _finish(self, lanes: list[Lane]) -> None:
        """Let lanes finish, cancel what takes longer than ``drain_timeout``."""
        if not lanes:
            return
        finished = asyncio.gather(*[lane.finish() for lane in lanes])
        limit = asyncio.ensure_future(self._context.clock.sleep(self._context.options.drain_timeout))
        await asyncio.wait((finished, limit), return_when=asyncio.FIRST_COMPLETED)
        limit.cancel()
        for lane in lanes:
            lane.abort()
        await finished


def _definition(destination: Destination, catalog: Catalog) -> Definition[Any]:
    try:
        return catalog.find(destination.definition)
    except LookupError as error:
        raise ConfigError(f"destination {destination.slug!r}: {error}") from None
