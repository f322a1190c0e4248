"""A partner's way, whole: a plugin from the scaffold, outside of the repository, built as a wheel and installed into a
fresh environment beside the daemon's own wheel; it is found, configured and delivers. A broken one beside it does not
matter."""

import json
import subprocess
import sys
import threading
import venv
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from actionsd.cli.ctl import ctl
from support.daemon import Daemon
from support.waiting import until

ROOT = Path(__file__).parents[2]
DESTINATION = """
[[destinations]]
slug = "partner"
source = "website"
definition = "acme"
settings = { api_key = "s3cret-key" }
[[destinations.mappings]]
name = "Tracked"
action = "trackEvent"
"""


class Api(HTTPServer):
    """The partner's server: answers 200 and keeps what came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[tuple[str, str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Api

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.requests.append((self.path, self.headers["authorization"], body))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """The test's output stays as it is."""


@pytest.fixture
def api() -> Iterator[Api]:
    with Api() as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_a_plugin_from_the_scaffold_is_installed_found_configured_and_delivers(tmp_path: Path, api: Api) -> None:
    acme = scaffolded(
        tmp_path / "acme",
        {
            "https://api.acme.example": api.url,
            "api.acme.example": "127.0.0.1",
            "from typing": "import warnings\nfrom typing",
            "    Action,\n    Base": "    Action,\n    ContractDeprecationWarning,\n    Base",
            "class AcmeSettings": "warnings.warn('x will go', ContractDeprecationWarning)\nclass AcmeSettings",
        },
    )
    broken = scaffolded(tmp_path / "broken", {"def actionsd_definitions": "def actionsd_defnitions"})
    wheels = [wheel(folder, tmp_path / "wheels") for folder in (ROOT, acme, broken)]
    with Daemon(tmp_path / "daemon", DESTINATION, bin=installed(tmp_path / "venv", wheels)) as daemon:
        good, quarantined = daemon.ask("plugins")
        assert (good["slug"], good["package"], good["version"]) == ("acme", "actionsd-acme", "0.1.0")
        assert (good["actions"], good["error"]) == (["trackEvent"], "")
        assert quarantined["package"] == "actionsd-broken"
        assert "unknown hook 'actionsd_defnitions'" in quarantined["error"]
        shown = daemon.ctl("plugins").stdout
        assert "in quarantine: broken: TypeError" in shown
        assert "deprecated: acme: x will go" in shown
        until(lambda: "the plugin actionsd-broken" in daemon.log.read_text(), what="a word about the broken plugin")
        assert "the plugin actionsd-broken 0.1.0 is in quarantine: TypeError" in daemon.log.read_text()
        assert "the plugin actionsd-acme 0.1.0 uses what will go: x will go" in daemon.log.read_text()

        daemon.ctl("send", "track", "--event", "Signed Up", "--user-id", "ada", "--property", "plan=pro")
        until(lambda: api.requests, what="a request at the partner's server")
        until(lambda: daemon.ask("destinations", "partner")["delivered"] == 1, what="one delivered")
    ((path, authorization, sent),) = api.requests
    assert (path, authorization) == ("/v1/track", "Bearer s3cret-key")
    assert (sent["event"], sent["user"], sent["properties"]) == ("Signed Up", "ada", {"plan": "pro"})


def scaffolded(folder: Path, changes: dict[str, str]) -> Path:
    """A new plugin named as its folder, edited as a partner would."""
    made = CliRunner().invoke(ctl, ["plugin", "new", folder.name, "--dir", str(folder)])
    assert made.exit_code == 0, made.output
    (module,) = folder.glob("src/*/__init__.py")
    text = module.read_text()
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    module.write_text(text)
    return folder


def wheel(folder: Path, target: Path) -> Path:
    target = target / folder.name
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(folder)]
    done = subprocess.run(build, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = target.iterdir()
    return made


def installed(home: Path, wheels: list[Path]) -> Path:
    """A fresh environment with the wheels and, from the package index, what they need; returns its ``bin``."""
    venv.create(home, with_pip=False, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", str(home / "bin" / "python"), "install", "-q", *map(str, wheels)]
    done = subprocess.run(pip, capture_output=True, text=True)
    if "No matching distribution found for" in done.stderr:
        pytest.skip(f"the package index cannot be reached: {done.stderr[-300:]}")
    assert done.returncode == 0, done.stderr
    return home / "bin"
