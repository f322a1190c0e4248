"""The set-ups in contrib/, with the real programs where they are installed."""

import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from actionsd.cli.http import connect
from support.daemon import WRITE_KEY, Daemon, destination, free_port, webhook
from support.waiting import until

CONTRIB = Path(__file__).parents[2] / "contrib"
MAIN = (
    "daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\nhttp {{ {site} }}\n"
)


def test_nginx_passes_calls_on_with_the_clients_address(tmp_path: Path) -> None:
    if shutil.which("nginx") is None or shutil.which("openssl") is None:
        pytest.skip("no nginx or no openssl")
    path = tmp_path / "events.ndjson"
    target = destination("archive", "file", "write", {"data": {"@path": "$."}}, settings={"path": str(path)})
    with Daemon(tmp_path / "d", target, ingest='trusted_proxies = ["127.0.0.1"]') as daemon:
        with _nginx(tmp_path / "nginx", daemon.port) as port:
            event = {"userId": "ada", "event": "Signed Up", "context": {"direct": True}}
            assert _ask(port, "POST", "/v1/track", event) == {"success": True}
            settings = _ask(port, "GET", f"/v1/projects/{WRITE_KEY}/settings")
        until(lambda: path.exists() and path.read_text().endswith("\n"), what="the delivered event")
    assert json.loads(path.read_text())["context"]["ip"] == "127.0.0.2"
    browser = settings["integrations"]["Segment.io"]
    assert (browser["protocol"], browser["apiHost"]) == ("https", "events.example.com/v1")


def _ask(port: int, method: str, path: str, body: object = None) -> Any:
    """Ask the proxy from an address that is not its own."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=trusting, source_address=("127.0.0.2", 0))
    basic = b64encode(f"{WRITE_KEY}:".encode()).decode()
    headers = {"host": "events.example.com", "authorization": f"Basic {basic}", "content-type": "application/json"}
    connection.request(method, path, json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    assert answer.status == 200, text
    return json.loads(text)


@contextmanager
def _nginx(folder: Path, upstream: int) -> Iterator[int]:
    """nginx with contrib/nginx.conf, its addresses and certificate replaced."""
    folder.mkdir()
    port = free_port()
    _certificate(folder)
    site = (CONTRIB / "nginx.conf").read_text()
    for shown, used in {
        "127.0.0.1:8080": f"127.0.0.1:{upstream}",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/ssl/events.example.com/fullchain.pem": str(folder / "cert.pem"),
        "/etc/ssl/events.example.com/privkey.pem": str(folder / "key.pem"),
    }.items():
        assert shown in site
        site = site.replace(shown, used)
    config = folder / "nginx.conf"
    config.write_text(MAIN.format(folder=folder, site=site))
    process = subprocess.Popen(["nginx", "-p", folder, "-c", config])
    try:
        until(lambda: process.poll() is not None or _answers(port), what="nginx")
        assert process.poll() is None, (folder / "error.log").read_text()
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _certificate(folder: Path) -> None:
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=events.example.com"]
    files: list[str | Path] = ["-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    subprocess.run([*request, *files], check=True, capture_output=True)


EXPRESSION = re.compile(r"actionsd_\w+(?:{[^}]*})?")
LABEL = re.compile(r"(\w+)=\"([^\"]*)\"")
GROUPED = re.compile(r"by \(([^)]*)\)")


def test_dashboards_and_alerts_show_metrics_that_there_are(tmp_path: Path) -> None:
    """Each metric, label and step that they name comes from a daemon that has delivered, retried and given up."""
    there = _metrics(tmp_path)
    board = json.loads((CONTRIB / "dashboards" / "grafana.json").read_text())
    expressions = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    alerts = (CONTRIB / "dashboards" / "alerts.yml").read_text()
    expressions += re.findall(r"^ +expr: (.*)$", alerts, re.MULTILINE)
    assert len(expressions) > 20
    for expression in expressions:
        grouped = {label.strip() for labels in GROUPED.findall(expression) for label in labels.split(",")}
        for found in EXPRESSION.findall(expression):
            name, _, wanted = found.partition("{")
            assert name in there, expression
            labels = dict(LABEL.findall(wanted))
            assert labels.keys() | grouped <= there[name] | {"instance"}, expression
            assert labels.get("step") in {None, *STEPS}, expression
    assert "{{destination}}" in (CONTRIB / "dashboards" / "grafana.json").read_text()


STEPS = {"received", "duplicate", "refused", "delivered", "retry", "dead", "discarded"}


def _metrics(home: Path) -> dict[str, set[str]]:
    """Labels by metric, of a daemon where events took every step."""
    whole: dict[str, object] = {"data": {"@path": "$."}, "enable_batching": False}
    broken: dict[str, object] = {"url": {"@path": "$.properties.url"}, "method": "POST", "data": {"@path": "$."}}
    never = [{"if": "type = 'track'", "actions": [{"type": "drop"}]}]
    path = {"path": str(home / "events.ndjson")}
    targets = [
        destination("archive", "file", "write", whole, settings=path),
        destination("empty", "file", "write", whole, settings=path, filters=never),
        destination("hook", "webhook", "send", broken),
        webhook("down", f"http://127.0.0.1:{free_port()}/"),
    ]
    with Daemon(home, "".join(targets)) as daemon:
        daemon.send(["one", "one"])
        daemon.post("/v1/track", {"event": "Nobody", "userId": "u", "integrations": {"All": False}})
        daemon.post("/v1/batch", {"batch": []})
        until(lambda: set(re.findall(r'step="(\w+)"', _shown(daemon))) >= STEPS, what="every step")
        text = _shown(daemon)
    there: dict[str, set[str]] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            there.setdefault(re.split(r"[{ ]", line)[0], set()).update(key for key, _ in LABEL.findall(line))
    return there


def _shown(daemon: Daemon) -> str:
    with closing(connect(f"unix:{daemon.data / 'admin.sock'}", 10.0)) as connection:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()
