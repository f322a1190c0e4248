"""The store as the rest of the daemon sees it: opens the file, holds its parts together, closes it."""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

from actionsd.clock import Clock
from actionsd.errors import StoreBroken, Unavailable
from actionsd.store import connection, faults, sql
from actionsd.store.alerts import Alerts
from actionsd.store.backup import back_up
from actionsd.store.connection import DataDir, size_of
from actionsd.store.counters import merge
from actionsd.store.dedup import FilterBuilder
from actionsd.store.disk import free_bytes
from actionsd.store.history import History
from actionsd.store.journal import Journal
from actionsd.store.ledger import Ledger
from actionsd.store.oauth import OAuthTokens
from actionsd.store.oauthclients import OAuthClients
from actionsd.store.options import StoreOptions
from actionsd.store.reader import Reader
from actionsd.store.records import Count, LaneKey, Sizes
from actionsd.store.regulations import Regulations
from actionsd.store.replays import Replays
from actionsd.store.retention import Retention
from actionsd.store.samples import Samples
from actionsd.store.sealing import Sealer
from actionsd.store.tokens import Tokens
from actionsd.store.workspace import Registry
from actionsd.store.writer import Committed, Writer

log = logging.getLogger(__name__)

_sql = sql.load("connection")
_ADMIN_DEADLINE = 1.0  # seconds (RULES R34)
_SWEEP_SECONDS = 30.0


