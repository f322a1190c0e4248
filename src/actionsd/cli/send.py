"""``actionsctl send``: hand events to a daemon's ingest listener, as any client would."""

import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import IO, Any

import click
import msgspec

from actionsd import settings
from actionsd.cli.client import Client, Usage
from actionsd.cli.deliver import Event, Receipt, over_http, over_stream
from actionsd.cli.http import url_of
from actionsd.cli.noun import pair
from actionsd.cli.output import number
from actionsd.errors import ConfigError

_types = ["track", "identify", "page", "screen", "group", "alias"]


@click.command()
@click.argument("type", required=False, type=click.Choice(_types))
@click.option("--event", "-e", metavar="NAME", help="Name of a track event.")
@click.option("--name", metavar="NAME", help="Name of a page or screen.")
@click.option("--user-id", "-u", metavar="ID", help="Who did it.  [default: actionsctl, without --anonymous-id]")
@click.option("--anonymous-id", "-a", metavar="ID", help="Who did it, before they are known.")
@click.option("--group-id", metavar="ID", help="The group of a group call.")
@click.option("--previous-id", metavar="ID", help="The former id of an alias call.")
@click.option(
    "--property",
    "-p",
    "properties",
    multiple=True,
    metavar="KEY=VALUE",
    help="A property or trait; a VALUE that is JSON is taken as such (repeatable).",
)
@click.option(
    "--file", "-f", type=click.File("rb"), help="Send the events of a file, one JSON object a line; - is stdin."
)
@click.option("--write-key", "-k", metavar="KEY", help="The source.  [default: the first write key of --config]")
@click.option(
    "--to", metavar="URL", help="An ingest listener: http://HOST:PORT or unix:PATH.  [default: from --config]"
)
@click.option(
    "--stream",
    is_flag=True,
    help="Speak newline-delimited JSON to a stream socket, which answers for each event; HTTP does for a batch.",
)
@click.pass_obj
def send(
    client: Client,
    /,
    file: IO[bytes] | None,
    write_key: str | None,
    to: str | None,
    stream: bool,
    **arguments: Any,
) -> None:
    """Send one event of TYPE made of the options, or the events of a file or of stdin.

    \b
    actionsctl send track -e "Signed Up" -u ada -p plan=pro -p seats=3
    actionsctl send --file events.ndjson
    """
    if (file is None) == (arguments["type"] is None):
        raise Usage("give either the TYPE of one event or --file")
    key, url = _target(client, write_key, to, stream)
    deliver = over_stream if stream else over_http
    if file is None:
        event = _event(**arguments)
        _finish(deliver(url, key, [event]))
        click.echo(event["messageId"])
    else:
        receipt = _with_progress(file, lambda events: deliver(url, key, events))
        _finish(receipt)
        click.echo("sent 1 event" if receipt.sent == 1 else f"sent {number(receipt.sent)} events")


def _target(client: Client, write_key: str | None, to: str | None, stream: bool) -> tuple[str, str]:
    """The write key and the listener, from the options, else from the daemon's file."""
    if write_key and to:
        return write_key, to
    try:
        read = settings.load_listeners(client.config, sources=write_key is None)
    except ConfigError as error:
        raise Usage(f"{error}\nname the source with --write-key and the listener with --to") from None
    if write_key is None:
        keys = [key for source in read.sources if source.enabled for key in source.write_keys]
        if not keys:
            raise Usage(f"{client.config} declares no enabled source; name one with --write-key")
        write_key = keys[0]
    listeners = read.ingest.stream if stream else read.ingest.listen
    if to is None and not listeners:
        raise Usage(f"{client.config} has no such listener; name one with --to")
    return write_key, to or url_of(listeners[0])


def _event(
    type: str,
    event: str | None,
    name: str | None,
    user_id: str | None,
    anonymous_id: str | None,
    group_id: str | None,
    previous_id: str | None,
    properties: tuple[str, ...],
) -> Event:
    if type == "track" and event is None:
        raise Usage("a track event has a name: --event NAME")
    fields = {
        "event": event,
        "name": name,
        "userId": user_id or (None if anonymous_id else "actionsctl"),
        "anonymousId": anonymous_id,
        "groupId": group_id,
        "previousId": previous_id,
        "traits" if type in ("identify", "group") else "properties": dict(map(pair, properties)) or None,
    }
    return _stamped({"type": type} | {key: value for key, value in fields.items() if value is not None})


def _stamped(event: Event) -> Event:
    """The event with an id, so that sending it again is no second event, and a time."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"messageId": f"actionsctl-{uuid.uuid4()}", "timestamp": now} | event


def _with_progress(file: IO[bytes], deliver: Callable[[Iterator[Event]], Receipt]) -> Receipt:
    """Send all lines, with a bar over the file's bytes where the size is known and a terminal watches."""
    length = _size(file)
    if length is None or not sys.stderr.isatty():
        return deliver(event for event, _ in _events(file))
    with click.progressbar(length=length, label="sending", file=sys.stderr, show_pos=False) as bar:

        def read() -> Iterator[Event]:
            for event, taken in _events(file):
                bar.update(taken)
                yield event

        return deliver(read())


def _size(file: IO[bytes]) -> int | None:
    if not file.seekable():
        return None
    end = file.seek(0, 2)
    file.seek(0)
    return end


def _events(file: IO[bytes]) -> Iterator[tuple[Event, int]]:
    """Each line's event with the bytes that the line took."""
    for count, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            event = msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise Usage(f"line {count} is no JSON object: {error}") from None
        if event.get("type") not in _types:
            raise Usage(f"line {count}: type is one of {', '.join(_types)}, got {event.get('type')!r}")
        if not (event.get("userId") or event.get("anonymousId")):
            raise Usage(f"line {count}: an event needs a userId or an anonymousId")
        yield _stamped(event), len(line)


def _finish(receipt: Receipt) -> None:
    for line in receipt.refused:
        click.echo(line, err=True)
    if receipt.refused:
        raise click.exceptions.Exit(1)
