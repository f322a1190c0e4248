"""``actionsctl plugins``: the definitions that are installed."""

import click

from actionsd import wire
from actionsd.cli.client import Client
from actionsd.cli.output import Column, json_option, print_json, print_table

_columns = (
    Column("definition"),
    Column("name", flexible=True),
    Column("package", flexible=True),
    Column("version"),
    Column("actions", flexible=True),
)


@click.command()
@json_option
@click.pass_obj
def plugins(client: Client, as_json: bool) -> None:
    """List the destination definitions that the daemon has, and plugins that it put in quarantine."""
    rows = client.get("/actionsd/plugins", list[wire.PluginStatus])
    if as_json:
        print_json(rows)
        return
    good = [row for row in rows if not row.error]
    print_table(
        _columns,
        [(row.slug, row.name, row.package, row.version, ", ".join(row.actions)) for row in good],
        empty="no plugins are installed: pip install actionsd-file gives a first destination",
    )
    for row in rows:
        if row.error:
            click.secho(f"in quarantine: {row.slug or row.package}: {row.error}", fg="red")
        for text in row.deprecations:
            click.secho(f"deprecated: {row.slug}: {text}", fg="yellow")
