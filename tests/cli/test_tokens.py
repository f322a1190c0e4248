"""``actionsctl tokens``: make one, see it once, use it, revoke it."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from actionsd.cli.client import Client
from actionsd.cli.ctl import ctl
from actionsd.cli.http import Failed, connect
from support.daemon import Daemon, free_port

Ctl = Callable[..., Result]


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Daemon, str]]:
    """A daemon whose admin API listens on TCP too, and where."""
    port = free_port()
    daemon = Daemon(tmp_path_factory.mktemp("remote"))
    text = daemon.config.read_text().replace('[admin]\nlisten = ["', f'[admin]\nlisten = ["127.0.0.1:{port}", "')
    daemon.config.write_text(text)
    with daemon:
        yield daemon, f"http://127.0.0.1:{port}"


def run(url: str, token: str, *arguments: str) -> Result:
    return CliRunner().invoke(ctl, ["--url", url, *arguments], env={"ACTIONSD_TOKEN": token})


def test_the_first_starts_token_makes_others_and_they_hold_to_their_role(remote: tuple[Daemon, str]) -> None:
    daemon, url = remote
    first = (daemon.data / "admin.token").read_text().strip()
    made = run(url, first, "tokens", "create", "ci", "--role", "write", "--expires", "90d")
    assert made.exit_code == 0, made.output
    token = made.stdout.strip()
    assert re.fullmatch(r"actionsd_[\w-]{43}", token), "the token alone, for scripts"
    assert re.search(r"ci may write until \d{4}-.*not shown again", made.stderr)
    assert run(url, token, "sources").exit_code == 0
    assert run(url, token, "resume").output == "nothing was held\n"
    refused = run(url, token, "tokens", "list")
    assert (refused.exit_code, refused.output) == (1, "Error: this needs the role admin; token:ci has write\n")

    listed = run(url, first, "tokens", "list")
    assert listed.output.splitlines()[1].split()[:3] == ["ci", "write", "active"]
    assert token not in listed.output
    assert run(url, first, "tokens", "revoke", "ci").output == "ci is revoked\n"
    (row,) = json.loads(run(url, first, "tokens", "list", "--json").output)["items"]
    assert (row["name"], row["state"]) == ("ci", "revoked")
    assert row["lastUsedAt"] is not None
    gone = run(url, token, "sources")
    assert gone.exit_code == 1
    assert "may have been revoked\nset ACTIONSD_TOKEN" in gone.output

    assert token not in daemon.log.read_text()
    records = [json.loads(line) for line in daemon.log.read_text().splitlines() if line.startswith("{")]
    created = next(record for record in records if record["message"] == "a token was created")
    assert (created["token"], created["role"], created["by"]) == ("ci", "write", "admin token")


def test_a_listing_goes_on_page_by_page(remote: tuple[Daemon, str]) -> None:
    daemon, _ = remote
    for number in range(3):
        created = json.loads(daemon.ctl("tokens", "create", f"page{number}", "--role", "read", "--json").stdout)
        assert created["row"]["expiresAt"] is None
        assert created["token"].startswith("actionsd_")
    seen, after = [], "1"
    while after:
        page = daemon.ask("tokens", "list", "--limit", "2", "--after", after)
        seen += [row["name"] for row in page["items"]]
        after = str(page["after"] or "")
    assert seen[-3:] == ["page0", "page1", "page2"]


def test_no_token_is_made_of_nonsense(ctl_of: Ctl) -> None:
    assert ctl_of("tokens", "create", "x").exit_code == 2, "the role is required"
    assert ctl_of("tokens", "create", "x", "--role", "owner").exit_code == 2
    for span in ("0d", "-1d", "90", "soon", "1w"):
        refused = ctl_of("tokens", "create", "x", "--role", "read", "--expires", span)
        assert refused.exit_code == 2
        assert "expected a span such as 12h or 90d" in refused.output
    spaced = ctl_of("tokens", "create", "two words", "--role", "read")
    assert spaced.exit_code == 1
    assert "$.name" in spaced.output
    assert ctl_of("tokens", "revoke", "never").output == 'Error: no token "never" is in use\n'
    assert ctl_of("tokens", "list").output == "no tokens but the one of the config\n"


def test_a_header_that_cannot_be_read_is_not_logged(remote: tuple[Daemon, str]) -> None:
    daemon, url = remote
    canary = "canary-in-a-broken-header"
    for header in (f"Authorization: Bearer {canary}\0", f"Authorization\t: {canary}", f"{canary}", f": {canary}"):
        with closing(connect(url, 10.0)) as connection:
            connection.connect()
            assert connection.sock is not None
            connection.sock.sendall(f"GET /actionsd/status HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n".encode())
            assert connection.sock.recv(100).split()[1] in (b"400", b"401")
    assert canary not in daemon.log.read_text()


def test_without_a_token_it_says_what_to_do(remote: tuple[Daemon, str], tmp_path: Path) -> None:
    _, url = remote
    with pytest.raises(Failed, match="asks for Authorization: Bearer TOKEN\nset ACTIONSD_TOKEN"):
        Client(url, tmp_path / "none.toml", None).get("/actionsd/sources", object)
