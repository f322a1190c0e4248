"""The admin API over HTTP: who may call it, what errors look like, metrics, the live stream."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from actionsd.cli.http import connect
from support.daemon import Daemon, destination, free_port
from support.waiting import until

TOKEN = "t0ken-of-the-test"
SECRET = "s3cret-of-the-hook"


class Api:
    def __init__(self, daemon: Daemon, port: int) -> None:
        self.daemon = daemon
        self.tcp = f"http://127.0.0.1:{port}"
        self.unix = f"unix:{daemon.data / 'admin.sock'}"

    def call(
        self, url: str, path: str, *, method: str = "GET", body: bytes | None = None, token: str = ""
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        with closing(connect(url, 10.0)) as connection:
            headers = {"authorization": f"Bearer {token}"} if token else {}
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read()

    def errors(self, path: str, **options: Any) -> tuple[int, list[dict[str, str]]]:
        status, headers, body = self.call(self.unix, path, **options)
        assert headers["content-type"] == "application/json"
        return status, json.loads(body)["errors"]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    home = tmp_path_factory.mktemp("admin")
    port = free_port()
    fields = {"data": {"@path": "$."}, "enable_batching": False}
    daemon = Daemon(home)
    nowhere = {"url": f"{daemon.url}/none?key={SECRET}", "method": "POST", "data": {"@path": "$."}}
    daemon.configure(
        destination("archive", "file", "write", fields, settings={"path": str(home / "x.ndjson")})
        + destination("refused", "webhook", "send", nowhere, settings={"sharedSecret": SECRET})
    )
    text = daemon.config.read_text().replace(
        '[admin]\nlisten = ["', f'[admin]\ntoken = "{TOKEN}"\nlisten = ["127.0.0.1:{port}", "'
    )
    daemon.config.write_text(text)
    with daemon:
        yield Api(daemon, port)
        assert TOKEN not in daemon.log.read_text()


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x", TOKEN[:-1]])
def test_tcp_asks_for_the_token(api: Api, token: str) -> None:
    for path in ("/actionsd/status", "/metrics", "/actionsd/nowhere"):
        status, headers, body = api.call(api.tcp, path, token=token)
        assert (status, headers["www-authenticate"]) == (401, "Bearer")
        assert json.loads(body)["errors"][0]["type"] == "unauthorized"


def test_the_token_opens_tcp_and_the_unix_socket_needs_none(api: Api) -> None:
    assert api.call(api.tcp, "/actionsd/status", token=TOKEN)[0] == 200
    assert api.call(api.unix, "/actionsd/status")[0] == 200
    assert api.daemon.data.joinpath("admin.sock").stat().st_mode & 0o777 == 0o600


def test_health_needs_no_token(api: Api) -> None:
    assert [api.call(api.tcp, path)[0] for path in ("/healthz", "/readyz")] == [200, 200]


def test_i6_no_answer_shows_the_token(api: Api) -> None:
    for path in ("/actionsd/status", "/actionsd/destinations", "/metrics", "/actionsd/plugins"):
        assert TOKEN.encode() not in api.call(api.unix, path)[2]


def test_the_first_start_makes_a_token_that_stays(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon:
        file = daemon.data / "admin.token"
        made = file.read_text()
        assert len(made.strip()) >= 40
        assert file.stat().st_mode & 0o777 == 0o600
        daemon.stop()
    with Daemon(tmp_path) as daemon:
        assert (daemon.data / "admin.token").read_text() == made


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "type"),
    [
        ("GET", "/actionsd/nowhere", None, 404, "not-found"),
        ("DELETE", "/actionsd/status", None, 405, "method-not-allowed"),
        ("GET", "/actionsd/destinations/none", None, 404, "not-found"),
        ("GET", "/actionsd/dead?limit=0", None, 400, "bad-request"),
        ("GET", "/actionsd/dead?limit=x", None, 400, "bad-request"),
        ("GET", "/actionsd/dead?after=-1", None, 400, "bad-request"),
        ("GET", "/actionsd/retries?destination=none", None, 404, "not-found"),
        ("GET", "/actionsd/dead/999999", None, 404, "not-found"),
        ("GET", "/actionsd/replays/999999", None, 404, "not-found"),
        ("POST", "/actionsd/replays", b"{", 400, "bad-request"),
        ("POST", "/actionsd/replays", b'{"destination": 5}', 400, "bad-request"),
        ("POST", "/actionsd/replays", b'{"destination": "none"}', 404, "not-found"),
        ("POST", "/actionsd/destinations/archive/forget", None, 409, "conflict"),
        ("POST", "/actionsd/backup", b'{"path": "relative"}', 422, "bad-config"),
        ("GET", "/actionsd/explain", None, 404, "not-found"),
        ("GET", "/actionsd/explain?messageId=x&source=none", None, 404, "not-found"),
        ("GET", "/actionsd/tail?destination=none", None, 404, "not-found"),
    ],
)
def test_a_refused_call_says_why_in_json(
    api: Api, method: str, path: str, body: bytes | None, status: int, type: str
) -> None:
    answered, problems = api.errors(path, method=method, body=body)
    assert (answered, problems[0]["type"]) == (status, type)
    assert problems[0]["message"]


def metrics(api: Api) -> dict[str, float]:
    text = api.call(api.unix, "/metrics")[2].decode()
    samples = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in samples}


def test_r29_metrics_are_the_committed_counters(api: Api) -> None:
    received = 'actionsd_events_total{step="received",reason="",source="website",destination="",mapping="",replay=""}'
    where = 'source="website",destination="archive",mapping="All"'
    delivered = f'actionsd_events_total{{step="delivered",reason="",{where},replay=""}}'
    before = metrics(api).get(received, 0)
    api.daemon.send([f"metrics-{number}" for number in range(3)])
    until(lambda: metrics(api).get(received, 0) == before + 3, what="three received")
    until(lambda: metrics(api).get(delivered, 0) == metrics(api)[received], what="all delivered")
    shown = metrics(api)
    assert shown["actionsd_ready"] == 1
    assert shown['actionsd_destination_backlog_events{destination="archive"}'] == 0
    assert shown['actionsd_delivery_seconds_bucket{destination="archive",le="+Inf"}'] == shown[delivered]
    assert shown['actionsd_delivery_seconds_count{destination="archive"}'] == shown[delivered]
    assert shown["actionsd_database_bytes"] > 0


def test_every_metric_is_described(api: Api) -> None:
    text = api.call(api.unix, "/metrics")[2].decode()
    described = {line.split()[2] for line in text.splitlines() if line.startswith("# HELP")}
    typed = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    named = {line.split("{")[0].split()[0] for line in text.splitlines() if not line.startswith("#")}
    bare = {name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") for name in named}
    assert bare <= described == typed


def test_tail_streams_what_happens_and_filters(api: Api) -> None:
    with closing(connect(api.unix, 20.0)) as connection:
        connection.request("GET", "/actionsd/tail?step=delivered&destination=archive")
        response = connection.getresponse()
        assert response.headers["content-type"] == "text/event-stream"
        api.daemon.send(["tailed"], event="Watched")
        lines = (line for line in response if line.startswith(b"data: "))
        seen = json.loads(next(lines)[6:])
    assert (seen["step"], seen["destination"], seen["mapping"]) == ("delivered", "archive", "All")
    assert (seen["messageId"], seen["event"], seen["source"]) == ("tailed", "Watched", "website")
    assert "properties" not in seen


def test_tail_shows_what_was_sent_to_those_who_ask(api: Api) -> None:
    assert api.errors("/actionsd/tail?exchanges=yes")[0] == 400
    with closing(connect(api.unix, 20.0)) as connection:
        connection.request("GET", "/actionsd/tail?step=dead&event=Refused&exchanges=1")
        response = connection.getresponse()
        api.daemon.send(["shown"], event="Refused")
        seen = json.loads(next(line for line in response if line.startswith(b"data: "))[6:])
    (exchange,) = seen["exchanges"]
    assert (seen["messageId"], seen["destination"], seen["message"]) == ("shown", "refused", "Not Found")
    assert exchange["request"]["method"] == "POST"
    assert exchange["response"]["status"] == 404
    assert SECRET not in json.dumps(seen)
    assert exchange["request"]["url"].endswith("/none?key=••••••")
