"""``actionsctl secrets``: the key that seals stored settings."""

import click

from actionsd import wire
from actionsd.cli.client import Client


@click.group()
def secrets() -> None:
    """Look after the key in <data_dir>/secrets.key, which seals stored settings."""


@secrets.command()
@click.pass_obj
def rotate(client: Client) -> None:
    """Seal everything with a new key and drop the old one. Keep the new file beside your backups."""
    done = client.post("/actionsd/secrets/rotate", wire.Done)
    click.echo(f"sealed {done.changed} settings and versions with a new key")
