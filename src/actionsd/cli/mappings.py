"""``actionsctl mappings``: what a destination is sent, and when."""

from pathlib import Path
from typing import Any

import click
from msgspec import UNSET

from actionsd import wire
from actionsd.cli.client import Client, Usage, segment
from actionsd.cli.noun import Noun, confirm, values, yes_option
from actionsd.cli.output import Column, coloured, json_option, pretty, print_json, print_table

_columns = (
    Column("#", right=True),
    Column("mapping", flexible=True),
    Column("action", flexible=True),
    Column("state"),
    Column("trigger", flexible=True),
)
_json_file = click.Path(path_type=Path, dir_okay=False)


@click.group(cls=Noun)
def mappings() -> None:
    """List the mappings of a destination; show, add, change, order or remove one.

    \b
    actionsctl mappings signups
    actionsctl mappings show signups "Signed up" --code
    actionsctl mappings add signups "Signed up" --action send --trigger 'event = "Signed Up"' --enable
    """


@mappings.command("list")
@click.argument("destination")
@json_option
@click.pass_obj
def list_(client: Client, destination: str, as_json: bool) -> None:
    """List the mappings of DESTINATION in their order."""
    found = client.get(f"/actionsd/destinations/{segment(destination)}/config", wire.DestinationDetail).mappings
    print_json(found) if as_json else _print_all(found)


@mappings.command()
@click.argument("destination")
@click.argument("name", required=False)
@click.option("--code", is_flag=True, help="Print the function that the fields are compiled to.")
@json_option
@click.pass_context
def show(context: click.Context, destination: str, name: str | None, code: bool, as_json: bool) -> None:
    """Show the mapping NAME of DESTINATION: trigger, action and fields, secrets masked. Without NAME, list them."""
    if name is None:
        context.invoke(list_, destination=destination, as_json=as_json)
        return
    found = context.obj.get(mapping_path(destination, name), wire.MappingDetail)
    if code and not as_json:
        from actionsd.mapping import source  # only this command and `functions` need the engine

        click.echo(source(found.fields))
        return
    _print(found, as_json)


@mappings.command()
@click.argument("destination")
@click.argument("name")
@click.option(
    "--action", "-a", required=True, metavar="SLUG", help="What the destination does; see `actionsctl plugins`."
)
@click.option("--trigger", "-t", metavar="FQL", help="Which events.  [default: the action's]")
@click.option("--field", "-f", "pairs", multiple=True, metavar="KEY=VALUE", help="A field; JSON or text (repeatable).")
@click.option("--fields", "file", type=_json_file, metavar="FILE", help="The fields as a JSON object.")
@click.option("--enable", is_flag=True, help="Send from now on.")
@json_option
@click.pass_obj
def add(client: Client, /, destination: str, name: str, as_json: bool, **given: Any) -> None:
    """Make the mapping NAME of DESTINATION, disabled. Without --field and --fields it has the action's defaults."""
    fields = values(given["file"], given["pairs"]) if given["file"] or given["pairs"] else None
    body = wire.MappingCreate(
        name=name, action=given["action"], trigger=given["trigger"], fields=fields, enabled=given["enable"]
    )
    _print(client.post(f"/actionsd/destinations/{segment(destination)}/mappings", wire.MappingDetail, body), as_json)


