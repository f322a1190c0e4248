"""``actionsctl tokens``: who may use the admin API over TCP, and do what."""

import re
from typing import get_args

import click

from actionsd import wire
from actionsd.cli.client import Client, segment
from actionsd.cli.noun import Noun
from actionsd.cli.output import Column, ago, json_option, local, print_json, print_table

_columns = (
    Column("token", flexible=True),
    Column("role"),
    Column("state"),
    Column("used", right=True),
    Column("created", right=True),
    Column("expires", right=True),
)
_units = {"m": 60, "h": 3600, "d": 86400}


class Span(click.ParamType[float]):
    """How long, such as ``12h`` or ``90d``, in seconds."""

    name = "span"

    def convert(self, value: object, param: click.Parameter | None, context: click.Context | None) -> float:
        found = re.fullmatch(r"([1-9]\d{0,8})([mhd])", str(value))
        if not found:
            self.fail(f"expected a span such as 12h or 90d: {value!r}", param, context)
        return float(found[1]) * _units[found[2]]


@click.group(cls=Noun)
def tokens() -> None:
    """Make, list and revoke tokens for the admin API.

    A token is for callers over TCP: they put it into ACTIONSD_TOKEN or send it as a bearer token. The role read sees
    everything but secrets, write also changes and sends, admin may also delete, back up and manage tokens.
    """


@tokens.command()
@click.argument("name")
@click.option("--role", "-r", type=click.Choice(get_args(wire.Role)), required=True, help="What it may do.")
@click.option("--expires", "-e", type=Span(), metavar="SPAN", help="It stops to work after 12h, 90d; else never.")
@json_option
@click.pass_obj
def create(client: Client, name: str, role: wire.Role, expires: float | None, as_json: bool) -> None:
    """Make a token called NAME and print it. It is shown only now: the daemon keeps nothing but its hash."""
    request = wire.TokenRequest(name=name, role=role, expires=expires)
    created = client.post("/actionsd/tokens", wire.NewToken, request)
    if as_json:
        print_json(created)
        return
    click.echo(created.token)
    until = f" until {local(created.row.expires_at)}" if created.row.expires_at else ""
    click.echo(f"{name} may {role}{until}; keep the token, it is not shown again", err=True)


@tokens.command("list")
@click.option("--limit", "-n", type=click.IntRange(1, 1000), default=100, show_default=True, help="So many rows.")
@click.option("--after", type=int, metavar="ID", help="The next page, as the one before says.")
@json_option
@click.pass_obj
def list_(client: Client, limit: int, after: int | None, as_json: bool) -> None:
    """List tokens, the oldest first, and when they were last used; the tokens themselves are kept nowhere."""
    page = client.get("/actionsd/tokens", wire.TokenPage, limit=limit, after=after)
    if as_json:
        print_json(page)
        return
    rows = [
        (
            row.name,
            row.role,
            row.state,
            ago(row.last_used_at),
            ago(row.created_at),
            local(row.expires_at) if row.expires_at else "never",
        )
        for row in page.items
    ]
    print_table(_columns, rows, empty="no tokens but the one of the config")
    if page.after:
        click.echo(f"... and more: --after {page.after}")


@tokens.command()
@click.argument("name")
@click.pass_obj
def revoke(client: Client, name: str) -> None:
    """Let nobody in with the token NAME any more, at once."""
    client.post(f"/actionsd/tokens/{segment(name)}/revoke", wire.Done)
    click.echo(f"{name} is revoked")
