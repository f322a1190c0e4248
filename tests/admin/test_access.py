"""Who may do what: every route with every kind of caller, and how failures are bounded.

The routes are those of the application itself, so a route that is added later is walked over too.
"""

import ast
import asyncio
import gzip
import hmac
import inspect
import io
import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from actionsd import wire
from actionsd.admin import access, server
from actionsd.admin.access import Failures
from actionsd.clock import SystemClock
from actionsd.daemon.daemon import Daemon
from actionsd.operate import tokens
from support.clock import FakeClock

CONFIGURED = "the-token-of-the-config"
OPEN = {"/healthz", "/readyz"}
ROLES: tuple[wire.Role, ...] = ("read", "write", "admin")
CONFIG = """data_dir = "data"
ingest = { listen = [], stream = [] }
admin = { listen = [] }
sources = [{ slug = "website", write_keys = ["k"] }]
destinations = [{ slug = "archive", source = "website", definition = "file", settings = { path = "x.ndjson" } }]
"""


class Impatient(SystemClock):
    """The real clock, but nobody waits: ``slept`` tells how long it would have been."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class Answer(msgspec.Struct):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, str]:
        """The one error, in the shape that all errors of the API have."""
        (problem,) = msgspec.json.decode(self.body)["errors"]
        assert problem.keys() == {"type", "message"}
        return problem  # type: ignore[no-any-return]


class Api:
    """The admin API of a daemon in this process, over TCP."""

    def __init__(self, runner: asyncio.Runner, home: Path) -> None:
        self._runner = runner
        self._home = home
        self._stack = AsyncExitStack()
        self.clock = Impatient()
        self.by_role: dict[wire.Role, str] = {}

    def start(self) -> None:
        self._runner.run(self._start())

    async def _start(self) -> None:
        path = self._home / "actionsd.toml"
        path.write_text(CONFIG)
        daemon = Daemon(path, SystemClock(), lambda: None, lambda error: None)
        await daemon.start()
        self._stack.push_async_callback(daemon.stop)
        self.parts = msgspec.structs.replace(daemon.parts, clock=self.clock)
        self.app = server.application(self.parts, CONFIGURED)
        serving = web.AppRunner(self.app, access_log=None, shutdown_timeout=0.1)
        await serving.setup()
        self._stack.push_async_callback(serving.cleanup)
        site = web.TCPSite(serving, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{serving.addresses[0][1]}"
        self._client = await self._stack.enter_async_context(aiohttp.ClientSession())
        for role in ROLES:
            made = await tokens.create(self.parts, wire.TokenRequest(name=role, role=role), "the test")
            self.by_role[role] = made.token

    def stop(self) -> None:
        self._runner.run(self._stack.aclose())

    def call(
        self, path: str, token: str | None = None, *, method: str = "GET", body: bytes = b"", **headers: str
    ) -> Answer:
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return self._runner.run(self._call(method, path, body, headers))

    async def _call(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        async with self._client.request(method, self.url + path, data=io.BytesIO(body), headers=headers) as response:
            streams = response.content_type == "text/event-stream"
            content = b"" if streams else await response.read()
            return Answer(response.status, dict(response.headers), content)

    def run(self, work: Any) -> Any:
        return self._runner.run(work)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with asyncio.Runner() as runner:
        api = Api(runner, tmp_path_factory.mktemp("access"))
        api.start()
        yield api
        api.stop()


def path_of(route: web.AbstractRoute) -> str:
    """A path that this route takes."""
    assert route.resource is not None
    info = route.resource.get_info()
    if "path" in info:
        return info["path"]
    names = re.findall(r"{(\w+)}", info["formatter"])
    for values in itertools.product(("1", "none", "stop", "connect"), repeat=len(names)):
        path = info["formatter"].format(**dict(zip(names, values, strict=True)))
        if info["pattern"].fullmatch(path):
            return path
    raise AssertionError(f"give a value that fits {info['formatter']}")


def test_every_route_declares_its_role_and_holds_to_it(api: Api) -> None:
    declared = {(method, path): least for method, path, least, _ in server.routes}
    seen = set()
    for route in api.app.router.routes():
        assert route.resource is not None
        method, canonical = route.method, route.resource.canonical
        rows = [each for each in declared if (each[0], plain(each[1])) == (method, canonical)]
        assert rows, f"{method} {canonical} is not in the table of routes, so it declares no role"
        seen.update(rows)
        path, least = path_of(route), declared[rows[0]]
        assert (least == "open") == (path in OPEN), f"{path} is {least}"
        if least != "open":
            hold(api, method, path, least)
    assert seen == declared.keys()


def plain(path: str) -> str:
    """A path of the table without the expressions of its parameters, as aiohttp shows it."""
    return re.sub(r"{(\w+):[^}]+}", r"{\1}", path)


def hold(api: Api, method: str, path: str, least: access.Least) -> None:
    what = f"{method} {path}"
    for token in (None, "wrong", api.by_role["admin"][:-1], api.by_role["admin"] + "x"):
        refused = api.call(path, token, method=method)
        assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, "Bearer"), what
        assert refused.problem["type"] == "unauthorized"
    for role in ROLES:
        answer = api.call(path, api.by_role[role], method=method)
        if ROLES.index(role) < ROLES.index(least):  # type: ignore[arg-type]
            assert answer.status == 403, what
            assert answer.problem == {"type": "forbidden", "message": f"this needs the role {least}; {of(role)}"}
        else:
            assert answer.status not in (401, 403, 500), f"{what} as {role}: {answer}"
    assert api.call(path, CONFIGURED, method=method).status not in (401, 403, 500), what


def of(role: str) -> str:
    return f"token:{role} has {role}"


def test_what_changes_or_sends_needs_more_than_read() -> None:
    """A method alone says little, but a GET never needs write, and what reads is listed here one by one."""
    reading = {"/actionsd/replays/plan", "/actionsd/check"}
    reading |= {"/destination/filters/preview", "/destinations/filters/preview"}
    for method, path, least, _ in server.routes:
        if method == "GET":
            assert least in ("open", "read", "admin"), path
        else:
            assert (least == "read") == (path in reading), f"{method} {path}"
    needs = {path: least for method, path, least, _ in server.routes if method == "POST"}
    assert needs["/actionsd/backup"] == needs["/actionsd/destinations/{slug}/forget"] == "admin"
    assert {least for _, path, least, _ in server.routes if path.startswith("/actionsd/tokens")} == {"admin"}


def test_a_route_that_nobody_protected_needs_admin(api: Api) -> None:
    guard = access.Guard(CONFIGURED, api.parts)
    app = web.Application()
    app.router.add_get("/new", show_caller)

    async def main() -> list[tuple[int, str]]:
        return [await ask(app, guard, token) for token in (api.by_role["write"], api.by_role["admin"], CONFIGURED)]

    refused, taken, configured = api.run(main())
    assert refused[0] == 403
    assert [taken, configured] == [(200, "token:admin"), (200, "admin token")]


async def show_caller(request: web.Request) -> web.Response:
    return web.Response(text=access.caller_of(request).name)


async def ask(app: web.Application, guard: access.Guard, token: str) -> tuple[int, str]:
    from aiohttp.test_utils import make_mocked_request

    request = make_mocked_request("GET", "/new", headers={"Authorization": f"Bearer {token}"}, app=app)
    request._match_info = match = await app.router.resolve(request)
    answer = await guard.middleware(request, match.handler)
    assert isinstance(answer, web.Response)
    return answer.status, answer.text or ""


@pytest.mark.parametrize("token", [None, "wrong"])
def test_health_is_open_and_what_does_not_exist_is_not_told_to_strangers(api: Api, token: str | None) -> None:
    assert [api.call(path, token).status for path in sorted(OPEN)] == [200, 200]
    assert api.call("/actionsd/nowhere", token).status == 401
    assert api.call("/actionsd/status", token, method="DELETE").status == 401
    assert api.call("/actionsd/nowhere", api.by_role["read"]).status == 404
    assert api.call("/actionsd/status", api.by_role["read"], method="DELETE").status == 405


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Bearer {}", 200),
        ("bearer   {} ", 200),
        ("{}", 401),
        ("Basic {}", 401),
        ("Bearer", 401),
        ("Bearer ", 401),
        ("Bearer {} {}", 401),
        ("Bearer \udcff\udcfe", 401),
        ("Bearer é", 401),
    ],
)
def test_only_a_whole_bearer_token_counts(api: Api, header: str, status: int) -> None:
    token = api.by_role["read"]
    given = header.replace("{}", token).encode("utf-8", "surrogateescape")
    assert api.run(raw(api.url, b"Authorization: " + given)) == status


async def raw(url: str, header: bytes) -> int:
    """The status of a call whose header is sent as it is."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    writer.write(b"GET /actionsd/sources HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + header + b"\r\n\r\n")
    status = int((await reader.readline()).split()[1])
    writer.close()
    await writer.wait_closed()
    return status