@mappings.command("set")
@click.argument("destination")
@click.argument("name")
@click.option("--name", "new_name", metavar="NAME", help="Another name.")
@click.option("--trigger", "-t", metavar="FQL", help="Another trigger.")
@click.option("--field", "-f", "pairs", multiple=True, metavar="KEY=VALUE", help="Set a field (repeatable).")
@click.option("--unset", multiple=True, metavar="KEY", help="Take a field out (repeatable).")
@click.option("--fields", "file", type=_json_file, metavar="FILE", help="All fields, as a JSON object.")
@json_option
@click.pass_obj
def set_(client: Client, /, destination: str, name: str, as_json: bool, **given: Any) -> None:
    """Change the mapping NAME of DESTINATION; what is not named stays."""
    body = wire.MappingChange(
        name=UNSET if given["new_name"] is None else given["new_name"],
        trigger=UNSET if given["trigger"] is None else given["trigger"],
        fields=changed_fields(client, mapping_path(destination, name), given["file"], given["pairs"], given["unset"]),
    )
    if body == wire.MappingChange():
        raise Usage("say what to change: --name, --trigger, --field, --unset or --fields")
    _print(client.patch(mapping_path(destination, name), wire.MappingDetail, body), as_json)


@mappings.command()
@click.argument("destination")
@click.argument("name")
@click.pass_obj
def enable(client: Client, destination: str, name: str) -> None:
    """Let the mapping NAME send, from the next event on."""
    client.patch(mapping_path(destination, name), wire.MappingDetail, wire.MappingChange(enabled=True))
    click.echo(f"{name} is enabled")


@mappings.command()
@click.argument("destination")
@click.argument("name")
@click.pass_obj
def disable(client: Client, destination: str, name: str) -> None:
    """Send nothing through the mapping NAME; its retries become dead letters that can be requeued."""
    client.patch(mapping_path(destination, name), wire.MappingDetail, wire.MappingChange(enabled=False))
    click.echo(f"{name} is disabled")


@mappings.command()
@click.argument("destination")
@click.argument("name")
@json_option
@click.pass_obj
def duplicate(client: Client, destination: str, name: str, as_json: bool) -> None:
    """Make a copy of the mapping NAME, disabled."""
    _print(client.post(f"{mapping_path(destination, name)}/duplicate", wire.MappingDetail), as_json)


@mappings.command()
@click.argument("destination")
@click.argument("name")
@click.argument("place", type=click.IntRange(min=1))
@json_option
@click.pass_obj
def move(client: Client, destination: str, name: str, place: int, as_json: bool) -> None:
    """Put the mapping NAME at PLACE in the list."""
    order = client.post(f"{mapping_path(destination, name)}/move", list[wire.MappingDetail], wire.Place(place=place))
    print_json(order) if as_json else _print_all(order)


@mappings.command()
@click.argument("destination")
@click.argument("name")
@yes_option
@click.pass_obj
def rm(client: Client, destination: str, name: str, yes: bool) -> None:
    """Remove the mapping NAME; what of it waits for a retry is not sent."""
    confirm(f"Remove the mapping {name} of {destination}?", yes)
    client.delete(mapping_path(destination, name), wire.Done)
    click.echo(f"{name} is removed; `actionsctl history` has it")


def mapping_path(destination: str, name: str) -> str:
    """Where the admin API has a mapping."""
    return f"/actionsd/destinations/{segment(destination)}/mappings/{segment(name)}"


def changed_fields(client: Client, path: str, file: Path | None, pairs: tuple[str, ...], unset: tuple[str, ...]) -> Any:
    """All fields as they should be, from what they are (none where ``path`` is ""); UNSET where nothing was asked."""
    if not (file or pairs or unset):
        return UNSET
    before = client.get(path, wire.MappingDetail).fields if path and not file else {}
    fields = before | values(file, pairs)
    return {key: value for key, value in fields.items() if key not in unset}


def _print_all(found: list[wire.MappingDetail]) -> None:
    rows = [
        (str(place), each.name, each.action, "enabled" if each.enabled else "disabled", each.trigger)
        for place, each in enumerate(found, 1)
    ]
    print_table(_columns, rows, empty="no mappings: nothing will be sent")


def _print(found: wire.MappingDetail, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    state = "enabled" if found.enabled else "disabled"
    click.secho(found.name, bold=True)
    click.echo(f"{found.action}, {coloured(state)}, version {found.version}")
    click.echo(f"when {found.trigger}\n")
    click.echo(pretty(found.fields))
