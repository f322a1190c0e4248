"""``actionsctl explain``: every step that an event took, and why."""

import shutil
import textwrap

import click

from actionsd import wire
from actionsd.cli.client import Client
from actionsd.cli.output import coloured, json_option, local, number, print_json

_indent = 11  # the longest outcome and two spaces


@click.command()
@click.argument("message_id")
@click.option("--source", "-s", metavar="SLUG", help="Only in this source; message ids are unique in one source.")
@json_option
@click.pass_obj
def explain(client: Client, message_id: str, source: str | None, as_json: bool) -> None:
    """Show every step that the event MESSAGE_ID took, and why.

    The way is found again from the journal, the present configuration and what the daemon keeps of deliveries that did
    not work.
    """
    answer = client.get("/actionsd/explain", wire.Explanations, messageId=message_id, source=source)
    if as_json:
        print_json(answer)
        return
    for index, item in enumerate(answer.items):
        if index:
            click.echo()
        _print(item)


def _print(item: wire.Explanation) -> None:
    what = f'{item.type} "{item.event}"' if item.event else item.type
    click.secho(f"{what} {item.message_id}", bold=True)
    click.echo(f"received {local(item.received_at)} from {item.source}, journal position {number(item.position)}")
    width = shutil.get_terminal_size().columns
    for step in item.steps:
        where = " / ".join(part for part in (step.destination, step.mapping) if part) or "journal"
        click.echo(f"{coloured(step.outcome)}{' ' * (_indent - len(step.outcome))}{where}")
        click.echo(textwrap.fill(step.why, width, initial_indent=" " * _indent, subsequent_indent=" " * _indent))
