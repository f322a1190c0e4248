"""One running daemon: its parts, started in the order in which events flow backwards, stopped in reverse.

Deliveries must be able to go out before an event comes in, and what came in must be able to go out before the store
closes: so store, lanes, ingest, admin on the way up (RULES R32 on the way down).
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from actionsd import catalog, check, settings
from actionsd.admin.listeners import Admin
from actionsd.catalog import Catalog
from actionsd.clock import Clock
from actionsd.daemon.pulse import Pulse
from actionsd.daemon.unused import load_unused
from actionsd.delivery.dry import DryTransport
from actionsd.delivery.lanes import Lanes
from actionsd.errors import StoreBroken
from actionsd.ingest import Ingest
from actionsd.observe import Tap
from actionsd.operate import alerts
from actionsd.operate.deletions import Deletions
from actionsd.operate.flows import Flows
from actionsd.operate.parts import Names, Parts
from actionsd.operate.totals import Rates
from actionsd.settings import Address, Settings, located
from actionsd.store import Store, StoreOptions

log = logging.getLogger(__name__)


class Daemon:
    """``start`` and ``stop`` are called once each; ``on_broken`` is called when the store cannot go on. In a dry run no
    request leaves the process, and the journal is another one, so that no real event counts as delivered."""

    def __init__(
        self, path: Path, clock: Clock, on_beat: Callable[[], None], on_broken: Callable[[StoreBroken], None],
        *, dry_run: bool = False,
    ) -> None:  # fmt: skip
        self._path = path
        self._dry_run = dry_run
        self._clock = clock
        self._on_beat = on_beat
        self._stack = AsyncExitStack()
        self._on_broken = on_broken
        self.parts: Parts

    async def start(self) -> None:
        """Read the config and bring everything up; what was started is stopped again when a later part fails.

        Raises:
            ConfigError: the file is wrong, a listener is taken, or another daemon has the data directory.
            StoreBroken: the database cannot be opened.
        """
        definitions = catalog.load()
        read = self._read(definitions)
        async with AsyncExitStack() as stack:
            await self._start(stack, read, definitions)
            self._stack = stack.pop_all()

    def load_unused(self) -> None:
        """From now on load the plugins that no destination uses, see :mod:`actionsd.daemon.unused`."""
        parts = self.parts
        loading = load_unused(parts.catalog, lambda: sum(parts.store.counts.values()), self._clock)
        self._stack.push_async_callback(_cancel, asyncio.create_task(loading, name="plugins"))

    async def stop(self) -> None:
        """Answer what was read, drain the lanes, close the store (RULES R32)."""
        await self._stack.aclose()

    async def reload(self) -> None:
        """Take the file as it is now, whole or not at all (RULES R21). Plugins stay those of the start.

        Raises:
            ConfigError: what is wrong with it, or what only a restart can change.
        """
        parts = self.parts
        read = self._read(parts.catalog)
        refuse_what_needs_a_restart(parts.settings, read, self._path)
        workspace = await parts.store.workspace.declare(read.sources, read.destinations, settings.written(self._path))
        parts.settings = read
        parts.apply(workspace)
        await parts.lanes.applied()

    def _read(self, definitions: Catalog) -> Settings:
        read = check.prepare(settings.load(self._path), definitions, self._path)
        return replace(read, data_dir=read.data_dir / "dry-run") if self._dry_run else read

    async def _start(self, stack: AsyncExitStack, read: Settings, definitions: Catalog) -> None:
        clock, tap = self._clock, Tap()
        read.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        store = await Store.open(_store_options(read, self._path), clock)
        stack.push_async_callback(store.close)
        store.on_broken = self._on_broken
        workspace = await store.workspace.declare(read.sources, read.destinations, settings.written(self._path))
        if store.held:
            await _tell_what_is_held(store)

        if self._dry_run:
            log.info("a dry run: every request is answered with 200 here, nothing is sent")
        lanes = Lanes(store, definitions, clock, read.delivery, tap, transport=DryTransport if self._dry_run else None)
        await lanes.start()
        stack.push_async_callback(lanes.stop)

        ingest = Ingest(
            read.ingest, store.journal, clock, tap, lambda: store.trouble, store.regulations.suppressed,
            store.oauth_clients,
        )  # fmt: skip
        ingest.apply(workspace)
        await ingest.start()
        stack.push_async_callback(ingest.stop)

        deletions = Deletions(
            store, definitions, clock, lanes.sender, lambda id: lanes.link(id)[1], read.delivery.request_timeout
        )
        await deletions.start()
        stack.push_async_callback(deletions.stop)

        rates = Rates(store.counts, clock)
        pulse = Pulse(clock, (self._on_beat, rates.sample), lanes.running_in)
        stack.push_async_callback(_cancel, asyncio.create_task(pulse.run(), name="pulse"))
        self.parts = Parts(
            path=self._path,
            settings=read,
            catalog=definitions,
            clock=clock,
            tap=tap,
            store=store,
            lanes=lanes,
            ingest=ingest,
            deletions=deletions,
            started_at=clock.now(),
            listeners={"ingest": _shown(ingest.addresses), "stream": _shown(ingest.stream_addresses), "admin": []},
            rates=rates,
            loop_delay=lambda: pulse.delay,
            flows=Flows(clock),
        )
        stack.push_async_callback(_cancel, asyncio.create_task(alerts.watch(self.parts), name="alerts"))
        admin = Admin(self.parts, read.admin, read.data_dir)
        await admin.start()
        stack.push_async_callback(admin.stop)
        self.parts.listeners["admin"] = _shown(admin.addresses)


def refuse_what_needs_a_restart(old: Settings, new: Settings, path: Path) -> None:
    """Sources and destinations follow a reload; everything else is given to the parts once, when they start.

    Raises:
        ConfigError: names each table or key that changed.
    """
    changed = [
        f"{table}.{field}" if table else field
        for table, before, after in (
            ("", old, new),
            ("ingest", old.ingest, new.ingest),
            ("admin", old.admin, new.admin),
            ("journal", old.journal, new.journal),
            ("delivery", old.delivery, new.delivery),
        )
        for field in before.__struct_fields__
        if field not in _reloadable and getattr(before, field) != getattr(after, field)
    ]
    if changed:
        raise located(path, [(key, "a change needs a restart") for key in changed])


_reloadable = {"sources", "destinations", "ingest", "admin", "journal", "delivery"}  # tables are compared key by key


async def _tell_what_is_held(store: Store) -> None:
    """The first start of a restored copy: what would go out, for a person to decide (RULES R33)."""
    log.warning("this is a restored copy: deliveries are held until `actionsctl resume`")
    names = Names(store.workspace.current)
    for lane, (events, retries) in (await store.pending()).items():
        held = {"destination": names.destination(lane.destination), "events": events, "retries": retries}
        log.warning("held", extra=held)


def _store_options(read: Settings, path: Path) -> StoreOptions:
    windows = [declared.retry_window for declared in read.destinations if declared.retry_window is not None]
    journal = read.journal
    return StoreOptions(
        data_dir=read.data_dir,
        synchronous=journal.synchronous,
        dedup_window=read.ingest.dedup_window,
        retention=journal.retention,
        max_size=journal.max_size,
        min_free=journal.min_free,
        queue_bytes=read.ingest.queue_bytes,
        checkpoint_interval=read.delivery.checkpoint_interval,
        retry_window=max([read.delivery.retry_window, *windows]),
        resolve=partial(settings.resolve, folder=path.absolute().parent),
    )


def _shown(addresses: tuple[Address, ...]) -> list[str]:
    return [str(address) for address in addresses]


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})
