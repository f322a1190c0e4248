"""``actionsctl oauth-clients``: who gets access tokens for ingest (FEATURES F011)."""

from pathlib import Path

import click

from actionsd import wire
from actionsd.cli.client import Client, Usage, segment
from actionsd.cli.noun import confirm, read_file, yes_option
from actionsd.cli.output import Column, ago, json_option, print_json, print_table
from actionsd.cli.tokens import Span

_columns = (
    Column("client", flexible=True),
    Column("sources", flexible=True),
    Column("tokens", right=True),
    Column("keys", flexible=True),
    Column("made", right=True),
)
_path = "/actionsd/oauth-clients"
_key_file = click.Path(path_type=Path, dir_okay=False, allow_dash=True)


@click.group("oauth-clients")
def oauth_clients() -> None:
    """Say who gets access tokens for sources that want them.

    A client proves who it is with a key of its own, whose public half is given here, and gets tokens at POST /token of
    the ingest listeners. `sources set SLUG --oauth required` lets nobody send to SLUG without one.
    """


@oauth_clients.command()
@click.argument("name")
@click.option("--source", "-s", "sources", multiple=True, required=True, metavar="SLUG", help="Opened (repeatable).")
@click.option("--key", "-k", type=_key_file, required=True, metavar="FILE", help="Its public RSA key, PEM.")
@click.option("--kid", default="", help="What the client calls the key.  [default: its hash]")
@click.option("--token-life", type=Span(), default="1d", show_default=True, metavar="SPAN", help="1m to 30d.")
@json_option
@click.pass_obj
def add(
    client: Client, name: str, sources: tuple[str, ...], key: Path, kid: str, token_life: float, as_json: bool
) -> None:
    """Make the client NAME, which is its id."""
    body = wire.OAuthClientCreate(
        name=name, sources=list(sources), keys=[_public_key(key, kid)], token_life=int(token_life)
    )
    _print(client.post(_path, wire.OAuthClientRow, body), as_json)


@oauth_clients.command("list")
@json_option
@click.pass_obj
def list_(client: Client, as_json: bool) -> None:
    """List the clients, the sources that their tokens open and the keys that they may use."""
    rows = client.get(_path, list[wire.OAuthClientRow])
    if as_json:
        print_json(rows)
        return
    print_table(
        _columns,
        [
            (row.name, ", ".join(row.sources), _span(row.token_life), ", ".join(row.kids), ago(row.created_at))
            for row in rows
        ],
        empty="no clients: make one with `actionsctl oauth-clients add`",
    )


@oauth_clients.command("add-key")
@click.argument("name")
@click.argument("file", type=_key_file)
@click.option("--kid", default="", help="What the client calls the key.  [default: its hash]")
@json_option
@click.pass_obj
def add_key(client: Client, name: str, file: Path, kid: str, as_json: bool) -> None:
    """Give NAME one more public key, from FILE; all of them are good at once."""
    path = f"{_path}/{segment(name)}/keys"
    _print(client.post(path, wire.OAuthClientRow, _public_key(file, kid)), as_json)


@oauth_clients.command("rm-key")
@click.argument("name")
@click.argument("kid")
@json_option
@click.pass_obj
def rm_key(client: Client, name: str, kid: str, as_json: bool) -> None:
    """Take the key KID away from NAME."""
    _print(client.delete(f"{_path}/{segment(name)}/keys/{segment(kid)}", wire.OAuthClientRow), as_json)


@oauth_clients.command()
@click.argument("name")
@yes_option
@click.pass_obj
def rm(client: Client, name: str, yes: bool) -> None:
    """Remove the client NAME; its tokens open nothing any more, at once."""
    confirm(f"Remove the client {name}?", yes)
    client.delete(f"{_path}/{segment(name)}", wire.Done)
    click.echo(f"{name} is removed, and its tokens are worth nothing")


def _public_key(file: Path, kid: str) -> wire.PublicKey:
    text = read_file(file).decode("utf-8", "replace")
    if "PRIVATE KEY" in text:
        raise Usage(f"{file}: this is the private key, which only the client may have; give the public one")
    return wire.PublicKey(pem=text, kid=kid)


def _span(seconds: int) -> str:
    unit, size = next((unit, size) for unit, size in (("d", 86400), ("h", 3600), ("m", 60)) if seconds % size == 0)
    return f"{seconds // size}{unit}"


def _print(row: wire.OAuthClientRow, as_json: bool) -> None:
    if as_json:
        print_json(row)
        return
    click.echo(f"{row.name} gets tokens for {', '.join(row.sources)}, good for {_span(row.token_life)}")
    for kid in row.kids:
        click.echo(f"key {kid}")
