"""The one writer: a thread that owns one connection and turns whatever is queued into one transaction.

After COMMIT one call into the event loop answers the whole group. Checkpoints run in this thread too, between groups,
so that none ever meets a commit (RULES R1). What a failure does to a group is decided in :meth:`Writer._recover`.
"""

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

import msgspec

from actionsd.clock import Clock
from actionsd.errors import StoreBroken, Unavailable
from actionsd.event import Entry
from actionsd.store import sql
from actionsd.store.append import write_events
from actionsd.store.connection import DataDir, State
from actionsd.store.counters import Counters
from actionsd.store.dedup import Dedup
from actionsd.store.disk import Disk
from actionsd.store.faults import point
from actionsd.store.options import StoreOptions
from actionsd.store.records import Count
from actionsd.store.requests import Append, Job, Request, RequestQueue, Settle
from actionsd.store.settle import write_settlement
from actionsd.store.transaction import Transaction

T = TypeVar("T")
Failure = Literal["full", "busy", "broken", "request"]

log = logging.getLogger(__name__)

_sql = sql.load("connection")

_PASSIVE_BYTES = 4 * 1024 * 1024  # written since the last checkpoint: small, so that no group waits long for one
_PAGE = 4096
_BROKEN = {
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_INTERNAL,
    sqlite3.SQLITE_NOMEM,
}


class Committed(msgspec.Struct, frozen=True):
    """What a commit changed, told to the loop: ``answers`` are the futures of the group with their results."""

    answers: list[tuple["asyncio.Future[Any]", Any]]
    counts: Mapping[Count, int]
    head: int
    entries: list[Entry]


