"""``actionsctl check``: would this config be taken?"""

from pathlib import Path

import click

from actionsd import wire
from actionsd.cli.client import Client
from actionsd.errors import ConfigError


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def check(client: Client, file: Path | None) -> None:
    """Check FILE, or the file of the running daemon as a reload would.

    Prints every problem with its line and exits with 2 if there is one. FILE is checked here, with the plugins and the
    environment of this shell. Without FILE it also tells what was made elsewhere and does not work, and exits with 1 if
    that is all.
    """
    if file is None:
        result = client.post("/actionsd/check", wire.CheckResult)
    else:
        result = wire.CheckResult(path=str(file), problems=check_file(file), troubles=[])
    if not result.problems:
        click.echo(f"{result.path} is fine")
    for text in (*result.problems, *result.troubles):
        click.echo(text, err=True)
    if result.problems or result.troubles:
        raise click.exceptions.Exit(2 if result.problems else 1)


def check_file(path: Path) -> list[str]:
    """Every problem of one file, its mappings compiled against the installed definitions."""
    from actionsd import catalog, settings  # only this command needs the engines
    from actionsd.check import prepare

    try:
        prepare(settings.load(path), catalog.load(), path)
    except ConfigError as error:
        return list(error.problems)
    return []
