"""``actionsctl mapping``: one mapping of a destination, and the Python that it is compiled to."""

import click

from actionsd import wire
from actionsd.cli.client import Client, segment
from actionsd.cli.output import coloured, json_option, pretty, print_json


@click.group()
def mapping() -> None:
    """Look at mappings."""


@mapping.command()
@click.argument("destination")
@click.argument("name")
@click.option("--code", is_flag=True, help="Print the function that the fields are compiled to.")
@json_option
@click.pass_obj
def show(client: Client, destination: str, name: str, code: bool, as_json: bool) -> None:
    """Show the mapping NAME of DESTINATION: trigger, action and fields, secrets masked."""
    path = f"/actionsd/destinations/{segment(destination)}/mappings/{segment(name)}"
    found = client.get(path, wire.MappingDetail)
    if as_json:
        print_json(found)
        return
    if code:
        from actionsd.mapping import source  # only this command and `functions` need the engine

        click.echo(source(found.fields))
        return
    state = "enabled" if found.enabled else "disabled"
    click.secho(found.name, bold=True)
    click.echo(f"{found.action}, {coloured(state)}, version {found.version}")
    click.echo(f"when {found.trigger}\n")
    click.echo(pretty(found.fields))
