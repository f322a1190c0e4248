"""``actionsctl destinations connect``: consent in a browser, for destinations whose scheme is OAuth (RULES C10)."""

from contextlib import closing

import click

from actionsd import wire
from actionsd.cli.client import Client, segment

PATIENCE = 300.0  # seconds for a person to consent


@click.command()
@click.argument("slug")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="Wait on this port.  [default: a free one]"
)
@click.option("--no-browser", is_flag=True, help="Open no browser; visit the address yourself.")
@click.pass_obj
def connect(client: Client, slug: str, port: int, no_browser: bool) -> None:
    """Connect the destination SLUG to an account, in a browser on this machine.

    Its settings name an app of yours at the provider: oauth.client_id and oauth.client_secret. Providers that want to
    know redirect addresses beforehand are told http://127.0.0.1:N/callback, with the N of --port. The tokens stay in
    the daemon, which also renews them.
    """
    from actionsd.cli.loopback import listen  # a server, which no other command needs

    path = f"/actionsd/destinations/{segment(slug)}/connect"
    with closing(listen(port)) as server:
        redirect_uri = server.redirect_uri
        begun = client.post(path, wire.ConnectBegun, wire.ConnectRequest(redirect_uri=redirect_uri))
        server.finish = lambda answer: client.post(f"{path}/finish", wire.Connected, answer)
        click.echo(f"consent at {begun.url}")
        click.echo(f"waiting for the answer at {redirect_uri} ...", err=True)
        if not no_browser:
            click.launch(begun.url)
        connected = server.wait(PATIENCE)
    click.echo(f"{slug} is connected")
    if not connected.refreshable:
        click.echo("it got no refresh token: connect again when the access token has ended", err=True)
