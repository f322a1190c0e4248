"""``actionsctl dead``: deliveries that were given up, kept with their reason."""

from collections.abc import Callable
from typing import Any

import click

from actionsd import wire
from actionsd.cli.client import Client, Usage
from actionsd.cli.noun import Noun
from actionsd.cli.output import Column, ago, json_option, local, number, pretty, print_json, print_table, tell_refused

_columns = (
    Column("id", right=True),
    Column("destination", flexible=True),
    Column("mapping", flexible=True),
    Column("died", right=True),
    Column("tries", right=True),
    Column("reason", flexible=True),
    Column("message", flexible=True),
)
_range_columns = (
    Column("destination", flexible=True),
    Column("events", right=True),
    Column("from", right=True),
    Column("to", right=True),
    Column("when", right=True),
    Column("reason", flexible=True),
)


@click.group(cls=Noun)
def dead() -> None:
    """List, show, requeue or drop dead letters."""


def _filters(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--reason", "-r", metavar="CODE", help="Only those that died of this reason."),
        click.option("--mapping", "-m", metavar="NAME", help="Only of this mapping (with --destination)."),
        click.option("--destination", "-d", metavar="SLUG", help="Only of this destination."),
    ):
        command = option(command)
    return command


@dead.command("list")
@_filters
@click.option("--limit", "-n", type=click.IntRange(1, 1000), default=50, show_default=True, help="So many rows.")
@click.option("--after", type=int, metavar="ID", help="The next page, as the one before says.")
@json_option
@click.pass_obj
def list_(client: Client, /, as_json: bool, **query: Any) -> None:
    """List dead letters, the oldest first, and the ranges of events that were passed over."""
    page = client.get("/actionsd/dead", wire.DeadPage, **query)
    if as_json:
        print_json(page)
        return
    rows = [
        (
            str(row.id),
            row.destination,
            row.mapping,
            ago(row.died_at),
            str(row.attempts),
            row.reason,
            row.message,
        )
        for row in page.items
    ]
    print_table(_columns, rows, empty="no dead letters")
    if page.after:
        click.echo(f"... and more: --after {page.after}")
    if page.passed_over:
        click.echo("\nEvents that were counted and not delivered:")
        print_table(
            _range_columns,
            [
                (p.destination, number(p.events), number(p.first), number(p.last), ago(p.at), p.reason)
                for p in page.passed_over
            ],
            empty="",
        )


@dead.command()
@click.argument("id", type=int)
@json_option
@click.pass_obj
def show(client: Client, id: int, as_json: bool) -> None:
    """Show one dead letter: its event, and the last request and response with secrets redacted."""
    letter = client.get(f"/actionsd/dead/{id}", wire.DeadLetter)
    if as_json:
        print_json(letter)
        return
    row = letter.row
    click.secho(f"{row.destination} / {row.mapping}: {row.reason}", bold=True)
    click.echo(f"{row.code} {row.message}".strip())
    click.echo(f"attempts: {row.attempts}, from {local(row.first_at)} to {local(row.last_at)}")
    click.echo(f"message id {row.message_id}, journal position {number(row.position)}")
    for title, value in (("Event", letter.event), ("Last exchange", letter.exchange), ("Versions", letter.versions)):
        if value:
            click.secho(f"\n{title}", bold=True)
            click.echo(pretty(value))


def _chosen(command: Callable[..., Any]) -> Callable[..., Any]:
    """The arguments that say which dead letters: ids, or --all with filters."""
    command = _filters(command)
    command = click.option("--all", "every", is_flag=True, help="All that the other options leave.")(command)
    return click.argument("ids", type=int, nargs=-1)(command)


def _choice(ids: tuple[int, ...], every: bool, query: dict[str, str | None]) -> wire.Choice:
    if bool(ids) == every:
        raise Usage("give either the IDs of dead letters or --all (with --destination, --mapping, --reason)")
    given = {key: value for key, value in query.items() if value}
    if ids and given:
        raise Usage("IDs need no other options")
    return wire.Choice(ids=list(ids), **given)


@dead.command()
@_chosen
@click.pass_obj
def requeue(client: Client, /, ids: tuple[int, ...], every: bool, **query: str | None) -> None:
    """Put dead letters back into the retry queue, with a new retry window."""
    done = client.post("/actionsd/dead/requeue", wire.Done, _choice(ids, every, query))
    click.echo(f"requeued {number(done.changed)}")
    tell_refused(done)


@dead.command()
@_chosen
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def drop(client: Client, /, ids: tuple[int, ...], every: bool, yes: bool, **query: str | None) -> None:
    """Delete dead letters; their counts stay."""
    choice = _choice(ids, every, query)
    if not yes:
        click.confirm(f"Delete {'all these' if every else len(ids)} dead letters?", abort=True)
    done = client.post("/actionsd/dead/drop", wire.Done, choice)
    click.echo(f"dropped {number(done.changed)}")
    tell_refused(done)
