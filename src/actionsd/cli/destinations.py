"""``actionsctl destinations``, ``pause``, ``resume`` and ``forget``: where events go."""

from collections.abc import Sequence

import click

from actionsd import wire
from actionsd.cli.client import Client, segment
from actionsd.cli.output import Column, ago, coloured, json_option, number, print_json, print_table, rate

_columns = (
    Column("destination", flexible=True),
    Column("state", flexible=True),
    Column("delivered", right=True),
    Column("discarded", right=True, optional=True),
    Column("retrying", right=True),
    Column("dead", right=True),
    Column("lag", right=True),
    Column("oldest", right=True, optional=True),
    Column("rate", right=True, optional=True),
)
_mapping_columns = (
    Column("mapping", flexible=True),
    Column("action", flexible=True),
    Column("state"),
    Column("delivered", right=True),
    Column("dead", right=True),
    Column("trigger", flexible=True),
)


@click.command()
@click.argument("slug", required=False)
@json_option
@click.pass_obj
def destinations(client: Client, slug: str | None, as_json: bool) -> None:
    """List the destinations, or show the one named SLUG with its mappings.

    LAG counts events of the journal that the destination has not settled, OLDEST is how long the first of them waits.
    STATE adds "held" while a breaker or Retry-After holds deliveries back.
    """
    if slug:
        one = client.get(f"/actionsd/destinations/{segment(slug)}", wire.DestinationStatus)
        print_json(one) if as_json else _print_one(one)
        return
    answer = client.get("/actionsd/destinations", list[wire.DestinationStatus])
    print_json(answer) if as_json else print_destinations(answer)


@click.command()
@click.argument("slug")
@click.pass_obj
def pause(client: Client, slug: str) -> None:
    """Stop deliveries to the destination SLUG; its events and retries wait until resume."""
    client.post(f"/actionsd/destinations/{segment(slug)}/pause", wire.Done)
    click.echo(f"{slug} is paused; its events wait")


@click.command()
@click.argument("slug", required=False)
@click.pass_obj
def resume(client: Client, slug: str | None) -> None:
    """Let deliveries to SLUG go on after a pause or behind an open breaker.

    Without SLUG, release all destinations that the start of a restored backup holds.
    """
    if slug:
        client.post(f"/actionsd/destinations/{segment(slug)}/resume", wire.Done)
        click.echo(f"{slug} is resumed")
        return
    released = client.post("/actionsd/resume", wire.Done).changed
    click.echo("all destinations are released" if released else "nothing was held")


@click.command()
@click.argument("slug")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def forget(client: Client, slug: str, yes: bool) -> None:
    """Delete the destination SLUG, which actionsd.toml no longer declares, with its retries and dead letters."""
    if not yes:
        click.confirm(f"Delete {slug} with its retries and dead letters?", abort=True)
    client.post(f"/actionsd/destinations/{segment(slug)}/forget", wire.Done)
    click.echo(f"{slug} is forgotten")


def print_destinations(rows: Sequence[wire.DestinationStatus]) -> None:
    """The table of destinations, and below it why some of them hold back."""
    print_table(
        _columns,
        [
            (
                row.slug,
                _state(row),
                number(row.delivered),
                number(row.discarded),
                number(row.retrying),
                number(row.dead),
                number(row.backlog),
                ago(row.oldest).removesuffix(" ago"),
                rate(row.rate),
            )
            for row in rows
        ],
        empty="no destinations: declare one with [[destinations]] in actionsd.toml",
    )
    for row in rows:
        if row.reason:
            click.echo(f"{row.slug}: {row.reason}")


def _state(row: wire.DestinationStatus) -> str:
    return row.state if row.breaker == "closed" else f"{row.state}, held"


def _print_one(row: wire.DestinationStatus) -> None:
    click.secho(row.name, bold=True)
    click.echo(f"{row.definition} for events of {row.source}, {coloured(row.state)}, breaker {coloured(row.breaker)}")
    print_destinations([row])
    click.echo()
    print_table(
        _mapping_columns,
        [
            (
                mapping.name,
                mapping.action,
                "enabled" if mapping.enabled else "disabled",
                number(mapping.delivered),
                number(mapping.dead),
                mapping.trigger,
            )
            for mapping in row.mappings
        ],
        empty="no mappings: nothing will be sent",
    )
