"""Lanes on a real store with a made-up partner: a definition, its HTTP answers, and a bench that starts and crashes."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from actionsd.catalog import Catalog, Plugin
from actionsd.delivery.lanes import Lanes
from actionsd.delivery.status import LaneStatus
from actionsd.event import Accepted, Entry
from actionsd.observe import Tap
from actionsd.sdk import (
    Action,
    BatchCall,
    Call,
    Definition,
    Field,
    Json,
    MultiStatus,
    NetworkError,
    NoSettings,
    Payload,
    Request,
    Response,
    path,
)
from actionsd.settings import Delivery, DestinationDecl, MappingDecl, SourceDecl
from actionsd.store import Store, StoreOptions
from actionsd.store.records import Count
from support.clock import FakeClock

HOST = "https://partner.test"


class Message(Payload):
    id: Annotated[str, Field("Id", default=path("$.messageId"))]
    properties: Annotated[Json | None, Field("Properties", default=path("$.properties"))] = None


class Addressed(Payload):
    url: Annotated[str, Field("URL", format="uri")]
    id: Annotated[str, Field("Id", default=path("$.messageId"))]


class Batched(Payload):
    id: Annotated[str, Field("Id", default=path("$.messageId"))]
    group: Annotated[str | None, Field("Group", default=path("$.properties.group"))] = None
    enable_batching: Annotated[bool | None, Field("Batch", default=True)] = None


async def send(call: Call[NoSettings, Message]) -> Response:
    return await call.http.post(f"{HOST}/{call.payload.id}")


async def send_to(call: Call[NoSettings, Addressed]) -> Response:
    return await call.http.post(f"{call.payload.url}/{call.payload.id}")


async def send_one(call: Call[NoSettings, Batched]) -> Response:
    return await call.http.post(f"{HOST}/batch", json=[call.payload.id])


async def send_many(call: BatchCall[NoSettings, Batched]) -> Response | MultiStatus:
    answer = await call.http.post(f"{HOST}/batch", json=[payload.id for payload in call.payloads])
    if answer.status != 207:
        return answer
    results = MultiStatus()
    for index, status in enumerate(answer.data):
        if status == 200:
            results.success(index=index, body={})
        elif status:
            results.failure(status, "no", index=index, body={})
    return results


async def burst(call: Call[NoSettings, Message]) -> None:
    raise ZeroDivisionError(call.payload.id)


async def share(call: Call[NoSettings, Message]) -> Response:
    """Sends how many mappings of the event have been here."""
    call.transaction["here"] = call.transaction.get("here", 0) + 1
    return await call.http.post(f"{HOST}/{call.transaction['here']}/{call.payload.id}")


partner = Definition(
    "partner",
    name="Partner",
    actions=[
        Action("send", title="Send", payload=Message, trigger='type = "track"', perform=send),
        Action("sendTo", title="Send to", payload=Addressed, perform=send_to),
        Action("batch", title="Batch", payload=Batched, perform=send_one, perform_batch=send_many),
        Action("burst", title="Burst", payload=Message, perform=burst),
        Action("share", title="Share", payload=Message, perform=share),
    ],
)

catalog = Catalog([Plugin("partner", "actionsd-partner", "1", (partner,))])

Answer = Response | Exception | Awaitable[Response]
Respond = Callable[[Request], Answer | None]


def status(code: int, body: Any = None, **headers: str) -> Response:
    """An answer; ``retry_after="5"`` becomes its header."""
    sent = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Response(code, sent, json.dumps({} if body is None else body).encode())


def reset() -> NetworkError:
    """What a broken connection raises."""
    return NetworkError("read ECONNRESET", "ECONNRESET")


class Partner:
    """The partner's server. ``received`` are the requests that were answered 2xx, by path; ``respond`` decides."""

    def __init__(self) -> None:
        self.respond: Respond = lambda request: None
        self.requests: list[Request] = []
        self.received: list[str] = []
        self.active = 0
        self.most_active = 0
        self.timeout = 0.0

    async def send(self, request: Request) -> Response:
        self.requests.append(request)
        self.active += 1
        self.most_active = max(self.most_active, self.active)
        try:
            answer = self.respond(request)
            if isinstance(answer, Exception):
                raise answer
            if answer is not None and not isinstance(answer, Response):
                answer = await answer
            response = answer or status(200)
        finally:
            self.active -= 1
        if response.status < 300:
            self.received += self.ids(request)
        return response

    def ids(self, request: Request) -> list[str]:
        """The message ids in a request."""
        if request.url.endswith("/batch"):
            found: list[str] = json.loads(request.body)
            return found
        return [request.url.rpartition("/")[2]]

    async def close(self) -> None:
        """Nothing is held."""


async def hang() -> Response:
    """Never answers."""
    await asyncio.get_running_loop().create_future()
    raise AssertionError("unreachable")


def mapping(name: str = "all", action: str = "send", trigger: str = 'type = "track"', **fields: Any) -> MappingDecl:
    """A mapping as the file declares it, with the action's default fields and those given."""
    return MappingDecl(
        name=name, action=action, trigger=trigger, fields={**partner.actions[action].default_mapping, **fields}
    )


def destination(slug: str = "one", *mappings: MappingDecl, **options: Any) -> DestinationDecl:
    """A destination as the file declares it."""
    return DestinationDecl(
        slug=slug, name=slug, source="site", definition="partner", mappings=mappings or (mapping(),), **options
    )


