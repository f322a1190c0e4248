"""Ingest with a journal in memory, on real listeners, for tests that speak its protocols."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp

from actionsd.errors import ActionsdError
from actionsd.event import Accepted, decode
from actionsd.ingest import Ingest
from actionsd.observe import Tap
from actionsd.settings import Address
from actionsd.settings import Ingest as Options
from actionsd.store.records import Appended, Count, Source, Workspace
from support.clock import FakeClock, settle

KEY = "wk_probe"
WORKSPACE = Workspace(
    version=1,
    sources=(
        Source(id=1, slug="website", name="Website", write_keys=(KEY, "wk_second")),
        Source(id=2, slug="off", name="Off", write_keys=("wk_off",), enabled=False),
    ),
)


COMMITTED = Appended((), 0)  # for a request without events


class MemoryJournal:
    """Keeps what it gets. ``hold`` makes commits wait for :meth:`commit`; ``trouble`` is raised by :meth:`append`."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, Accepted]] = []
        self.counts: Counter[Count] = Counter()
        self.details: Counter[Any] = Counter()
        self.waiting: list[asyncio.Future[Appended]] = []
        self._positions: dict[asyncio.Future[Appended], tuple[int, ...]] = {}
        self.hold = False
        self.trouble: ActionsdError | None = None

    def append(
        self, source: int, events: Sequence[Accepted], counts: Mapping[Count, int], details: Mapping[Any, int]
    ) -> "asyncio.Future[Appended]":
        if self.trouble is not None:
            raise self.trouble
        appended: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()
        self._positions[appended] = tuple(range(len(self.rows) + 1, len(self.rows) + 1 + len(events)))
        self.rows += [(source, event) for event in events]
        self.counts.update(counts)
        self.details.update(details)
        self.waiting.append(appended)
        if not self.hold:
            self.commit()
        return appended

    def commit(self, error: ActionsdError | None = None, positions: tuple[int, ...] | None = None) -> None:
        """Settle everything that waits; a position of 0 is a duplicate."""
        for appended in self.waiting:
            own = self._positions.pop(appended)
            if appended.done():
                continue
            if error is not None:
                appended.set_exception(error)
            else:
                given = own if positions is None else positions
                appended.set_result(Appended(given, given.count(0)))
        self.waiting.clear()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [decode(event.body, event.added) for _, event in self.rows]

    def reasons(self, step: str = "refused") -> dict[str, int]:
        return {count.reason: n for count, n in self.counts.items() if count.step == step}


async def eventually(condition: Callable[[], object]) -> None:
    """Let everything run until the condition holds."""
    for _ in range(200_000):
        if condition():
            return
        await settle(1)
    raise AssertionError("it never came to that")


class Running:
    """A started :class:`Ingest` and a client of it."""

    def __init__(self, ingest: Ingest, journal: MemoryJournal, clock: FakeClock, tap: Tap) -> None:
        self.ingest = ingest
        self.journal = journal
        self.clock = clock
        self.tap = tap
        self.url = f"http://{ingest.addresses[0]}"
        self.http = aiohttp.ClientSession(auto_decompress=False)

    async def post(self, path: str, body: Any = b"", **headers: str) -> tuple[int, dict[str, str], Any]:
        """Status, headers and JSON of the answer; ``body`` is sent as it is when it is bytes, else as JSON."""
        headers = {"Content-Type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}
        data = body if isinstance(body, bytes) else aiohttp.JsonPayload(body)
        async with self.http.post(self.url + path, data=data, headers=headers) as answer:
            return answer.status, dict(answer.headers), await answer.json()


@contextlib.asynccontextmanager
async def running(
    folder: Path | None = None,
    *,
    trouble: str = "",
    workspace: Workspace = WORKSPACE,
    clients: Any = None,
    **options: Any,
) -> AsyncIterator[Running]:
    """Ingest on a free TCP port, and on unix sockets in ``folder``, until the block ends."""
    tcp = Address(kind="tcp", host="127.0.0.1", port=0)
    addresses: dict[str, Any] = {"listen": (tcp,)}
    if folder is not None:
        addresses["listen"] = (tcp, Address(kind="unix", path=folder / "http.sock"))
        addresses["stream"] = (Address(kind="unix", path=folder / "events.sock"),)
    journal, clock, tap = MemoryJournal(), FakeClock(), Tap()
    ingest = Ingest(Options(**{**addresses, **options}), journal, clock, tap, lambda: trouble, clients=clients)
    ingest.apply(workspace)
    await ingest.start()
    here = Running(ingest, journal, clock, tap)
    try:
        yield here
    finally:
        await here.http.close()
        await ingest.stop()
