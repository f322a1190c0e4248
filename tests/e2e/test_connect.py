"""``actionsctl destinations connect`` against a provider on this machine, and what deliveries make of the tokens
(RULES C10, FEATURES F198, F199)."""

import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner

from actionsd.cli import connect
from actionsd.cli.ctl import ctl
from actionsd.cli.http import connect as open_connection
from support.daemon import Daemon, destination, webhook
from support.plugins import install
from support.provider import CLIENT, Provider
from support.waiting import until

OAUTH = {"client_id": CLIENT["client_id"], "client_secret": "env:APP_SECRET"}


class Ended(NamedTuple):
    """How the command ended, and what the browser showed."""

    code: int
    output: str
    errors: str
    page: str


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as running:
        yield running


@pytest.fixture
def daemon(tmp_path: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    """One destination that the file declares, one without a client, one of another kind."""
    install(tmp_path / "plugins", "consenting")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "plugins"), prepend=os.pathsep)
    monkeypatch.setenv("PROVIDER", provider.url)
    monkeypatch.setenv("APP_SECRET", CLIENT["client_secret"])
    note = {"id": {"@path": "$.messageId"}}
    declared = (
        destination("notes", "consenting", "send", note, settings={"oauth": OAUTH})
        + destination("nobody", "consenting", "send", note, enabled=False)
        + webhook("hook", provider.url, enabled=False)
    )
    with Daemon(tmp_path / "daemon", declared, options=("--log-level", "debug")) as running:
        yield running
        assert_nothing_is_told(running.log.read_text())


def assert_nothing_is_told(text: str) -> None:
    for secret in (CLIENT["client_secret"], "access-token-", "refresh-token-"):
        assert secret not in text


