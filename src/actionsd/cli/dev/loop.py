"""Start a daemon with the plugin, show what happens, start it again when a file changes."""

import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from actionsd import wire
from actionsd.cli.dev import config, offer, project, show
from actionsd.cli.dev.child import Child
from actionsd.cli.http import Failed

_poll = 0.15  # seconds between looks at the files
_and_then = "; it starts again when a file changes"

Stamps = dict[Path, tuple[int, int]]


def develop(folder: Path, settings: dict[str, Any], fields: offer.Fields, *, dry_run: bool) -> None:
    """Run until interrupted.

    Raises:
        Failed: there is no plugin in the folder.
    """
    found = project.read(folder)
    with tempfile.TemporaryDirectory(prefix="actionsd-") as scratch, _held_port() as port:
        workshop = _Workshop(found, Path(scratch), port, offer.Question(found.name, settings, fields, dry_run))
        try:
            workshop.run()
        finally:
            workshop.close()


class _Workshop:
    """A scratch folder with the config and data of the daemon, and the daemon that runs in it."""

    def __init__(self, found: project.Project, scratch: Path, port: int, question: offer.Question) -> None:
        self._project = found
        self._scratch = scratch
        self._question = question
        self._config = scratch / "actionsd.toml"
        self._port = port
        self._child: Child | None = None
        self._offer: offer.Offer | None = None  # that of the last start

    def run(self) -> None:
        """Watch for ever; the first start is a change like any other. A change is over when two looks agree: editors
        empty a file before they write it."""
        before: Stamps = {}
        looked = _stamps(self._project)
        while True:
            now = _stamps(self._project)
            if now != before and now == looked:
                self._changed(_difference(before, now))
                before = now
            elif self._child is not None and not self._child.alive:
                click.secho(f"the daemon has ended{_and_then}", fg="red", err=True)
                self.close()
            looked = now
            time.sleep(_poll)

    def close(self) -> None:
        """Stop the daemon."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def _changed(self, files: str) -> None:
        """Start again with the plugin as it is now; while it is broken, the daemon that runs stays."""
        if files:
            click.secho(f"changed: {files}", bold=True)
        try:
            self._project = project.read(self._project.folder)
            environment = self._project.environment(self._scratch / f"site-{self._project.version}")
            offered = offer.ask(replace(self._question, package=self._project.name), environment)
            if _works(offered):
                self._start(offered, environment)
        except Failed as error:
            click.secho(error.message, fg="red", err=True)

    def _start(self, offered: offer.Offer, environment: dict[str, str]) -> None:
        self.close()
        self._config.write_text(config.generate(self._port, offered.definitions), encoding="utf-8")
        self._child = Child(self._config, environment, self._question.sample, _show)
        try:
            self._child.wait_until_ready()
        except Failed as error:
            self.close()
            raise Failed(f"{error.message}{_and_then}") from None
        if offered == self._offer:
            click.echo("ready again")
        else:
            self._greet(offered)
            self._offer = offered

    def _greet(self, offered: offer.Offer) -> None:
        click.secho(f"{self._project.name} {self._project.version}", bold=True)
        for made in offered.definitions:
            for mapped in made.mappings:
                when = f"when {mapped.trigger}" if mapped.trigger else "for every event"
                click.echo(f"  {made.slug}: {click.style(mapped.action, bold=True)} {when}")
            for note in made.notes:
                click.secho(f"  {note}", fg="yellow")
        url, key = f"http://127.0.0.1:{self._port}", config.WRITE_KEY
        dry = "; a dry run: nothing is sent, each request gets 200" if self._question.sample else ""
        click.echo(f"ready at {url}, write key {key}{dry}. From another terminal:")
        click.secho(f'  actionsctl send track -e "Signed Up" --to {url} -k {key}\n', fg="cyan")


def _works(offered: offer.Offer) -> bool:
    """Whether a daemon can run with it; says why not."""
    problems = [problem for made in offered.definitions for problem in made.problems]
    if offered.error:
        problems.append(offered.error.rstrip())
    for problem in problems:
        click.secho(problem, fg="red", err=True)
    return not problems


def _show(record: wire.Seen) -> None:
    click.echo(show.seen(record))


@contextmanager
def _held_port() -> Iterator[int]:
    """A TCP port that nobody else is given while the daemon starts again: it is bound here, and not listened on. Only
    Linux lets the daemon listen on it all the same; elsewhere it is free."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        if not sys.platform.startswith("linux"):
            held.close()
        yield port


def _stamps(found: project.Project) -> Stamps:
    stamps: Stamps = {}
    with suppress(OSError):  # a file or folder was removed since it was listed: the next look sees what there is
        for path in found.files():
            state = path.stat()
            stamps[path] = (state.st_mtime_ns, state.st_size)
    return stamps


def _difference(before: Stamps, now: Stamps) -> str:
    """The names of the files that changed; "" at the first look."""
    if not before:
        return ""
    changed = {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)}
    return ", ".join(sorted(path.name for path in changed))
