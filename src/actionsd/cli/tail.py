"""``actionsctl tail``: what happens, as it happens."""

import click
import msgspec

from actionsd import wire
from actionsd.cli.client import Client
from actionsd.cli.output import coloured

_steps = ["accepted", "duplicate", "refused", "filtered", "discarded", "delivered", "retry", "dead"]


@click.command()
@click.option("--step", "-s", "steps", multiple=True, type=click.Choice(_steps), help="Only these steps (repeatable).")
@click.option("--source", metavar="SLUG", help="Only events of this source.")
@click.option("--destination", "-d", metavar="SLUG", help="Only outcomes of this destination.")
@click.option("--event", "-e", metavar="NAME", help="Only track events of this name.")
@click.option("--count", "-n", type=click.IntRange(1), metavar="N", help="End after N lines.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_obj
def tail(
    client: Client,
    /,
    steps: tuple[str, ...],
    source: str | None,
    destination: str | None,
    event: str | None,
    count: int | None,
    as_json: bool,
) -> None:
    """Show events as they are accepted and what becomes of them, until interrupted.

    Shows names, ids and outcomes, never payloads. A viewer that is too slow loses lines and is told how many.
    """
    lines = client.lines("/actionsd/tail", step=steps, source=source, destination=destination, event=event)
    try:
        for number, line in enumerate(lines, 1):
            click.echo(line if as_json else _text(msgspec.json.decode(line, type=wire.Seen)))
            if number == count:
                return
    except KeyboardInterrupt:
        return


def _text(seen: wire.Seen) -> str:
    what = f'{seen.type} "{seen.event}"' if seen.event else seen.type
    where = "/".join(part for part in (seen.destination, seen.mapping) if part) or seen.source
    status = str(seen.status) if seen.status else ""
    took = f"{seen.took_ms:.0f} ms" if seen.took_ms else ""
    step = coloured(seen.step) + " " * (9 - len(seen.step))
    at = seen.at.astimezone().strftime("%H:%M:%S.%f")[:-3]
    return " ".join(part for part in (at, step, where, what, seen.message_id, status, seen.reason, took) if part)
