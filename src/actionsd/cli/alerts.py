"""``actionsctl alerts``: be told when a source or destination behaves oddly."""

import click

from actionsd import wire
from actionsd.cli.client import Client, Usage, segment
from actionsd.cli.noun import Noun
from actionsd.cli.output import Column, ago, json_option, print_json, print_table

_columns = (
    Column("alert", flexible=True),
    Column("state"),
    Column("since", right=True),
    Column("rule", flexible=True),
    Column("now", right=True),
    Column("told in", flexible=True, optional=True),
)


@click.group(cls=Noun)
def alerts() -> None:
    """Add, list and remove alerts.

    Each minute the daemon compares the volume of the last 24 hours with the 24 before, and what was delivered with what
    was given up or waits because it failed. When a rule begins to hold, the track event "Alert Raised" joins the events
    of a source, when it ends "Alert Resolved"; a mapping with a trigger on them sends them to Slack or anywhere else.
    """


@alerts.command()
@click.argument("name")
@click.option("--source", "-s", metavar="SLUG", help="About the volume of this source.")
@click.option("--destination", "-d", metavar="SLUG", help="About the deliveries of this destination.")
@click.option("--mapping", "-m", metavar="NAME", help="Only of this mapping of the destination.")
@click.option("--volume", type=float, metavar="PERCENT", help="When the volume changes by so much, up or down.")
@click.option("--success", type=float, metavar="PERCENT", help="When less than this share is delivered.")
@click.option("--report-to", "-r", metavar="SLUG", help="The source that gets the events; else the one it is about.")
@click.pass_obj
def add(client: Client, /, name: str, volume: float | None, success: float | None, **about: str | None) -> None:
    """Add an alert called NAME: --source with --volume, or --destination with --success."""
    percent = volume if about["source"] else success
    if percent is None or (volume is not None and success is not None):
        raise Usage("say --source SLUG --volume PERCENT, or --destination SLUG --success PERCENT")
    given = {key: value for key, value in about.items() if value}
    client.post("/actionsd/alerts", wire.Done, wire.AlertRequest(name=name, percent=percent, **given))
    click.echo(f"added {name}")


@alerts.command("list")
@json_option
@click.pass_obj
def list_(client: Client, as_json: bool) -> None:
    """List all alerts and what was measured last."""
    rows = client.get("/actionsd/alerts", list[wire.AlertRow])
    if as_json:
        print_json(rows)
        return
    print_table(_columns, [_cells(row) for row in rows], empty="no alerts")
    for row in rows:
        if row.trouble:
            click.echo(f"{row.name}: {click.style(row.trouble, fg='red')}")


def _cells(row: wire.AlertRow) -> tuple[str, ...]:
    of = " / ".join(filter(None, (row.destination or row.source, row.mapping)))
    rule = f"volume of {of} ±{row.percent:g} %" if row.kind == "volume" else f"{of} delivers < {row.percent:g} %"
    sign = "+" if row.kind == "volume" else ""
    return (
        row.name,
        "raised" if row.raised else "ok",
        ago(row.changed_at),
        rule,
        "-" if row.value is None else f"{row.value:{sign}.1f} %",
        row.report_to,
    )


@alerts.command()
@click.argument("name")
@click.pass_obj
def rm(client: Client, name: str) -> None:
    """Remove the alert called NAME."""
    client.delete(f"/actionsd/alerts/{segment(name)}", wire.Done)
    click.echo(f"removed {name}")
