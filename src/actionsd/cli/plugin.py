"""``actionsctl plugin``: write a destination of your own."""

import signal
import sys
from pathlib import Path
from typing import Any

import click

from actionsd.cli.client import Usage
from actionsd.cli.noun import pair, values
from actionsd.errors import ConfigError
from actionsd.settings import resolve


@click.group()
def plugin() -> None:
    """Write a destination of your own; `actionsctl plugins` lists those that are installed."""


@plugin.command()
@click.argument("name")
@click.option(
    "--dir",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the package goes.  [default: ./actionsd-NAME]",
)
def new(name: str, folder: Path | None) -> None:
    """Make the package of a new destination with the slug NAME, its tests and its CI.

    Writes over nothing. The tests pass as they are; then put in what the destination's API wants.
    """
    from actionsd.cli import scaffold  # the contract's import is for this command alone

    folder = folder or Path(scaffold.package_of(name))
    for path in scaffold.create(name, folder):
        click.echo(f"wrote {path}")
    click.echo(f"\nNext:\n  cd {folder}\n  pip install -e '.[dev]'\n  pytest\n  actionsctl plugin dev . --dry-run")


@plugin.command()
@click.argument("path", type=click.Path(path_type=Path, file_okay=False))
@click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="A setting (repeatable).")
@click.option(
    "--settings",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The settings, as a JSON object; --set goes over them.",
)
@click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="ACTION.KEY=VALUE",
    help="A field of an action's mapping, over its default (repeatable).",
)
@click.option("--dry-run", is_flag=True, help="Send nothing: answer each request with 200, make up missing settings.")
def dev(path: Path, pairs: tuple[str, ...], file: Path | None, fields: tuple[str, ...], dry_run: bool) -> None:
    """Run a daemon with the plugin in PATH, and show each event's requests and responses.

    Each action has its default mapping. When a file of the plugin changes, the daemon starts again with it. A VALUE
    that is JSON is taken as such; that of a setting may be env:NAME or file:PATH. Config and data are thrown away at
    the end.
    """
    from actionsd.cli.dev.loop import develop  # nothing else needs it

    try:
        settings = resolve(values(file, pairs), Path.cwd())
    except ConfigError as error:
        raise Usage(str(error)) from None
    mapped: dict[str, dict[str, Any]] = {}
    for each in fields:
        key, value = pair(each)
        action, _, field = key.partition(".")
        mapped.setdefault(action, {})[field] = value
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        develop(path, settings, mapped, dry_run=dry_run)
    except KeyboardInterrupt:
        click.echo()