def connected(daemon: Daemon, slug: str, *, state: str = "") -> Ended:
    """Run the command, and be the person at the browser; with ``state`` the answer is another's."""
    command = [daemon.bin / "actionsctl", "--config", daemon.config, "destinations", "connect", slug, "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        shown = process.stdout.readline()
        assert shown.startswith("consent at http"), shown
        url = shown.split()[-1]
        if state:
            url = f"{parse_qs(urlsplit(url).query)['redirect_uri'][0]}?code=code-x&state={state}"
        page = visited(url)
        output, errors = process.communicate(timeout=30)
    assert_nothing_is_told(output + errors + page)
    return Ended(process.returncode, shown + output, errors, page)


def visited(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            return str(response.read().decode())
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.read().decode()


def test_c10_consent_tokens_refresh_and_restart(daemon: Daemon, provider: Provider) -> None:
    done = connected(daemon, "notes")
    assert (done.code, done.output.splitlines()[-1]) == (0, "notes is connected"), done
    assert "notes is connected" in done.page
    (asked,) = provider.asked
    assert asked["access_type"] == "offline"
    assert asked["scope"] == "notes.read notes.write"
    assert (asked["response_type"], asked["client_id"]) == ("code", "the-app")
    assert (asked["code_challenge_method"], len(asked["code_challenge"])) == ("S256", 43)
    daemon.send(["m1"])
    until(lambda: provider.delivered == [("m1", "access-token-1")], what="a delivery with the new token")
    provider.access = "revoked"
    daemon.send(["m2"])
    until(lambda: provider.delivered[1:] == [("m2", "access-token-2")], what="the refresh after a 401")
    assert daemon.stop() == 0
    daemon.start()
    daemon.send(["m3"])
    until(lambda: provider.delivered[2:] == [("m3", "access-token-2")], what="the newest token after the restart")
    provider.access = "revoked"
    daemon.send(["m4"])
    until(lambda: provider.delivered[3:] == [("m4", "access-token-3")], what="a refresh with the newest refresh token")
    assert provider.grants == ["authorization_code", "refresh_token", "refresh_token"]


def test_c10_a_destination_made_through_the_api_is_connected_and_let_go_on(daemon: Daemon, provider: Provider) -> None:
    settings = f"oauth={json.dumps(OAUTH)}"
    made = daemon.ctl("destinations", "add", "consenting", "--source", "website", "--slug", "made", "--set", settings)
    assert made.returncode == 0, made.stderr
    mapping = ("mappings", "add", "made", "All", "--action", "send", "--enable")
    assert daemon.ctl(*mapping).returncode == 0
    daemon.send([f"early-{number}" for number in range(20)])
    until(lambda: held(daemon, "made"), what="an open breaker: nothing is good without tokens (RULES R17)")
    assert connected(daemon, "made").code == 0
    assert not held(daemon, "made")
    daemon.send(["late"])
    until(lambda: ("late", "access-token-1") in provider.delivered, what="a delivery with the new token")


def held(daemon: Daemon, slug: str) -> bool:
    return bool(daemon.ask("destinations", "show", slug)["breaker"] != "closed")


def test_c10_what_goes_wrong_is_told(daemon: Daemon, provider: Provider) -> None:
    provider.mode = "deny"
    done = connected(daemon, "notes")
    assert done.code == 1
    assert "Consenting did not connect: access_denied: The person said <no>" in done.errors
    assert "The person said &lt;no&gt;" in done.page

    provider.mode = "refuse"
    done = connected(daemon, "notes")
    assert done.code == 1
    assert "Consenting gave no tokens (status 400): invalid_grant: •••••• of •••••• is no good" in done.errors

    done = connected(daemon, "notes", state="of-somebody-else")
    assert done.code == 1
    assert "state: it is not the one that this connection was begun with" in done.errors
    assert provider.grants == []


@pytest.mark.parametrize(
    ("slug", "uri", "status", "problem"),
    [
        ("hook", "http://127.0.0.1:1/c", 409, "Webhook is not connected in a browser"),
        ("nobody", "http://127.0.0.1:1/c", 422, "settings.oauth.client_id: missing"),
        ("nothing", "http://127.0.0.1:1/c", 404, "no destination"),
        *(
            ("notes", uri, 422, "redirectUri: expected http://127.0.0.1:PORT/..., got")
            for uri in (
                "https://evil.test/", "http://127.0.0.1/c", "http://127.0.0.1:0/c", "http://127.0.0.1:1",
                "http://u@127.0.0.1:1/c", "http://127.0.0.1:99999/c", "http://127.0.0.1:1/c?x=1", "http://[::1]:1/",
            )
        ),
    ],
)  # fmt: skip
def test_c10_what_cannot_be_connected_is_refused(
    shared_daemon: Daemon, slug: str, uri: str, status: int, problem: str
) -> None:
    found, answer = asked(shared_daemon, f"/actionsd/destinations/{slug}/connect", {"redirectUri": uri})
    assert (found, problem in answer) == (status, True), answer


@pytest.fixture(scope="module")
def shared_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    home = tmp_path_factory.mktemp("connect")
    install(home / "plugins", "consenting")
    note = {"id": {"@path": "$.messageId"}}
    with pytest.MonkeyPatch.context() as patch, Provider() as provider:
        patch.setenv("PYTHONPATH", str(home / "plugins"), prepend=os.pathsep)
        patch.setenv("PROVIDER", "http://127.0.0.1:9")
        declared = (
            destination("notes", "consenting", "send", note, settings={"oauth": {"client_id": "c"}}, enabled=False)
            + destination("nobody", "consenting", "send", note, enabled=False)
            + webhook("hook", provider.url, enabled=False)
        )
        with Daemon(home / "daemon", declared) as running:
            yield running


def asked(daemon: Daemon, path: str, body: object) -> tuple[int, str]:
    with closing(open_connection(f"unix:{daemon.data / 'admin.sock'}", 20.0)) as connection:
        connection.request("POST", path, json.dumps(body))
        response = connection.getresponse()
        return response.status, response.read().decode()


def test_c10_a_provider_that_cannot_be_reached_is_named(shared_daemon: Daemon) -> None:
    path = "/actionsd/destinations/notes/connect"
    _, begun = asked(shared_daemon, path, {"redirectUri": "http://127.0.0.1:1/c"})
    state = parse_qs(urlsplit(json.loads(begun)["url"]).query)["state"][0]
    status, answer = asked(shared_daemon, f"{path}/finish", {"state": state, "code": "x"})
    assert (status, "Consenting cannot be reached: ECONNREFUSED" in answer) == (503, True), answer
    status, answer = asked(shared_daemon, f"{path}/finish", {"state": state, "code": "x"})
    assert (status, "no connection of it was begun" in answer) == (409, True), answer


def test_c10_nobody_waits_for_ever(shared_daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "PATIENCE", 0.01)
    words = ["--config", str(shared_daemon.config), "destinations", "connect", "notes", "--no-browser"]
    done = CliRunner().invoke(ctl, words)
    assert done.exit_code == 1
    assert "no answer came within 0 minutes; nothing was changed" in done.output


def test_c10_a_port_that_is_taken_is_named(shared_daemon: Daemon) -> None:
    words = ["--config", str(shared_daemon.config), "destinations", "connect", "notes", "--port"]
    done = CliRunner().invoke(ctl, [*words, str(shared_daemon.port)])
    assert done.exit_code == 1
    assert f"cannot wait on 127.0.0.1:{shared_daemon.port}: address already in use" in done.output
