"""Real clients, unmodified, against the real daemon: what they send ends at a destination."""

import http.server
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from support import node
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
