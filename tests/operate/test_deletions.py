"""Deletions: each destination is asked to forget, twice where that fails, and reports (FEATURES F221-F223)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from actionsd.catalog import Catalog, Plugin
from actionsd.clock import SystemClock
from actionsd.delivery.credentials import Credentials
from actionsd.operate.deletions import PATIENCE, TRIES, Deletions
from actionsd.sdk import (
    Action,
    Auth,
    BaseCall,
    Call,
    Definition,
    DeleteCall,
    Field,
    Payload,
    Response,
    Secret,
    Settings,
)
from actionsd.store import Store
from actionsd.store.configs import DestinationConfig, Put, SourceConfig
from actionsd.testing.stub import Respond, StubTransport
from support.store import opened


class Keyed(Settings):
    key: Annotated[Secret, Field("Key")]


class Nothing(Payload):
    pass


async def perform(call: Call[Keyed, Nothing]) -> None:
    """Never called here."""


async def forget(call: DeleteCall[Keyed]) -> Response:
    return await call.http.post(f"https://partner.test/{call.user_id}")


async def burst(call: DeleteCall[Keyed]) -> Response:
    raise ZeroDivisionError(call.settings.key)


async def leave(call: DeleteCall[Keyed]) -> Response:
    raise SystemExit(3)


async def hang(call: DeleteCall[Keyed]) -> Response:
    await asyncio.Event().wait()
    raise AssertionError


def keyed(call: BaseCall[Keyed]) -> Any:
    return {"headers": {"authorization": call.settings.key}}


def definition(slug: str, on_delete: Any) -> Definition[Keyed]:
    action = Action("send", title="Send", payload=Nothing, perform=perform)
    return Definition(slug, name=slug, settings=Keyed, actions=[action], on_delete=on_delete, request=keyed)


DEFINITIONS = (
    definition("forgets", forget), definition("cannot", None), definition("bursts", burst), definition("hangs", hang),
    definition("leaves", leave),
)  # fmt: skip
CATALOG = Catalog([Plugin("partner", "actionsd-partner", "1", DEFINITIONS)])
SECRET = "s3cret-key-of-the-partner"


class Sender(StubTransport):
    timeout = 0.0

    async def close(self) -> None:
        """Nothing is held."""


class Bench:
    """A store with destinations of these definitions, and what was sent."""

    def __init__(self, store: Store, respond: Respond, timeout: float) -> None:
        self.store = store
        self.sender = Sender(respond)
        self.deletions = Deletions(
            store, CATALOG, SystemClock(), lambda: self.sender, lambda id: Credentials(Auth()), timeout=timeout
        )

    @property
    def paths(self) -> list[str]:
        return [request.url.rpartition("/")[2] for request in self.sender.requests]

    async def done(self, id: int) -> tuple[str, dict[str, tuple[str, str]]]:
        """The state of a regulation once it is carried out, and those of its destinations with their errors."""
        await asyncio.wait_for(self.deletions.settled(), 30)
        reports = await self.store.regulations.deletions(id)
        state = (await self.store.regulations.get(id)).status
        return state, {each.name: (each.status, each.error) for each in reports}


@asynccontextmanager
async def bench(folder: Path, *slugs: str, respond: Respond = None, timeout: float = 20.0) -> AsyncIterator[Bench]:
    async with opened(folder) as store:
        await store.workspace.declare([], [])
        if not store.workspace.current.sources:
            made: list[Any] = [Put(config=SourceConfig(slug="site", write_keys=("k",)))]
            for slug in slugs:
                config = DestinationConfig(slug=slug, definition=slug, settings={"key": SECRET})
                made.append(Put(config=config, parent="site"))
            await store.workspace.change("ada", made)
        yield Bench(store, respond, timeout)


def carried_out(
    folder: Path, *slugs: str, respond: Respond = None, users: tuple[str, ...] = ("ada",), timeout: float = 20.0
) -> tuple[str, dict[str, tuple[str, str]], list[str]]:
    async def main() -> tuple[str, dict[str, tuple[str, str]], list[str]]:
        async with bench(folder, *slugs, respond=respond, timeout=timeout) as at:
            id = await at.store.regulations.create("DELETE_ONLY", 0, users, "ci")
            await at.deletions.start()
            state, reports = await at.done(id)
            await at.deletions.stop()
            return state, reports, at.paths

    return asyncio.run(main())


def test_f221_every_user_is_forgotten(tmp_path: Path) -> None:
    state, reports, paths = carried_out(tmp_path, "forgets", users=("ada", "bob"))
    assert (state, reports, paths) == ("FINISHED", {"forgets": ("FINISHED", "")}, ["ada", "bob"])


def test_f221_a_failure_is_tried_once_more(tmp_path: Path) -> None:
    state, _, paths = carried_out(tmp_path, "forgets", respond=[(500, None, ""), None])
    assert (state, paths) == ("FINISHED", ["ada", "ada"])


def test_f223_what_failed_twice_is_told(tmp_path: Path) -> None:
    failing: Callable[[Any], Any] = lambda request: (500, None, "") if request.url.endswith("bob") else None  # noqa: E731
    state, reports, paths = carried_out(tmp_path, "forgets", "cannot", respond=failing, users=("ada", "bob"))
    assert (state, paths) == ("PARTIAL_SUCCESS", ["ada", "bob", "bob"])
    assert reports["cannot"] == ("NOT_SUPPORTED", "no onDelete defined")
    status, error = reports["forgets"]
    assert (status, error.startswith("1 of 2 users were not deleted; the last: ")) == ("PARTIAL_SUCCESS", True)


def test_a_destination_that_fails_with_everybody_is_given_up(tmp_path: Path) -> None:
    users = tuple(f"u{number}" for number in range(100))
    state, reports, paths = carried_out(tmp_path, "forgets", respond=lambda request: (503, None, ""), users=users)
    assert (state, len(paths)) == ("FAILED", PATIENCE * TRIES)
    assert reports["forgets"][1].startswith("100 of 100 users were not deleted")


def test_f223_nobody_can(tmp_path: Path) -> None:
    assert carried_out(tmp_path, "cannot")[0] == "NOT_SUPPORTED"


def test_i6_broken_and_hanging_plugins_end_in_reports_without_secrets(tmp_path: Path) -> None:
    state, reports, _ = carried_out(tmp_path, "bursts", "hangs", "leaves", timeout=0.05)
    assert state == "FAILED"
    assert {status for status, _ in reports.values()} == {"FAILED"}
    assert "ZeroDivisionError" in reports["bursts"][1]
    assert "SystemExit: 3" in reports["leaves"][1]
    assert SECRET not in str(reports)
    assert "no answer within 0.05 s" in reports["hangs"][1]


def test_what_was_left_is_carried_out_at_the_next_start(tmp_path: Path) -> None:
    async def first() -> int:
        async with bench(tmp_path, "forgets", "cannot") as at:
            id = await at.store.regulations.create("DELETE_ONLY", 0, ["ada"], "ci")
            await at.store.regulations.set_status(id, "RUNNING")
            forgets, _ = at.store.workspace.current.destinations
            await at.store.regulations.report(id, forgets.id, forgets.source, "forgets", "FINISHED", "")
            return id

    async def second(id: int) -> None:
        async with bench(tmp_path) as at:
            await at.deletions.start()
            state, reports = await at.done(id)
            assert (state, reports.keys()) == ("FINISHED", {"forgets", "cannot"})
            assert at.paths == [], "what has its report is not asked again"
            at.deletions.wake()
            later = await at.store.regulations.create("SUPPRESS_WITH_DELETE", 0, ["bob"], "ci")
            at.deletions.wake()
            assert (await at.done(later))[0] == "FINISHED"
            assert at.paths == ["bob"]
            await at.deletions.stop()

    asyncio.run(second(asyncio.run(first())))


def test_r33_a_restored_copy_forgets_nobody_before_a_person_says_so(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, "forgets") as at:
            id = await at.store.regulations.create("DELETE_ONLY", 0, ["ada"], "ci")
            at.store.held = True
            await at.deletions.start()
            assert await at.done(id) == ("INITIALIZED", {})
            await at.store.release()
            at.deletions.wake()
            assert (await at.done(id))[0] == "FINISHED"
            await at.deletions.stop()

    asyncio.run(main())
