"""``actionsctl status``: the daemon, its sources and its destinations at a glance."""

import click

from actionsd import wire
from actionsd.cli.client import Client
from actionsd.cli.destinations import print_destinations
from actionsd.cli.output import coloured, json_option, number, print_json, size, span
from actionsd.cli.sources import print_sources


@click.command()
@json_option
@click.pass_obj
def status(client: Client, as_json: bool) -> None:
    """Show the daemon, its sources and its destinations.

    RECEIVED to DEAD are totals since the database was made, RETRYING and LAG what waits now; rates are of the last
    minute.
    """
    answer = client.get("/actionsd/status", wire.Status)
    if as_json:
        print_json(answer)
        return
    _print_daemon(answer)
    click.echo()
    print_sources(answer.sources)
    click.echo()
    print_destinations(answer.destinations)


def _print_daemon(answer: wire.Status) -> None:
    ready = coloured("ready") if answer.ready else f"{coloured('not ready')}: {answer.trouble}"
    click.echo(f"actionsd {answer.version}, up {span(answer.uptime)}, pid {answer.pid}, {ready}")
    journal = answer.journal
    sizes = f"{size(journal.bytes)} and {size(journal.wal_bytes)} of log"
    click.echo(f"journal   at {number(journal.head)}, {sizes} in {answer.data_dir}")
    click.echo(f"listens   {', '.join([*answer.listeners.ingest, *answer.listeners.stream])}")
    click.echo(f"admin     {', '.join(answer.listeners.admin)}, loop delay {answer.loop_delay * 1000:.0f} ms")
