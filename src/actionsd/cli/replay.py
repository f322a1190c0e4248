"""``actionsctl replay``: run journalled events through a destination or one mapping again."""

import re
import sys
import time
from datetime import UTC, datetime, timedelta

import click

from actionsd import wire
from actionsd.cli.client import Client
from actionsd.cli.output import Column, json_option, local, number, pretty, print_json, print_table

_columns = (
    Column("id", right=True),
    Column("destination", flexible=True),
    Column("mapping", flexible=True),
    Column("state"),
    Column("done", right=True),
    Column("delivered", right=True),
    Column("discarded", right=True),
    Column("retrying", right=True),
    Column("dead", right=True),
    Column("created", optional=True),
)
_poll = 0.5  # seconds between looks at a replay that is watched


class Moment(click.ParamType[datetime]):
    """A date and time (``2026-05-15T12:34:56Z``; local time without a zone), or how long ago (``2h``)."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, context: click.Context | None) -> datetime:
        text = str(value)
        if found := re.fullmatch(r"(\d+)([smhd])", text):
            unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[found[2]]
            return datetime.now(UTC) - timedelta(**{unit: int(found[1])})
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except ValueError:
            self.fail(f"expected a time such as 2026-05-15T12:34:56Z, or a span such as 2h: {text!r}", param, context)


@click.group()
def replay() -> None:
    """Run journalled events through a destination again.

    A replay has counters, retries and dead letters of its own, uses at most half of the destination's slots, and skips
    what is still waiting for its first delivery. Consent, filters and the present mappings apply.
    """


@replay.command()
@click.argument("destination")
@click.option("--mapping", "-m", metavar="NAME", help="Only through this mapping.")
@click.option("--since", type=Moment(), metavar="TIME", help="From this moment on: a date and time, or 2h, 7d ago.")
@click.option("--until", type=Moment(), metavar="TIME", help="Up to this moment.")
@click.option("--source", "-s", metavar="SLUG", help="Only events of this source.")
@click.option("--event", "-e", metavar="NAME", help="Only track events of this name.")
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), metavar="N", help="At most N deliveries a second.")
@click.option("--dry-run", is_flag=True, help="Send nothing: show the counts and the first payloads.")
@click.option("--detach", is_flag=True, help="Do not wait for the end.")
@json_option
@click.pass_obj
def start(client: Client, /, dry_run: bool, detach: bool, as_json: bool, **wanted: object) -> None:
    """Replay events through DESTINATION and show the progress.

    An interrupt ends only the view; the replay goes on in the daemon until it is done or stopped.
    """
    request = wire.ReplayRequest(**{key: value for key, value in wanted.items() if value is not None})  # type: ignore[arg-type]
    if dry_run:
        plan = client.post("/actionsd/replays/plan", wire.ReplayPlan, request)
        print_json(plan) if as_json else _print_plan(plan)
        return
    created = client.post("/actionsd/replays", wire.ReplayStatus, request)
    if not detach:
        created = _watch(client, created)
    print_json(created) if as_json else _print_rows([created])


@replay.command("list")
@json_option
@click.pass_obj
def list_(client: Client, as_json: bool) -> None:
    """List replays, the newest first."""
    rows = client.get("/actionsd/replays", list[wire.ReplayStatus])
    print_json(rows) if as_json else _print_rows(rows)


@replay.command()
@click.argument("id", type=int)
@json_option
@click.pass_obj
def show(client: Client, id: int, as_json: bool) -> None:
    """Show one replay and, while it runs, its progress."""
    row = client.get(f"/actionsd/replays/{id}", wire.ReplayStatus)
    if not as_json:
        row = _watch(client, row)
    print_json(row) if as_json else _print_rows([row])


@replay.command()
@click.argument("id", type=int)
@click.pass_obj
def resume(client: Client, id: int) -> None:
    """Let a stopped replay go on where it stood."""
    _change(client, id, "resume")


@replay.command()
@click.argument("id", type=int)
@click.pass_obj
def stop(client: Client, id: int) -> None:
    """Stop a replay and drop its retries; resume goes on where it stood."""
    _change(client, id, "stop")


def _change(client: Client, id: int, verb: str) -> None:
    row = client.post(f"/actionsd/replays/{id}/{verb}", wire.ReplayStatus)
    click.echo(f"replay {row.id} is {row.state} at {_share(row)}")


def _watch(client: Client, row: wire.ReplayStatus) -> wire.ReplayStatus:
    """Follow a running replay with a bar on the terminal until it ends or the user goes."""
    if row.state != "running" or not sys.stderr.isatty():
        return _wait(client, row)
    try:
        with click.progressbar(length=row.total, label=f"replay {row.id}", file=sys.stderr) as bar:
            shown = 0
            while row.state == "running":
                bar.update(row.done - shown)
                shown = row.done
                time.sleep(_poll)
                row = client.get(f"/actionsd/replays/{row.id}", wire.ReplayStatus)
            bar.update(row.done - shown)
    except KeyboardInterrupt:
        click.echo(f"\nthe replay goes on; actionsctl replay show {row.id}", err=True)
    return row


def _wait(client: Client, row: wire.ReplayStatus) -> wire.ReplayStatus:
    while row.state == "running":
        time.sleep(_poll)
        row = client.get(f"/actionsd/replays/{row.id}", wire.ReplayStatus)
    return row


def _share(row: wire.ReplayStatus) -> str:
    return f"{row.done / row.total:.0%}" if row.total else "100%"


def _print_rows(rows: list[wire.ReplayStatus]) -> None:
    print_table(
        _columns,
        [
            (
                str(row.id),
                row.destination,
                row.mapping or "all",
                row.state,
                _share(row),
                number(row.delivered),
                number(row.discarded),
                number(row.retrying),
                number(row.dead),
                local(row.created_at),
            )
            for row in rows
        ],
        empty="no replays",
    )


def _print_plan(plan: wire.ReplayPlan) -> None:
    looked = "all" if plan.complete else f"the first {number(plan.examined)}"
    click.echo(f"positions {number(plan.first)} to {number(plan.last)}; looked at {looked} events")
    counts = [(name, number(count), "delivered") for name, count in plan.deliveries.items()]
    counts += [(reason, number(count), "discarded") for reason, count in plan.discarded.items()]
    columns = (Column("mapping or reason", flexible=True), Column("events", right=True), Column("would be"))
    print_table(columns, counts, empty="no event matches")
    for preview in plan.previews:
        click.secho(f"\n{preview.mapping}, {preview.message_id}", bold=True)
        click.echo(preview.error or pretty(preview.payload))
