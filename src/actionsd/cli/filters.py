"""``actionsctl filters``: what does not reach a destination, or not whole."""

from typing import Any

import click
import msgspec
from msgspec import UNSET

from actionsd import wire
from actionsd.cli.client import Client, Usage, segment
from actionsd.cli.noun import Noun, confirm, yes_option
from actionsd.cli.output import Column, json_option, print_json, print_table

_columns = (
    Column("id", right=True),
    Column("filter", flexible=True),
    Column("state"),
    Column("if", flexible=True),
    Column("does", flexible=True),
)


@click.group(cls=Noun)
def filters() -> None:
    """List the filters of a destination; add, change or remove one.

    \b
    actionsctl filters signups
    actionsctl filters add signups "No tests" --if 'event = "Test"' --drop
    actionsctl filters add signups "No addresses" --if all --drop-property context.ip
    """


@filters.command("list")
@click.argument("destination")
@json_option
@click.pass_obj
def list_(client: Client, destination: str, as_json: bool) -> None:
    """List the filters of DESTINATION."""
    found = client.get(f"/actionsd/destinations/{segment(destination)}/config", wire.DestinationDetail).filters
    if as_json:
        print_json(found)
        return
    rows = [
        (
            "-" if each.id is None else str(each.id),
            each.title,
            "enabled" if each.enabled else "disabled",
            each.condition,
            ", ".join(map(_told, each.actions)),
        )
        for each in found
    ]
    print_table(_columns, rows, empty="no filters: every event goes on to the mappings")


filters.add_command(list_, "show")


@filters.command()
@click.argument("destination")
@click.argument("title")
@click.option("--if", "condition", required=True, metavar="FQL", help='Which events; "all" for every one.')
@click.option("--drop", is_flag=True, help="Drop them.")
@click.option("--sample", type=click.FloatRange(0, 1), metavar="SHARE", help="Keep this share of them, from 0 to 1.")
@click.option("--sample-by", metavar="PATH", help="The value that decides, such as userId.  [default: messageId]")
@click.option("--drop-property", "drops", multiple=True, metavar="PATH", help="Take this out (repeatable).")
@click.option(
    "--allow-property", "allows", multiple=True, metavar="PATH", help="Keep only these beside it (repeatable)."
)
@click.option("--actions", metavar="JSON", help="The actions as Segment's Public API has them.")
@click.option("--disabled", is_flag=True, help="Do not apply it yet.")
@json_option
@click.pass_obj
def add(client: Client, /, destination: str, title: str, condition: str, as_json: bool, **given: Any) -> None:
    """Make the filter TITLE of DESTINATION."""
    body = wire.FilterCreate(
        title=title, condition=condition, actions=tuple(_actions(**given)), enabled=not given["disabled"]
    )
    made = client.post(f"/actionsd/destinations/{segment(destination)}/filters", wire.FilterDetail, body)
    print_json(made) if as_json else click.echo(f"filter {made.id}: {', '.join(map(_told, made.actions))}")


@filters.command("set")
@click.argument("destination")
@click.argument("id", type=int)
@click.option("--title", help="Another title.")
@click.option("--if", "condition", metavar="FQL", help="Another condition.")
@json_option
@click.pass_obj
def set_(client: Client, destination: str, id: int, title: str | None, condition: str | None, as_json: bool) -> None:
    """Change the filter ID of DESTINATION."""
    if title is None and condition is None:
        raise Usage("say what to change: --title or --if")
    body = wire.FilterChange(
        title=UNSET if title is None else title, condition=UNSET if condition is None else condition
    )
    made = client.patch(_path(destination, id), wire.FilterDetail, body)
    print_json(made) if as_json else click.echo(f"filter {id}: if {made.condition}")


@filters.command()
@click.argument("destination")
@click.argument("id", type=int)
@click.pass_obj
def enable(client: Client, destination: str, id: int) -> None:
    """Apply the filter ID from the next event on."""
    client.patch(_path(destination, id), wire.FilterDetail, wire.FilterChange(enabled=True))
    click.echo(f"filter {id} is enabled")


@filters.command()
@click.argument("destination")
@click.argument("id", type=int)
@click.pass_obj
def disable(client: Client, destination: str, id: int) -> None:
    """Do not apply the filter ID."""
    client.patch(_path(destination, id), wire.FilterDetail, wire.FilterChange(enabled=False))
    click.echo(f"filter {id} is disabled")


@filters.command()
@click.argument("destination")
@click.argument("id", type=int)
@yes_option
@click.pass_obj
def rm(client: Client, destination: str, id: int, yes: bool) -> None:
    """Remove the filter ID."""
    confirm(f"Remove filter {id} of {destination}?", yes)
    client.delete(_path(destination, id), wire.Done)
    click.echo(f"filter {id} is removed; `actionsctl history` has it")


def _path(destination: str, id: int) -> str:
    return f"/actionsd/destinations/{segment(destination)}/filters/{id}"


def _actions(
    *, drop: bool, sample: float | None, sample_by: str | None, drops: tuple[str, ...], allows: tuple[str, ...],
    actions: str | None, disabled: bool,
) -> list[dict[str, Any]]:  # fmt: skip
    """The actions that the options ask for, in the Public API's form."""
    made: list[dict[str, Any]] = []
    if actions:
        try:
            made = msgspec.json.decode(actions, type=list[dict[str, Any]])
        except msgspec.DecodeError as error:
            raise Usage(f"--actions is a JSON list of actions: {error}") from None
    if drop:
        made.append({"type": "DROP"})
    if sample is not None:
        made.append({"type": "SAMPLE", "percent": sample} | ({"path": sample_by} if sample_by else {}))
    for kind, paths in (("DROP_PROPERTIES", drops), ("ALLOW_PROPERTIES", allows)):
        if paths:
            made.append({"type": kind, "fields": _grouped(paths)})
    if not made:
        raise Usage("say what it does: --drop, --sample, --drop-property, --allow-property or --actions")
    return made


def _grouped(paths: tuple[str, ...]) -> dict[str, list[str]]:
    """Paths as the Public API groups them: the keys below each parent, "" for the top level."""
    fields: dict[str, list[str]] = {}
    for path in paths:
        parent, _, key = path.rpartition(".")
        fields.setdefault(parent, []).append(key)
    return fields


def _told(action: dict[str, Any]) -> str:
    """An action in words."""
    kind = str(action.get("type", "")).upper()
    if kind == "SAMPLE":
        return f"keep {action.get('percent', 0):.0%}" + (f" by {action['path']}" if action.get("path") else "")
    paths = [f"{parent}.{key}" if parent else key for parent, keys in action.get("fields", {}).items() for key in keys]
    verb = {"DROP": "drop", "DROP_PROPERTIES": "drop", "ALLOW_PROPERTIES": "allow only"}.get(kind, kind)
    return f"{verb} {', '.join(paths)}".rstrip()
