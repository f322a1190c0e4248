"""``actionsctl transformations``: how events are rewritten on their way."""

from pathlib import Path

import click
import msgspec

from actionsd import wire
from actionsd.cli.client import Client, Usage
from actionsd.cli.noun import Noun, confirm, read_file, yes_option
from actionsd.cli.output import Column, json_option, print_json, print_table

_columns = (
    Column("id", right=True),
    Column("transformation", flexible=True),
    Column("source"),
    Column("for"),
    Column("state"),
    Column("if", flexible=True),
    Column("does", flexible=True),
)


@click.group(cls=Noun)
def transformations() -> None:
    """List transformations; add or remove one.

    \b
    actionsctl transformations add rename.json
      {"name": "Order name", "source": "website", "if": "event = 'order_done'",
       "edits": {"newEventName": "Order Completed"}}
    With "definition" it acts only on the way to the destinations made from that.
    """


@transformations.command("list")
@json_option
@click.pass_obj
def list_(client: Client, as_json: bool) -> None:
    """List the transformations."""
    found = client.get("/actionsd/transformations", list[wire.TransformationDetail])
    if as_json:
        print_json(found)
        return
    rows = [
        (
            str(each.id),
            each.name,
            each.source,
            each.definition or "all",
            "enabled" if each.enabled else "disabled",
            each.condition,
            ", ".join(each.edits),
        )
        for each in found
    ]
    print_table(_columns, rows, empty="no transformations: events go on as they come")


@transformations.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@json_option
@click.pass_obj
def add(client: Client, file: Path, as_json: bool) -> None:
    """Make the transformation in FILE, JSON with edits as in Segment's Public API ("-": standard input)."""
    try:
        body = msgspec.json.decode(read_file(file), type=wire.TransformationCreate)
    except msgspec.DecodeError as error:
        raise Usage(f"{file}: {error}") from None
    made = client.post("/actionsd/transformations", wire.TransformationDetail, body)
    print_json(made) if as_json else click.echo(f"transformation {made.id}: {made.name}")


@transformations.command()
@click.argument("id", type=int)
@yes_option
@click.pass_obj
def rm(client: Client, id: int, yes: bool) -> None:
    """Remove the transformation ID."""
    confirm(f"Remove transformation {id}?", yes)
    client.delete(f"/actionsd/transformations/{id}", wire.Done)
    click.echo(f"transformation {id} is removed; `actionsctl history` has it")