def test_a_token_ends_when_it_expires_and_when_it_is_revoked(api: Api) -> None:
    made = api.run(tokens.create(api.parts, wire.TokenRequest(name="brief", role="read", expires=3600), "the test"))
    assert api.call("/actionsd/sources", made.token).status == 200
    later = FakeClock(api.clock.now() + 3_600_000)
    guard = access.Guard(CONFIGURED, msgspec.structs.replace(api.parts, clock=later))
    app = web.Application()
    app.router.add_get("/new", show_caller)
    refused, text = api.run(advancing(ask(app, guard, made.token), later))
    assert refused == 401
    assert "brief has expired" in text
    api.run(tokens.revoke(api.parts, "brief", "the test"))
    assert api.call("/actionsd/sources", made.token).status == 401


async def advancing(work: Any, clock: FakeClock) -> Any:
    """Do ``work`` while its clock runs."""
    task = asyncio.create_task(work)
    while not task.done():
        await clock.advance(1.0)
    return task.result()


def test_tokens_through_the_api(api: Api) -> None:
    admin = api.by_role["admin"]
    made = api.call("/actionsd/tokens", admin, method="POST", body=b'{"name":"ci","role":"write","expires":60}')
    assert (made.status, made.headers["Cache-Control"]) == (201, "no-store")
    created = msgspec.json.decode(made.body, type=wire.NewToken)
    assert re.fullmatch(r"actionsd_[A-Za-z0-9_-]{43}", created.token), "256 bits"
    assert api.call("/actionsd/sources", created.token).status == 200
    listed = api.call("/actionsd/tokens", admin)
    row = next(row for row in msgspec.json.decode(listed.body, type=wire.TokenPage).items if row.name == "ci")
    assert (row.role, row.state, row.last_used_at is not None) == ("write", "active", True)
    assert created.token.encode() not in listed.body
    again = api.call("/actionsd/tokens", admin, method="POST", body=b'{"name":"ci","role":"read"}')
    assert (again.status, again.problem["type"]) == (409, "conflict")
    assert api.call("/actionsd/tokens/ci/revoke", admin, method="POST").status == 200
    assert api.call("/actionsd/sources", created.token).status == 401
    assert api.call("/actionsd/tokens/ci/revoke", admin, method="POST").status == 404


