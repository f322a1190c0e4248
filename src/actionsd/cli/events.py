"""``actionsctl events``: the last events of a source, and those that come."""

import click
import msgspec

from actionsd import wire
from actionsd.cli.client import Client, segment
from actionsd.cli.output import coloured, json_option, pretty, print_json

_types = ("track", "identify", "page", "screen", "group", "alias")


@click.command()
@click.argument("source")
@click.option("--search", "-s", default="", metavar="TEXT", help="Only those with this text anywhere in their JSON.")
@click.option("--type", "-t", "kind", type=click.Choice(_types), help="Only of this type.")
@click.option("--name", default="", metavar="NAME", help="Only track, page and screen calls of this name.")
@click.option("--count", "-n", type=click.IntRange(1, 500), default=10, show_default=True, help="How many at most.")
@click.option("--raw", is_flag=True, help="Print the whole JSON and what the server added, not the call.")
@click.option("--follow", "-f", is_flag=True, help="Go on with those that come, and those refused, until interrupted.")
@json_option
@click.pass_obj
def events(client: Client, /, source: str, follow: bool, raw: bool, as_json: bool, **given: str | int | None) -> None:
    """Show the last events of SOURCE, oldest first, each as the SDK call that would make it.

    At most 500 can be seen. Events that were refused are told with their reason only while --follow runs: no bodies of
    them are kept.
    """
    path = f"/actionsd/sources/{segment(source)}/events"
    wanted = {"search": given["search"], "type": given["kind"], "name": given["name"]}
    found = client.get(path, wire.SourceEvents, limit=given["count"], **wanted)
    if as_json and not follow:
        print_json(found)
        return
    _print_all(found, raw, as_json)
    if not follow:
        if not found.items:
            click.echo(f"none of the last {found.examined} events" if found.examined else "no events yet")
        return
    newest = found.items[0].position if found.items else 0
    newest = max(newest, *(each.position for each in client.get(path, wire.SourceEvents, limit=1).items), 0)
    try:
        for line in client.lines("/actionsd/tail", source=source, step=("accepted", "refused", "filtered", "lost")):
            seen = msgspec.json.decode(line, type=wire.Seen)
            if seen.step != "accepted":
                click.echo(f"{coloured(seen.step)} {seen.message_id} {seen.reason}")
            come = client.get(path, wire.SourceEvents, after=newest, limit=500, **wanted)
            _print_all(come, raw, as_json)
            newest = max([newest, *(each.position for each in come.items)])
    except KeyboardInterrupt:
        return


def _print_all(found: wire.SourceEvents, raw: bool, as_json: bool) -> None:
    for each in reversed(found.items):
        if as_json:
            click.echo(msgspec.json.encode(each))
        else:
            _print(each, raw)


def _print(each: wire.SourceEvent, raw: bool) -> None:
    at = each.received_at.astimezone().strftime("%H:%M:%S.%f")[:-3]
    what = f'{each.type} "{each.name}"' if each.name else each.type
    click.secho(" ".join(part for part in (at, what, each.user, each.message_id) if part), bold=True)
    if each.trouble:
        click.echo(each.trouble)
    if raw or each.trouble:
        click.echo(each.raw if isinstance(each.raw, str) else pretty(each.raw))
        click.echo(f"added by the server: {', '.join(each.added)}" if each.added else "")
    else:
        click.echo(each.call)
