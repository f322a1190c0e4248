"""``actionsctl backup``: an online copy of the database."""

from pathlib import Path

import click

from actionsd import wire
from actionsd.cli.client import Client
from actionsd.cli.output import json_option, print_json, size


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@json_option
@click.pass_obj
def backup(client: Client, path: Path, as_json: bool) -> None:
    """Copy the database to PATH while the daemon runs.

    PATH is on the daemon's machine and must not exist. To restore, stop the daemon and put the copy in the place of
    <data_dir>/actionsd.db; the first start then holds all destinations until `actionsctl resume`.
    """
    done = client.post("/actionsd/backup", wire.Backup, wire.BackupRequest(path=str(path.absolute())))
    if as_json:
        print_json(done)
    else:
        click.echo(f"wrote {done.path}, {size(done.bytes)}")
