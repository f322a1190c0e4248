"""``actionsctl plugin``: write a destination of your own."""

from pathlib import Path

import click


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
    click.echo(f"\nNext:\n  cd {folder}\n  pip install -e '.[dev]'\n  pytest")