@pytest.mark.parametrize(
    "body",
    [
        b'{"name":"x"}',
        b'{"role":"read"}',
        b'{"name":"x","role":"owner"}',
        b'{"name":"","role":"read"}',
        b'{"name":"two words","role":"read"}',
        b'{"name":"line\\n","role":"read"}',
        b'{"name":"x","role":"read","expires":0}',
        b'{"name":"x","role":"read","expires":-5}',
        b'{"name":"x","role":"read","expires":1e300}',
    ],
)
def test_a_wrong_wish_for_a_token_is_refused(api: Api, body: bytes) -> None:
    refused = api.call("/actionsd/tokens", api.by_role["admin"], method="POST", body=body)
    assert (refused.status, refused.problem["type"]) == (400, "bad-request")


@pytest.mark.parametrize("packed", [False, True])
def test_bodies_are_bounded(api: Api, packed: bool) -> None:
    """Also those that are small until they are unpacked."""
    body = b'{"reason":"' + b"x" * (1024 * 1024) + b'"}'
    headers = {"Content-Encoding": "gzip"} if packed else {}
    sent = gzip.compress(body) if packed else body
    for path, method in (("/actionsd/dead/drop", "POST"), ("/sources", "POST")):
        refused = api.call(path, api.by_role["write"], method=method, body=sent, **headers)
        assert (refused.status, refused.problem["type"]) == (413, "too-large"), path


