"""Carrying out deletions: each destination forgets the users of a regulation (FEATURES F221-F223).

A regulation that was under way when the daemon stopped is carried out again from the first destination that it has no
report of, so ``on_delete`` may be called twice for a user. What actionsd keeps itself (journal, dead letters, samples)
goes with its retention.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from actionsd.catalog import Catalog
from actionsd.clock import Clock
from actionsd.delivery import ask
from actionsd.delivery.credentials import Credentials
from actionsd.delivery.prepared import check_settings
from actionsd.delivery.session import Around, Session
from actionsd.delivery.transport import Sender
from actionsd.errors import ActionsdError, NotFound
from actionsd.sdk import DestinationError, PayloadValidationError
from actionsd.store import Store
from actionsd.store.records import Destination
from actionsd.store.regulations import Regulation, Status

log = logging.getLogger(__name__)

TRIES = 2  # for each user and destination (F221)
PATIENCE = 10  # users in a row that fail, after which a destination is given up: it may hang with each of thousands


class Deletions:
    """Regulations under way, one after the other, their destinations side by side.

    Args:
        transport: makes an HTTP client; each destination has its own, apart from that of its lanes.
        credentials: the tokens of a destination, by its id, which its lanes use too (F199).
        timeout: seconds that one try may take.
    """

    def __init__(
        self, store: Store, catalog: Catalog, clock: Clock, transport: Callable[[], Sender],
        credentials: Callable[[int], Credentials], timeout: float,
    ) -> None:  # fmt: skip
        self._store = store
        self._catalog = catalog
        self._clock = clock
        self._transport = transport
        self._credentials = credentials
        self._timeout = timeout
        self._wanted = asyncio.Event()
        self._idle = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Go on with what the last run left."""
        self._wanted.set()
        self._task = asyncio.create_task(self._run(), name="deletions")

    async def stop(self) -> None:
        """Leave what is under way for the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def wake(self) -> None:
        """A regulation was made."""
        self._idle.clear()
        self._wanted.set()

    async def settled(self) -> None:
        """Wait until all that was wanted is done."""
        await self._idle.wait()

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            held = self._store.held  # a restored copy sends nothing before a person says so (RULES R33)
            for id in [] if held else await self._store.regulations.unfinished():
                try:
                    await self._carry_out(await self._store.regulations.get(id))
                except ActionsdError as error:
                    log.warning("regulation %d waits for the next start: %s", id, error)
                except Exception:
                    log.exception("regulation %d waits for the next start: a bug", id)
            if not self._wanted.is_set():
                self._idle.set()

    async def _carry_out(self, regulation: Regulation) -> None:
        regulations = self._store.regulations
        await regulations.set_status(regulation.id, "RUNNING")
        done = {each.destination for each in await regulations.deletions(regulation.id)}
        targets = [
            destination
            for destination in self._store.workspace.current.destinations
            if regulation.source in (0, destination.source) and destination.id not in done
        ]
        await asyncio.gather(*[self._forget(regulation, target) for target in targets])
        statuses = [each.status for each in await regulations.deletions(regulation.id)]
        await regulations.set_status(regulation.id, overall(statuses))
        log.info("a regulation was carried out", extra={"regulation": regulation.id, "type": regulation.type})

    async def _forget(self, regulation: Regulation, destination: Destination) -> None:
        """Let one destination forget all users, and report how that went."""
        status, error = await self._delete(destination, regulation.users)
        await self._store.regulations.report(
            regulation.id, destination.id, destination.source, destination.name, status, error
        )

    async def _delete(self, destination: Destination, users: Sequence[str]) -> tuple[Status, str]:
        try:
            definition = self._catalog.find(destination.definition)
            settings = check_settings(definition, destination.settings)
            credentials = self._credentials(destination.id)
        except (LookupError, PayloadValidationError, NotFound) as error:
            return "FAILED", str(error)
        if definition.on_delete is None:
            return "NOT_SUPPORTED", "no onDelete defined"
        if destination.trouble:
            return "FAILED", destination.trouble
        transport = self._transport()
        transport.timeout = self._timeout

        def session() -> Session:
            around = Around(transport=transport, at_ms=self._clock.now(), monotonic=self._clock.monotonic)
            return Session(definition, settings, credentials, around)

        try:
            deleted, problem = await self._delete_all(session, users)
        finally:
            await transport.close()
        if deleted == len(users):
            return "FINISHED", ""
        status: Status = "PARTIAL_SUCCESS" if deleted else "FAILED"
        return status, f"{len(users) - deleted} of {len(users)} users were not deleted; the last: {problem}"

    async def _delete_all(self, session: Callable[[], Session], users: Sequence[str]) -> tuple[int, str]:
        """How many users were deleted, and what was wrong with the last one that was not."""
        deleted, in_a_row, last = 0, 0, ""
        for user in users:
            problem = await self._try(session, user)
            deleted, in_a_row, last = (deleted, in_a_row + 1, problem) if problem else (deleted + 1, 0, last)
            if in_a_row >= PATIENCE:
                return deleted, f"{last} (given up after {PATIENCE} failures in a row)"
        return deleted, last

    async def _try(self, session_of: Callable[[], Session], user: str) -> str:
        """Ask for one user, twice where the first try fails; returns what was wrong at last, or "". Exceptions of the
        plugin are its own and end here."""
        problem = ""
        for _ in range(TRIES):
            session = session_of()
            try:
                async with asyncio.timeout(self._timeout):
                    await ask.on_delete(session, user, None)
            except TimeoutError:
                problem = f"no answer within {self._timeout:g} s"
            except DestinationError as error:
                problem = session.redact(error.message)
            except Exception as error:
                problem = session.redact(f"{type(error).__name__}: {error}")
                log.error("on_delete of %s failed: %s", session.definition.slug, problem)
            else:
                return ""
        return problem


def overall(statuses: Sequence[Status]) -> Status:
    """The state of the whole, from those of its destinations (F223).

    >>> overall(["FINISHED", "NOT_SUPPORTED"]), overall(["FINISHED", "FAILED"]), overall([])
    ('FINISHED', 'PARTIAL_SUCCESS', 'FINISHED')
    """
    supported = {status for status in statuses if status != "NOT_SUPPORTED"}
    if not statuses or supported == {"FINISHED"}:
        return "FINISHED"
    if not supported:
        return "NOT_SUPPORTED"
    return "FAILED" if supported == {"FAILED"} else "PARTIAL_SUCCESS"
