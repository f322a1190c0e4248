"""Real clients, unmodified, against the real daemon: what they send ends at a destination."""

import http.server
import json
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from support import jwts, node
from support.daemon import WRITE_KEY, Daemon, destination
from support.waiting import until

CLIENTS = Path(__file__).parent / "clients"
CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--remote-debugging-port=0",
)
TYPES = {"identify", "track", "page", "screen", "group", "alias"}


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """A daemon that writes every event as it is to a file."""
    fields = {"data": {"@path": "$."}}
    target = destination("archive", "file", "write", fields, settings={"path": str(tmp_path / "events.ndjson")})
    with Daemon(tmp_path / "daemon", target) as running:
        yield running


def _delivered(daemon: Daemon, count: int) -> list[dict[str, Any]]:
    """What stands in the destination's file once ``count`` events are there."""
    path = daemon.home.parent / "events.ndjson"

    def lines() -> list[str]:
        return path.read_text().splitlines() if path.exists() else []

    until(lambda: len(lines()) >= count, what=f"{count} events in {path.name}; the log ends:\n{daemon.tail_of_log()}")
    return [json.loads(line) for line in lines()]


def test_segment_python_client(daemon: Daemon) -> None:
    program = f"""
import segment.analytics as analytics
analytics.write_key, analytics.host, analytics.gzip = {WRITE_KEY!r}, {daemon.url!r}, True
analytics.identify("ada", {{"email": "ada@example.com"}})
analytics.track("ada", "Signed Up", {{"plan": "pro"}})
analytics.page("ada", "Docs", "Home")
analytics.screen("ada", "App", "Start")
analytics.group("ada", "acme", {{"name": "Acme"}})
analytics.alias("anonymous-ada", "ada")
analytics.shutdown()
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
    _assert_the_six_calls(_delivered(daemon, 6), library="analytics-python")


def test_f011_segment_python_client_with_oauth(daemon: Daemon, tmp_path: Path) -> None:
    """Tokens of one run are good in the next one, and worth nothing without their client."""
    private, public = tmp_path / "client.pem", tmp_path / "client.pub"
    private.write_text(jwts.private_pem(jwts.key()))
    public.write_text(jwts.public_pem(jwts.key()))
    add = ("oauth-clients", "add", "backend", "--source", "website", "--kid", "k1", "--token-life", "2d")
    refused = daemon.ctl(*add, "--key", str(private))
    assert (refused.returncode, "this is the private key" in refused.stderr) == (2, True), refused.stderr
    assert daemon.ctl(*add, "--key", str(public)).returncode == 0
    (listed,) = daemon.ask("oauth-clients", "list")
    assert (listed["kids"], listed["sources"], listed["tokenLife"]) == (["k1"], ["website"], 2 * 86400)
    _require_tokens(daemon)
    (tmp_path / "program.py").write_text(f"""
import sys
import segment.analytics as analytics
analytics.write_key, analytics.host, analytics.gzip = {WRITE_KEY!r}, {daemon.url!r}, True
analytics.oauth_client_id, analytics.oauth_key_id = "backend", "k1"
analytics.oauth_client_key, analytics.oauth_auth_server = open({str(private)!r}).read(), {daemon.url!r}
analytics.on_error = lambda error, items: print(error)
analytics.track("ada", sys.argv[1])
analytics.flush()
print("token", analytics.default_client.oauth_manager.token)
""")

    def sent(event: str) -> list[str]:
        program = [sys.executable, tmp_path / "program.py", event]
        return subprocess.run(program, check=True, timeout=60, capture_output=True, text=True).stdout.split("\n")

    def answer(token: str) -> int:
        body = json.dumps({"userId": "ada", "event": "Token", "writeKey": WRITE_KEY}).encode()
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        try:
            with urllib.request.urlopen(urllib.request.Request(f"{daemon.url}/v1/track", body, headers)) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    first, *_ = sent("One")
    assert first.startswith("token 1."), first
    assert daemon.post("/v1/track", {"userId": "ada", "event": "Basic"}) == 401
    daemon.kill()
    daemon.start()
    assert daemon.ctl("secrets", "rotate").returncode == 0
    assert answer(first.split()[1]) == 200
    sent("Two")
    assert sorted(event["event"] for event in _delivered(daemon, 3)) == ["One", "Token", "Two"]
    assert daemon.ctl("oauth-clients", "add-key", "backend", str(public)).returncode == 0
    assert daemon.ctl("oauth-clients", "rm-key", "backend", "k1").returncode == 0
    assert "kid: the client has no such key" in sent("Three")[0]
    assert daemon.ctl("oauth-clients", "rm", "backend", "--yes").returncode == 0
    assert answer(first.split()[1]) == 401
    assert "sub: it is no client of this server" in sent("Four")[0]


def test_rudder_python_client(daemon: Daemon) -> None:
    program = f"""