def test_failures_wait_and_good_tokens_do_not(api: Api) -> None:
    before = len(api.clock.slept)
    api.call("/actionsd/sources", "wrong")
    assert [round(seconds, 3) for seconds in api.clock.slept[before:]] == [0.05]
    for token in (api.by_role["read"], CONFIGURED):
        assert api.call("/actionsd/sources", token).status == 200
    assert api.call("/actionsd/tokens", api.by_role["read"]).status == 403
    assert len(api.clock.slept) == before + 1


def turns(clock: FakeClock, failures: Failures, *peers: str) -> list[float]:
    return [round(failures.turn(peer) - clock.monotonic(), 3) for peer in peers]


def test_each_peer_waits_for_its_own_failures_alone() -> None:
    clock = FakeClock()
    failures = Failures(clock)
    assert turns(clock, failures, "a", "a", "b", "a") == [0.05, 0.1, 0.05, 0.15]
    assert max(turns(clock, failures, *["a"] * 100)) == 1.0
    asyncio.run(clock.advance(5.0))
    assert turns(clock, failures, "a") == [0.05]


def test_the_table_of_failing_peers_stays_small() -> None:
    clock = FakeClock()
    failures = Failures(clock)
    flood = turns(clock, failures, *(f"10.0.{number // 256}.{number % 256}" for number in range(5000)))
    assert failures.peers <= access.MOST_PEERS + 1
    assert max(flood) == 1.0, "those beyond share one turn"
    asyncio.run(clock.advance(2.0))
    turns(clock, failures, "new")
    assert failures.peers == 1


def test_tokens_are_compared_as_hashes_and_in_constant_time(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """By construction: what a caller sent is hashed at once, then compared by compare_digest or looked up."""
    compared: list[tuple[bytes, bytes]] = []
    looked_up: list[bytes] = []
    compare: Callable[[bytes, bytes], bool] = hmac.compare_digest
    find = api.parts.store.tokens.find
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append((a, b)) or compare(a, b))
    monkeypatch.setattr(api.parts.store.tokens, "find", lambda hash: looked_up.append(hash) or find(hash))
    for token in ("wrong", api.by_role["read"], CONFIGURED):
        api.call("/actionsd/sources", token)
    hashes = [tokens.digest(each) for each in ("wrong", api.by_role["read"], CONFIGURED)]
    assert compared == [(hash, hashes[2]) for hash in hashes]
    assert looked_up == hashes[:2]


@pytest.mark.parametrize("module", [access, tokens])
def test_no_token_is_compared_in_any_other_way(module: Any) -> None:
    secret = {"given", "token", "configured", "digest"}
    comparisons = [
        ast.unparse(node)
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Compare)
        and any(isinstance(name, ast.Name) and name.id in secret for name in ast.walk(node))
    ]
    allowed = {"configured is not None", "len(configured) < _weak"}
    assert {each for each in comparisons if not each.startswith("token.")} <= allowed