class Writer:
    """``trouble`` tells why no events are taken now ("" when they are); it is set on the loop.

    ``broken``: its thread has ended before its time.
    ``on_commit`` and ``on_broken`` are called on the loop: after each commit before the futures resolve, and once when
    the outcome of a commit is unknown (RULES R5).
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        state: State,
        files: DataDir,
        options: StoreOptions,
        clock: Clock,
        on_commit: Callable[[Committed], None],
        on_broken: Callable[[StoreBroken], None],
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.queue = RequestQueue()
        self.dedup = Dedup(db, state.dedup_key, options.dedup_window)
        self.dedup.recover()
        self.counters = Counters(db)
        self.counters.recover()
        self.trouble = ""
        self.broken = False
        self._db = db
        self._state = state
        self._files = files
        self._options = options
        self._clock = clock
        self._on_commit = on_commit
        self._on_broken = on_broken
        self._disk = Disk(files, options)
        self._trouble = ""  # as the thread knows it, ahead of the loop
        self._held: list[Settle] = []  # settlements that a full disk or a foreign lock keeps from the file
        self._unchecked = 0  # about the bytes written since the last checkpoint
        self._thread = threading.Thread(target=self._run, name="actionsd-writer", daemon=True)

    def start(self) -> None:
        self.trouble = self._trouble = self._disk.shortage() or self._disk.restore()
        self._thread.start()

    async def stop(self) -> None:
        """Commit everything queued and end the thread."""
        self.queue.close()
        await asyncio.to_thread(self._thread.join)

    async def run(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` in a transaction of its own, in the writer's thread; cancelling the wait does not undo it.

        Raises:
            Unavailable: the disk is full or the database locked; nothing was changed.
            StoreBroken: the outcome is unknown.
        """
        future: asyncio.Future[T] = self.loop.create_future()
        self.submit(Job(work, future))
        return await asyncio.shield(future)

    def submit(self, request: Request, *, hurry: bool = True) -> None:
        """Queue a request; one that comes after the end fails at once."""
        if not self.queue.put(request, hurry=hurry):
            ended = Unavailable("the store is closed", reason="stopping")
            request.future.set_exception(StoreBroken("the writer has died") if self.broken else ended)

    def _run(self) -> None:
        try:
            while (group := self.queue.take(self._options.probe_interval)) is not None:
                if group and isinstance(group[0], Job):
                    self._run_job(group[0])
                else:
                    self._serve(
                        [each for each in group if isinstance(each, Append)],
                        [each for each in group if isinstance(each, Settle)],
                    )
                self.queue.release(sum(each.size for each in group))
                self._tend_wal(idle=not group)
            self._fail_all(self._held, Unavailable(self._trouble, reason="store"))
        except BaseException as error:
            self._break(error)

    def _serve(self, appends: list[Append], settles: list[Settle]) -> None:
        """Commit a group, or refuse its events while there is trouble; an empty one probes whether it is over."""
        if shortage := self._disk.shortage():
            self._set_trouble(shortage)
        if self._trouble:
            self._refuse(appends)
            appends = []
        settles = self._held + settles
        if not (appends or settles or self._trouble):
            return
        self._held = []
        try:
            self._commit(appends, settles)
        except Exception as error:
            self._recover(error, appends, settles)
        else:
            if self._trouble and not shortage:
                self._leave_trouble()

    def _leave_trouble(self) -> None:
        """A commit went through. Events are taken again when a checkpoint does too and the reserve is back (R6)."""
        if self._checkpoint():
            self._set_trouble(self._disk.restore())

    def _commit(self, appends: Sequence[Append], settles: Sequence[Settle]) -> None:
        """One transaction with all of these, and their answers."""
        appends = sorted(appends, key=lambda append: append.source)  # a segment has one source

        def write(transaction: Transaction) -> list[tuple["asyncio.Future[Any]", Any]]:
            answers = write_events(transaction, self.dedup, self.counters.facets, appends) if appends else []
            for settle in settles:
                write_settlement(transaction, settle.settlement)
            futures = [append.future for append in appends]
            return [*zip(futures, answers, strict=True), *((settle.future, None) for settle in settles)]

        self._transact(write)
        self._unchecked += 16 * _PAGE

    def _run_job(self, job: Job) -> None:
        try:
            self._transact(lambda transaction: [(job.future, job.run(transaction))])
        except Exception as error:
            self._answer_one(job.future, told(error))
            kind = failure(error)
            if kind == "broken":
                raise
            if kind != "request":
                self._note(error)
        self._unchecked += 64 * _PAGE

    def _transact(self, work: Callable[[Transaction], list[tuple["asyncio.Future[Any]", Any]]]) -> None:
        db, state = self._db, self._state
        point("before_write")
        db.execute("begin immediate")
        transaction = Transaction(db, state.head, max(self._clock.now(), state.received_at))
        try:
            answers = work(transaction)
            self.counters.write(transaction)
            db.execute(_sql["advance"], {"head": transaction.head, "received_at": transaction.now})
            self._end(db)
        except Exception:
            if db.in_transaction:
                db.execute("rollback")
            self.counters.load()
            raise
        self._unchecked += transaction.written
        self.dedup.committed(transaction)
        self.counters.committed(transaction)
        point("after_commit")
        state.head, state.received_at = transaction.head, transaction.now
        self._tell(self._answer, Committed(answers, transaction.counts, transaction.head, transaction.entries))

    def _end(self, db: sqlite3.Connection) -> None:
        try:
            point("before_commit")
            db.execute("commit")
        except sqlite3.Error as error:
            if failure(error) in ("full", "busy"):
                raise
            raise StoreBroken(f"COMMIT failed, its outcome is unknown: {error}") from error

    def _recover(self, error: Exception, appends: list[Append], settles: list[Settle]) -> None:
        """A group failed and is rolled back: decide what becomes of its requests (RULES R5, R6, R10)."""
        kind = failure(error)
        if kind == "broken":
            self._fail_all([*appends, *settles], told(error))
            raise error
        if kind == "request":
            self._one_by_one(error, appends, settles)
            return
        self._note(error)
        self._refuse(appends)
        self._held = settles
        if appends and settles:
            self._save(settles)

    def _save(self, settles: list[Settle]) -> None:
        """Try the ledger's part alone, which needs less room than the group that failed (RULES R6)."""
        try:
            self._commit([], settles)
        except Exception as error:
            self._recover(error, [], settles)
        else:
            self._held = []

    def _one_by_one(self, error: Exception, appends: list[Append], settles: list[Settle]) -> None:
        """Some request of the group cannot be written: commit each alone, so that only that one fails (RULES R10)."""
        if len(appends) + len(settles) == 1:
            log.error("a request could not be written", exc_info=error)
            self._fail_all([*appends, *settles], error)
            return
        for append in appends:
            self._serve([append], [])
        for settle in settles:
            self._serve([], [settle])

    def _note(self, error: Exception) -> None:
        if failure(error) == "full":
            self._disk.give_back()
            self._set_trouble(f"disk full: {error}")
        else:
            self._set_trouble(f"the database is locked by another process: {error}")

    def _refuse(self, appends: list[Append]) -> None:
        for append in appends:
            self._answer_one(append.future, Unavailable(self._trouble, reason="store"))

    def _tend_wal(self, *, idle: bool) -> None:
        """Move the WAL's pages into the database, and start it over (RULES R1). PASSIVE right after a group was
        answered delays only the next one; readers can keep it from ending, so a large WAL waits for them."""
        if self._unchecked > (0 if idle else _PASSIVE_BYTES):
            self._checkpoint()

    def _checkpoint(self) -> bool:
        """Whether there was room for it."""
        self._unchecked = 0
        try:
            point("before_checkpoint")
            if self._files.wal_size() > self._options.wal_limit:
                self._restart_wal()
            else:
                self._db.execute(_sql["checkpoint_passive"]).fetchall()
        except sqlite3.Error as error:
            if failure(error) not in ("full", "busy"):
                raise
            self._note(error)
            return False
        return True

    def _restart_wal(self) -> None:
        """Without waiting for readers: one that holds the WAL now is gone at the next try."""
        self._db.execute(_sql["do_not_wait"]).fetchall()
        self._db.execute(_sql["checkpoint_restart"]).fetchall()
        self._db.execute(_sql["wait"]).fetchall()

    def _set_trouble(self, trouble: str) -> None:
        if trouble == self._trouble:
            return
        if trouble:
            log.error("no events are taken: %s", trouble)
        else:
            log.info("events are taken again")
        self._trouble = trouble
        self._tell(self._show_trouble, trouble)

    def _break(self, error: BaseException) -> None:
        """The thread ends; nobody may wait for it any more (RULES R5)."""
        log.critical("the writer died", exc_info=error)
        self.broken = True
        broken = told(error) if isinstance(error, StoreBroken) else StoreBroken(f"the writer died: {error}")
        self._set_trouble(f"broken: {error}")
        self._fail_all([*self._held, *self.queue.drain()], broken)
        self._tell(self._on_broken, broken)

    def _tell(self, callback: Callable[..., None], *arguments: Any) -> None:
        self.loop.call_soon_threadsafe(callback, *arguments)

    def _fail_all(self, requests: Sequence[Request], error: Exception) -> None:
        for request in requests:
            self._answer_one(request.future, error)

    def _answer_one(self, future: "asyncio.Future[Any]", error: Exception) -> None:
        self._tell(_fail, future, error)

    # On the loop:

    def _answer(self, committed: Committed) -> None:
        self._on_commit(committed)
        for future, result in committed.answers:
            if not future.done():
                future.set_result(result)

    def _show_trouble(self, trouble: str) -> None:
        self.trouble = trouble


def failure(error: BaseException) -> Failure:
    """What kind of failure an exception of a transaction is."""
    if isinstance(error, StoreBroken):
        return "broken"
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return "full"
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return "busy"
    return "broken" if code in _BROKEN else "request"


def told(error: Exception) -> Exception:
    """The failure as those who wait for a request are told."""
    kind = failure(error)
    if kind in ("full", "busy"):
        return Unavailable(f"the store cannot write now: {error}", reason="store")
    if kind == "broken" and not isinstance(error, StoreBroken):
        return StoreBroken(f"the database failed: {error}")
    return error


def _fail(future: "asyncio.Future[Any]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