class Store:
    """Made by :meth:`open`.

    ``counts`` are the committed totals (RULES R29). ``epoch`` makes delivery ids of a restored copy new ones, ``held``
    tells that its lanes wait for a person (R33). ``unclean``: the last run did not end with :meth:`close` (R26).
    ``on_broken`` is called once on the loop when the outcome of a commit is unknown: the daemon must stop (R5).
    """

    journal: Journal
    ledger: Ledger
    workspace: Registry
    replays: Replays
    tokens: Tokens
    regulations: Regulations
    oauth: OAuthTokens
    oauth_clients: OAuthClients
    samples: Samples
    alerts: Alerts
    history: History
    epoch: str
    held: bool
    unclean: bool

    def __init__(self, options: StoreOptions, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._files = DataDir(options.data_dir)
        self._reader = Reader(self._files)
        self._listings = Reader(self._files, deadline=_ADMIN_DEADLINE, wal_limit=2 * options.wal_limit)
        self._counts: dict[Count, int] = {}
        self.on_broken: Callable[[StoreBroken], None] = lambda error: None

    @classmethod
    async def open(cls, options: StoreOptions, clock: Clock) -> "Store":
        """Lock ``data_dir``, bring the database up to date, start the writer.

        Raises:
            ConfigError: another daemon runs on it, or the database cannot be opened.
        """
        faults.arm_from_environment()
        store = cls(options, clock)
        store._files.lock()
        async with contextlib.AsyncExitStack() as undo:
            undo.callback(store._files.unlock)
            await store._start(undo)
            undo.pop_all()
        return store

    async def _start(self, undo: contextlib.AsyncExitStack) -> None:
        self._db, state = connection.open_writer(self._files, self._options)
        undo.callback(self._db.close)
        undo.push_async_callback(self._reader.close)  # a reader's thread that is left keeps the process from ending
        undo.push_async_callback(self._listings.close)
        self.epoch, self.held, self.unclean = state.epoch, state.held, state.unclean
        self._writer = Writer(self._db, state, self._files, self._options, self._clock, self._committed, self._broken)
        self._counts = self._writer.counters.load()
        await self._reader.open()
        await self._listings.open()
        self.journal = Journal(
            self._writer, self._reader, self._listings, self._writer.dedup, self._options.queue_bytes
        )
        self.journal.head = state.head
        self.ledger = Ledger(self._writer, self._reader, self._listings, self._options.checkpoint_interval)
        sealer = Sealer(self._options.data_dir)
        self.workspace = Registry(
            self._writer, self._reader, self._listings, self.ledger, state.dedup_key, sealer,
            self._options.resolve,
        )  # fmt: skip
        self._filter = FilterBuilder(self._files.database, self._writer.dedup, self._clock.now())
        self.replays = Replays(self._writer, self._listings, self.ledger)
        self.tokens = Tokens(self._writer, self._listings)
        await self.tokens.load()
        self.regulations = Regulations(self._writer, self._reader, self._listings, state.dedup_key)
        await self.regulations.load()
        self.oauth = OAuthTokens(self._writer, self._reader, sealer, state.dedup_key)
        await self.oauth.load()
        self.oauth_clients = OAuthClients(self._writer, self._reader, sealer)
        await self.oauth_clients.load()
        self.samples = Samples(self._listings)
        self.alerts = Alerts(self._writer, self._listings)
        self.history = History(self._listings, lambda: self._counts, self._catch_up)
        self._retention = Retention(self._writer, self._reader, self.journal, self.ledger, self._options, self._clock)
        self._writer.start()
        self._filter.start()
        self._upkeep = asyncio.create_task(self._keep_up(), name="store upkeep")

    async def close(self) -> None:
        """Commit what is queued, note the clean stop, fold the WAL into the database and let ``data_dir`` go (R32)."""
        self._upkeep.cancel()
        await asyncio.gather(self._upkeep, return_exceptions=True)
        await asyncio.to_thread(self._filter.stop)
        await self._writer.stop()
        await self._reader.close()
        await self._listings.close()
        if not self._writer.broken:
            self._mark_stopped()
        self._db.close()
        self._files.unlock()

    def _mark_stopped(self) -> None:
        try:
            self.tokens.write_last_uses(self._db)
            self._db.execute(_sql["mark_stopped"])
            self._db.execute(_sql["checkpoint_truncate"]).fetchall()
        except sqlite3.OperationalError as error:
            log.warning("the stop could not be noted, the next start recovers from the WAL: %s", error)

    @property
    def ready(self) -> bool:
        """Whether events are taken."""
        return not self._writer.trouble

    @property
    def trouble(self) -> str:
        """Why no events are taken, in one line; "" when they are."""
        return self._writer.trouble

    @property
    def counts(self) -> Mapping[Count, int]:
        """Committed totals of all time; do not change them."""
        return self._counts

    async def _catch_up(self) -> None:
        if self._writer.counters.is_behind:
            await self._writer.run(self._writer.counters.catch_up)

    async def release(self) -> None:
        """A person has looked at the restored copy: its lanes may run (RULES R33)."""
        await self._writer.run(lambda transaction: transaction.db.execute(_sql["release"]))
        self.held = False

    async def expire(self) -> None:
        """One sweep of retention now; the store runs one every half a minute by itself. See :class:`Retention`."""
        await self._retention.expire()

    async def backup(self, target: Path) -> int:
        """Copy the database while it is in use; returns the size of the copy.

        Raises:
            Conflict: ``target`` exists, or its directory does not.
            Unavailable: there is no room for it.
        """
        sizes = await self.sizes()
        return await asyncio.to_thread(back_up, self._files, target, sizes.used, self._options.min_free)

    async def sizes(self) -> Sizes:
        """What the store takes, and what is left."""
        ((pages, free, size),) = await self._listings.rows(_sql["measure"], {})
        return Sizes(
            used=(pages - free) * size,
            free_pages=free * size,
            database=size_of(self._files.database),
            wal=self._files.wal_size(),
            disk_free=free_bytes(self._files),
        )

    async def pending(self) -> dict[LaneKey, tuple[int, int]]:
        """Per live lane: events not yet passed, and retries that wait."""
        retries = await self.ledger.waiting()
        lanes = [LaneKey(destination.id) for destination in self.workspace.current.destinations]
        return {lane: (await self.ledger.lag(lane, self.journal.head), retries.get(lane, 0)) for lane in lanes}

    async def _keep_up(self) -> None:
        while not self._writer.broken:
            await self._clock.sleep(_SWEEP_SECONDS)
            try:
                await self.tokens.note_uses()
                await self.expire()
            except Unavailable as error:
                log.warning("retention waits: %s", error)
            except Exception:
                log.exception("retention failed; it tries again in %.0f s", _SWEEP_SECONDS)

    def _committed(self, committed: Committed) -> None:
        merge(self._counts, committed.counts)
        self.journal.committed(committed.head, committed.entries)

    def _broken(self, error: StoreBroken) -> None:
        self.on_broken(error)