import rudderstack.analytics as analytics
analytics.write_key, analytics.dataPlaneUrl = {WRITE_KEY!r}, {daemon.url!r}
analytics.identify("ada", {{"email": "ada@example.com"}})
analytics.track("ada", "Signed Up", {{"plan": "pro"}})
analytics.page("ada", "Docs", "Home")
analytics.screen("ada", "App", "Start")
analytics.group("ada", "acme", {{"name": "Acme"}})
analytics.alias("anonymous-ada", "ada")
analytics.shutdown()
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
    _assert_the_six_calls(_delivered(daemon, 6))


def test_node_client(daemon: Daemon) -> None:
    subprocess.run(["node", CLIENTS / "server.js", _packages(), daemon.url, WRITE_KEY], check=True, timeout=60)
    events = _delivered(daemon, 6)
    _assert_the_six_calls(events, library="@segment/analytics-node")
    assert {event["messageId"] for event in events} == {f"node-{kind}" for kind in TYPES}


def test_f011_node_client_with_oauth(daemon: Daemon, tmp_path: Path) -> None:
    packages = _packages()
    private, public = tmp_path / "client.pem", tmp_path / "client.pub"
    private.write_text(jwts.private_pem(jwts.key()))
    public.write_text(jwts.public_pem(jwts.key()))
    add = ("oauth-clients", "add", "backend", "--source", "website", "--kid", "k1", "--key", str(public))
    assert daemon.ctl(*add).returncode == 0
    _require_tokens(daemon)
    program = ["node", CLIENTS / "server.js", packages, daemon.url, WRITE_KEY, "backend", "k1", private]
    subprocess.run(program, check=True, timeout=60)
    _assert_the_six_calls(_delivered(daemon, 6), library="@segment/analytics-node")


def _require_tokens(daemon: Daemon) -> None:
    """Let the source take events with an access token only."""
    config = daemon.config.read_text()
    daemon.config.write_text(config.replace('slug = "website"', 'slug = "website"\noauth = "required"', 1))
    assert daemon.stop() == 0
    daemon.start()


def test_browser_client(daemon: Daemon, tmp_path: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium")
    with _pages(tmp_path / "pages") as address, _browser(chromium, tmp_path / "profile") as visit:
        visit(f"{address}/browser.html?key={WRITE_KEY}&daemon={daemon.url}")
        events = _delivered(daemon, 6)
    _assert_the_six_calls(events, library="analytics.js")
    assert all(event["context"]["page"]["title"] == "A page with analytics.js" for event in events)


def _packages() -> Path:
    modules = node.modules(CLIENTS / "package.json")
    if modules is None:
        pytest.skip("no node, no npm or no registry")
    return modules


def _assert_the_six_calls(events: list[dict[str, Any]], library: str = "") -> None:
    by_type = {event["type"]: event for event in events}
    assert set(by_type) == TYPES
    assert len(events) == 6, "something was delivered twice"
    assert by_type["track"]["event"] == "Signed Up"
    assert by_type["track"]["properties"]["plan"] == "pro"
    assert by_type["group"]["groupId"] == "acme"
    identify = by_type["identify"]
    assert {**identify["context"].get("traits", {}), **identify.get("traits", {})}["email"] == "ada@example.com"
    for event in events:
        assert event["messageId"]
        assert event["receivedAt"]
        assert event["timestamp"]
        assert not library or event["context"]["library"]["name"] == library


@contextmanager
def _pages(folder: Path) -> Iterator[str]:
    """Serve the page and the client's own files, as a site would."""
    folder.mkdir()
    shutil.copy(CLIENTS / "browser.html", folder)
    (folder / "umd").symlink_to(_packages() / "@segment" / "analytics-next" / "dist" / "umd")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        """The test's output is not a place for an access log."""


@contextmanager
def _browser(chromium: str, profile: Path) -> Iterator[Any]:
    started: list[subprocess.Popen[bytes]] = []

    def visit(url: str) -> None:
        started.append(
            subprocess.Popen(
                [chromium, *CHROMIUM_FLAGS, f"--user-data-dir={profile}", url],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        )

    try:
        yield visit
    finally:
        for process in started:
            process.terminate()
            process.wait(30)
