"""``actionsctl retries``: deliveries that wait for their next attempt."""

import click

from actionsd import wire
from actionsd.cli.client import Client
from actionsd.cli.output import Column, ago, json_option, number, print_json, print_table

_columns = (
    Column("destination", flexible=True),
    Column("mapping", flexible=True),
    Column("position", right=True),
    Column("tries", right=True),
    Column("next", right=True),
    Column("code"),
    Column("message", flexible=True),
)


@click.command()
@click.option("--destination", "-d", metavar="SLUG", help="Only of this destination.")
@click.option("--limit", "-n", type=click.IntRange(1, 1000), default=50, show_default=True, help="So many rows.")
@json_option
@click.pass_obj
def retries(client: Client, destination: str | None, limit: int, as_json: bool) -> None:
    """List deliveries that wait for their next attempt, the next one first."""
    page = client.get("/actionsd/retries", wire.RetryPage, destination=destination, limit=limit)
    if as_json:
        print_json(page)
        return
    print_table(
        _columns,
        [
            (
                row.destination,
                row.mapping,
                number(row.position),
                str(row.attempts),
                ago(row.due_at),
                row.code,
                row.message,
            )
            for row in page.items
        ],
        empty="nothing waits for a retry",
    )
    if page.more:
        click.echo("... and more; --limit shows up to 1,000")
