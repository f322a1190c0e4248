"""``actionsctl sources``: where events come from."""

from collections.abc import Sequence

import click

from actionsd import wire
from actionsd.cli.client import Client
from actionsd.cli.output import Column, json_option, number, print_json, print_table, rate

_columns = (
    Column("source", flexible=True),
    Column("state"),
    Column("received", right=True),
    Column("duplicates", right=True),
    Column("refused", right=True),
    Column("rate", right=True),
)


@click.command()
@json_option
@click.pass_obj
def sources(client: Client, as_json: bool) -> None:
    """List the sources: events received, seen before, refused, and the rate of the last minute."""
    answer = client.get("/actionsd/sources", list[wire.SourceStatus])
    if as_json:
        print_json(answer)
    else:
        print_sources(answer)


def print_sources(rows: Sequence[wire.SourceStatus]) -> None:
    """The table of sources."""
    print_table(
        _columns,
        [
            (
                row.slug,
                "enabled" if row.enabled else "disabled",
                number(row.received),
                number(row.duplicates),
                number(row.refused),
                rate(row.rate),
            )
            for row in rows
        ],
        empty="no sources: declare one with [[sources]] in actionsd.toml",
    )
