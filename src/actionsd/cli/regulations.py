"""``actionsctl regulations`` and ``actionsctl suppressions``: users whose events are refused, users to be forgotten."""

from typing import get_args

import click

from actionsd import wire
from actionsd.cli.client import Client, segment
from actionsd.cli.http import Failed
from actionsd.cli.noun import Noun
from actionsd.cli.output import Column, json_option, print_json, print_table
from actionsd.settings import did_you_mean

_regulations = (
    Column("id", right=True),
    Column("type"),
    Column("status"),
    Column("users", right=True),
    Column("created"),
    Column("finished"),
)
_deletions = (Column("destination", flexible=True), Column("source", flexible=True), Column("status"), Column("error"))
_page = click.option("--limit", "-n", type=click.IntRange(1, 1000), default=100, show_default=True, help="So many.")
_after = click.option("--page", metavar="CURSOR", help="The next page, as the one before says.")
_users = click.argument("users", nargs=-1, required=True)


@click.group(cls=Noun)
def suppressions() -> None:
    """Users whose events are refused.

    Events of a suppressed user id are counted as user_suppressed and go nowhere, from the next one on.
    """


@suppressions.command("list")
@_page
@_after
@json_option
@click.pass_obj
def list_suppressions(client: Client, limit: int, page: str | None, as_json: bool) -> None:
    """List suppressed users, in the order in which they were suppressed."""
    query = {"pagination[count]": limit, "pagination[cursor]": page}
    found = client.get("/suppressions", wire.Data[wire.SuppressedPage], **query).data
    if as_json:
        print_json(found)
        return
    for suppressed in found.suppressed:
        for user in suppressed.subject_ids:
            click.echo(user)
    _more(found.pagination)


@suppressions.command()
@_users
@click.pass_obj
def add(client: Client, users: tuple[str, ...]) -> None:
    """Refuse the events of USERS, at all sources."""
    _create(client, "/regulations", "SUPPRESS_ONLY", users)
    click.echo(f"{len(users)} suppressed")


@suppressions.command()
@_users
@click.pass_obj
def rm(client: Client, users: tuple[str, ...]) -> None:
    """Take the events of USERS again."""
    _create(client, "/regulations", "UNSUPPRESS", users)
    click.echo(f"{len(users)} not suppressed any more")


@click.group(cls=Noun)
def regulations() -> None:
    """What was asked for in the name of users' privacy, and how far it is."""


@regulations.command()
@click.argument("type", type=click.Choice([each for each in get_args(wire.RegulationType) if "INTERNAL" not in each]))
@_users
@click.option("--source", "-s", metavar="SLUG", help="Only at this source; its id in the Public API will do, too.")
@click.pass_obj
def create(client: Client, type: wire.RegulationType, users: tuple[str, ...], source: str | None) -> None:
    """Suppress USERS, let them in again, or have all destinations forget them.

    Deleting goes on after this returns: `regulations show ID` tells how far it is. What actionsd keeps of events itself
    goes with its retention.
    """
    path = f"/regulations/sources/{_source_id(client, source)}" if source else "/regulations"
    click.echo(_create(client, path, type, users))


@regulations.command("list")
@_page
@_after
@json_option
@click.pass_obj
def list_regulations(client: Client, limit: int, page: str | None, as_json: bool) -> None:
    """List regulations, the newest first."""
    query = {"pagination[count]": limit, "pagination[cursor]": page}
    found = client.get("/regulations", wire.Data[wire.RegulationPage], **query).data
    if as_json:
        print_json(found)
        return
    rows = [
        (
            each.id,
            each.regulation_type,
            each.status,
            str(len(each.subjects)),
            each.created_at,
            each.finished_at or "",
        )
        for each in found.regulations
    ]
    print_table(_regulations, rows, empty="no regulations")
    _more(found.pagination)


@regulations.command()
@click.argument("id")
@json_option
@click.pass_obj
def show(client: Client, id: str, as_json: bool) -> None:
    """Show the regulation ID: its state, and that of the deletion at each destination."""
    found = client.get(f"/regulations/{segment(id)}", wire.Data[wire.OneRegulation]).data.regulation
    if as_json:
        print_json(found)
        return
    click.echo(f"{found.id} {found.overall_status} since {found.finished_at or found.created_at}")
    slugs = {str(id): slug for slug, id in _sources(client).items()}
    rows = [
        (each.name, slugs.get(stream.id, f"#{stream.id}"), each.status, each.err_string)
        for stream in found.stream_status
        for each in stream.destination_status
    ]
    if rows:
        print_table(_deletions, rows, empty="")


def _source_id(client: Client, named: str) -> int:
    ids = _sources(client)
    found = ids.get(named) or next((id for id in ids.values() if str(id) == named), None)
    if found is None:
        raise Failed(f'no source "{named}"{did_you_mean(named, ids)}')
    return found


def _sources(client: Client) -> dict[str, int]:
    """The ids of the sources by their slugs."""
    return {source.slug: source.id for source in client.get("/actionsd/sources", list[wire.SourceStatus])}


def _create(client: Client, path: str, type: wire.RegulationType, users: tuple[str, ...]) -> str:
    wanted = wire.RegulationCreate(regulation_type=type, subject_ids=list(users))
    return client.post(path, wire.Data[wire.RegulationMade], wanted).data.regulate_id


def _more(pagination: wire.Pagination) -> None:
    if pagination.next:
        click.echo(f"... and more: --page {pagination.next}")
