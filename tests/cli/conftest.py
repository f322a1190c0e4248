"""One daemon for all tests of the commands: an archive that works, one that is paused, one whose mapping fails."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from actionsd.cli.ctl import ctl
from support.daemon import Daemon, destination
from support.waiting import until

SECRET = "s3cret-token-of-the-hook"


@pytest.fixture(scope="session")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    home = tmp_path_factory.mktemp("ctl")
    archive = {"path": str(home / "events.ndjson")}
    whole = {"data": {"@path": "$."}, "enable_batching": False}
    broken = {"url": {"@path": "$.properties.url"}, "method": "POST", "data": {"@path": "$."}, "headers": {"x": SECRET}}
    declared = (
        destination("archive", "file", "write", whole, settings=archive)
        + destination("later", "file", "write", whole, settings=archive)
        + destination("hook", "webhook", "send", broken, settings={"sharedSecret": SECRET})
    )
    with Daemon(home, declared) as running:
        assert running.ctl("pause", "later").returncode == 0
        running.send([f"m{number}" for number in range(5)])
        until(lambda: all_settled(running), what="five delivered and five dead")
        yield running
        assert SECRET not in running.log.read_text()


def all_settled(running: Daemon) -> bool:
    archive, _, hook = running.ask("destinations")
    return bool(archive["delivered"] == 5 and hook["dead"] == 5)


Ctl = Callable[..., Result]


@pytest.fixture
def ctl_of(daemon: Daemon) -> Ctl:
    """Runs ``actionsctl`` in this process against the daemon's admin socket."""

    def run(*arguments: str, **options: object) -> Result:
        socket = f"unix:{daemon.data / 'admin.sock'}"
        result = CliRunner().invoke(ctl, ["--config", str(daemon.config), "--url", socket, *arguments], **options)
        assert SECRET not in result.output
        return result

    return run


@pytest.fixture
def elsewhere(tmp_path: Path) -> Ctl:
    """Runs ``actionsctl`` where no daemon is."""

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(ctl, ["--config", str(tmp_path / "actionsd.toml"), *arguments])

    return run
