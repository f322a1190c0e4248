"""``actionsctl history`` and ``restore``: who changed what, and how to have it back."""

from typing import Any

import click
import msgspec

from actionsd import wire
from actionsd.cli.client import Client
from actionsd.cli.output import Column, ago, json_option, print_json, print_table, tell_refused

_columns = (
    Column("change", right=True),
    Column("when", right=True),
    Column("who", flexible=True, optional=True),
    Column("what", flexible=True),
    Column("changed", flexible=True),
)
_kinds = click.Choice(
    ["source", "destination", "mapping", "filter", "tracking_plan", "rule", "schema", "transformation"]
)


@click.command()
@click.option("--kind", "-k", type=_kinds, help="Only of this kind.")
@click.option("--limit", "-n", type=click.IntRange(1, 200), default=20, show_default=True, help="So many rows.")
@click.option("--before", type=int, metavar="CHANGE", help="The next page, as the one before says.")
@json_option
@click.pass_obj
def history(client: Client, /, as_json: bool, **query: Any) -> None:
    """List what was changed through actionsctl, the API and the console, the newest first.

    What actionsd.toml declares has its history where the file has it.
    """
    page = client.get("/actionsd/history", wire.HistoryPage, **query)
    if as_json:
        print_json(page)
        return
    rows = [(str(row.id), ago(row.at), row.who, _what(row), ", ".join(map(_told, row.changed))) for row in page.items]
    print_table(_columns, rows, empty="nothing was changed here yet")
    if page.before:
        click.echo(f"... and more: --before {page.before}")


@click.command()
@click.argument("change", type=int)
@click.pass_obj
def restore(client: Client, change: int) -> None:
    """Make an object what it was after the change with this number; where that deleted it, bring it back.

    What comes back has its old settings and takes events from now on; sources follow a tracking plan again.
    """
    done = client.post(f"/actionsd/history/{change}/restore", wire.Done)
    click.echo(f"restored {done.changed} {'object' if done.changed == 1 else 'objects'}")
    tell_refused(done)


def _what(row: wire.HistoryRow) -> str:
    name = f"{row.of} / {row.name}" if row.of else row.name
    return f"{row.kind.replace('_', ' ')} {name} {row.verb}"


def _told(change: wire.FieldChange) -> str:
    if change.before is None:
        return f"{change.field} = {_value(change.after)}"
    return f"{change.field}: {_value(change.before)} -> {_value(change.after)}"


def _value(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