def event(message_id: str, **members: Any) -> Accepted:
    """An accepted track event."""
    body = {"type": "track", "event": "E", "messageId": message_id, **members}
    return Accepted(message_id, json.dumps(body).encode(), b"{}")


async def eventually(condition: Callable[[], object], what: str = "", *, timeout: float = 20.0) -> None:
    """Return once ``condition()`` holds; other tasks and threads run meanwhile."""
    loop = asyncio.get_running_loop()
    never, deadline = loop.create_future(), loop.time() + timeout
    while not condition():
        assert loop.time() < deadline, f"never came true: {what or condition}"
        await asyncio.wait((never,), timeout=0.001)


class Bench:
    """A store in ``directory`` and the lanes on it."""

    def __init__(self, directory: Path, clock: FakeClock, options: Delivery) -> None:
        self.directory = directory
        self.clock = clock
        self.options = options
        self.partner = Partner()
        self.tap = Tap()
        self.sources = [SourceDecl(slug=slug, name=slug, write_keys=(slug,)) for slug in ("site", "app")]
        self.declared: tuple[DestinationDecl, ...] = ()

    async def start(self, *destinations: DestinationDecl) -> None:
        """Open the store and start the lanes; without destinations, with those declared before or one."""
        self.declared = destinations or self.declared or (destination(),)
        options = StoreOptions(
            data_dir=self.directory, synchronous="off", min_free=0, reserve=0, checkpoint_interval=0.001
        )
        self.store = await Store.open(options, self.clock)
        await self.store.workspace.declare(self.sources, self.declared)
        self.lanes = Lanes(
            self.store, catalog, self.clock, self.options, self.tap, transport=lambda: self.partner, chance=lambda: 0.5
        )
        await self.lanes.start()

    async def declare(self, *destinations: DestinationDecl) -> None:
        """Reload the configuration."""
        self.declared = destinations
        self.lanes.apply(await self.store.workspace.declare(self.sources, destinations))
        await self.lanes.applied()

    async def accept(self, *events: Accepted, source: int = 0) -> Sequence[int]:
        """Append events as ingest does; returns their positions."""
        appended = await self.store.journal.append(source or self.source("site"), events, {})
        return appended.positions

    async def stop(self) -> None:
        """Stop cleanly. The clock moves on while the lanes drain."""
        stopping = asyncio.ensure_future(self.lanes.stop())
        for _ in range(200):
            await asyncio.wait((stopping,), timeout=0.002)
            if stopping.done():
                break
            await self.clock.advance(0.5)
        await stopping
        await self.store.close()

    async def crash(self) -> None:
        """End as a killed process does: what is not committed now is lost. The next start is on a copy of the files."""
        copied = self.directory.with_name(f"{self.directory.name}-crashed")
        shutil.copytree(self.directory, copied)
        self.directory = copied
        self.store.ledger.settle = lambda settlement, urgent=False: asyncio.Future()  # type: ignore[method-assign]
        lanes = [lane for outlet in self.lanes._outlets.values() for lane in outlet.lanes]
        for lane in lanes:
            lane.open = False
            lane.abort()
        await self.clock.advance(2.0)  # what outlives its cancellation is abandoned
        self.lanes._alarms.stop()
        await self.store.close()

    def source(self, slug: str) -> int:
        """A source's id."""
        return next(each.id for each in self.store.workspace.current.sources if each.slug == slug)

    def id(self, slug: str = "one") -> int:
        """A destination's id."""
        return next(each.id for each in self.store.workspace.current.destinations if each.slug == slug)

    def mapping_id(self, name: str, slug: str = "one") -> int:
        """A mapping's id."""
        found = next(each for each in self.store.workspace.current.destinations if each.slug == slug)
        return next(each.id for each in found.mappings if each.name == name)

    def status(self, slug: str = "one") -> LaneStatus:
        """The live lane's status."""
        return next(lane for lane in self.lanes.status() if lane.destination == self.id(slug) and not lane.replay)

    def count(self, step: str, reason: str | None = None, slug: str = "one") -> int:
        """A committed total of a destination."""
        return sum(
            total
            for count, total in self.store.counts.items()
            if count.step == step and count.destination == self.id(slug) and reason in (None, count.reason)
        )

    async def settled(self, slug: str = "one") -> None:
        """Wait until the lane has settled the whole journal."""
        await eventually(lambda: self.status(slug).cursor == self.store.journal.head, f"{slug} settles everything")

    async def advance_until(self, condition: Callable[[], object], *, step: float = 1.0, most: int = 5000) -> None:
        """Move the clock on in steps until ``condition()`` holds."""
        never = asyncio.get_running_loop().create_future()
        for _ in range(most):
            if condition():
                return
            await self.clock.advance(step)
            await asyncio.wait((never,), timeout=0.001)
        raise AssertionError(f"never came true: {condition}")

    async def entries(self, after: int = 0) -> list[Entry]:
        """The journal."""
        return await self.store.journal.read(after, limit=1000, max_bytes=1 << 24)

    def counts(self) -> dict[Count, int]:
        return dict(self.store.counts)


@asynccontextmanager
async def bench(directory: Path, *destinations: DestinationDecl, **options: Any) -> AsyncIterator[Bench]:
    """A running bench, stopped at the end."""
    made = Bench(directory, FakeClock(), Delivery(**options))
    await made.start(*destinations)
    try:
        yield made
    finally:
        await made.stop()
