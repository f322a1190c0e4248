"""``actionsctl retries``: deliveries that wait for their next attempt."""

import click

from actionsd import wire
from actionsd.cli.client import Client
from actionsd.cli.output import Column, ago, json_option, number, print_json, print_table

_columns = (
    Column("destination", flexible=True),
    Column("mapping", flexible=True),
    Column("position", right=True, optional=True),
    Column("tries", right=True),
    Column("next", right=True),
    Column("code"),
    Column("message", flexible=True),
)


@click.command()
@click.option("--destination", "-d", metavar="SLUG", help="Only of this destination.")
@click.option("--limit", "-n", type=click.IntRange(1, 1000), default=50, show_default=True, help="So many rows.")
@click.option("--after", type=int, metavar="ID", help="The next page, as the one before says.")
@json_option
@click.pass_obj
def retries(client: Client, destination: str | None, limit: int, after: int | None, as_json: bool) -> None:
    """List deliveries that wait for their next attempt."""
    page = client.get("/actionsd/retries", wire.RetryPage, destination=destination, limit=limit, after=after)
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
    if page.after:
        click.echo(f"... and more: --after {page.after}")
