"""``actionsctl overview`` and ``samples``: what became of events over time, and examples of it."""

from datetime import UTC, datetime
from typing import get_args

import click

from actionsd import wire
from actionsd.cli.client import Client
from actionsd.cli.output import (
    Column,
    ago,
    coloured,
    json_option,
    local,
    number,
    pretty,
    print_json,
    print_table,
    span,
)
from actionsd.cli.replay import Moment

_titles = {
    "successfully_received": "received",
    "failed_on_ingest": "failed on ingest",
    "filtered_at_source": "filtered at source",
    "filtered_at_destination": "filtered at destination",
    "failed_delivery": "failed delivery",
    "successful_delivery": "delivered",
}
_step_columns = (
    Column("step"),
    Column("events", right=True),
    Column("before", right=True, optional=True),
    Column("change", right=True),
    Column("trend", flexible=True),
)
_flow_columns = (
    Column("destination", flexible=True),
    Column("filtered", right=True),
    Column("failed", right=True),
    Column("delivered", right=True),
    Column("success", right=True),
    Column("95 % within", right=True),
    Column("retrying", right=True),
    Column("waiting", right=True),
    Column("state", flexible=True, optional=True),
)
_bars = "▁▂▃▄▅▆▇█"
_widest = 60  # bars of a trend; more buckets share one
_shown = 30  # groups of a breakdown


@click.command()
@click.argument("of", metavar="[SOURCE|DESTINATION]", default="")
@click.option("--mapping", "-m", metavar="NAME", help="Only of this mapping of the destination.")
@click.option("--since", type=Moment(), metavar="TIME", default="24h", help="From here on: a time, or 10m, 7d ago.")
@click.option("--until", type=Moment(), metavar="TIME", help="Up to this moment.")
@click.option("--by", "-b", type=click.Choice(get_args(wire.By)), help="Break it down.")
@click.option("--granularity", "-g", type=click.Choice(["MINUTE", "HOUR", "DAY"]), help="Of the trend.")
@json_option
@click.pass_obj
def overview(
    client: Client, /, as_json: bool, of: str, since: datetime, until: datetime | None, **query: str | None
) -> None:
    """Show what became of the events of a source or at a destination, against the time before.

    Up to four hours are shown by minute (kept for two days), up to four days by hour, longer times by day (both
    kept for 30 days). What replays did is not counted here.
    """
    until = until or datetime.now(UTC)
    times = {"since": since.isoformat(), "until": until.isoformat()}
    answer = client.get("/actionsd/overview", wire.Overview, of=of, **times, **query)
    if as_json:
        print_json(answer)
        return
    click.secho(_headline(answer), bold=True)
    click.echo()
    print_table(_step_columns, [_step(step) for step in answer.steps], empty="")
    if answer.retried:
        click.echo(f"\n{number(answer.retried)} attempts failed and were to be repeated.")
    if not answer.mapping:
        click.echo()
        print_table(_flow_columns, [_flow(flow) for flow in answer.destinations], empty="no destinations")
    if answer.by:
        click.echo()
        _print_groups(answer)


def _headline(answer: wire.Overview) -> str:
    what = " / ".join(filter(None, (answer.destination or answer.source, answer.mapping)))
    length = span((answer.until - answer.since).total_seconds())
    return f"{what}: {length} up to {local(answer.until)}, by {answer.granularity.lower()}"


def _step(step: wire.FlowStep) -> tuple[str, ...]:
    before = "-" if step.previous is None else number(step.previous)
    return (_titles.get(step.step, step.step), number(step.total), before, _change(step.change), trend(step.series))


def _change(change: float | None) -> str:
    return "-" if change is None else f"{change:+.1%}"


def trend(series: list[int]) -> str:
    """Numbers as bars, the largest the highest; nothing is a space.

    >>> trend([0, 1, 4, 8])
    ' ▁▄█'
    """
    if len(series) > _widest:
        share = -(-len(series) // _widest)
        series = [sum(series[start : start + share]) for start in range(0, len(series), share)]
    most = max(series, default=0)
    return "".join(" " if not n else _bars[max(0, -(-n * len(_bars) // most) - 1)] for n in series).rstrip()


def _flow(flow: wire.DestinationFlow) -> tuple[str, ...]:
    return (
        flow.slug,
        number(flow.filtered),
        number(flow.failed),
        number(flow.delivered),
        "-" if flow.success is None else f"{flow.success:.1%}",
        "-" if flow.latency is None else seconds(flow.latency.p95),
        number(flow.retrying),
        number(flow.waiting),
        flow.reason or "ok",
    )


def seconds(value: float) -> str:
    """A short length of time.

    >>> seconds(0.0075), seconds(2.5), seconds(600)
    ('8 ms', '2.5 s', '10m')
    """
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s" if value < 60 else span(value)


def _print_groups(answer: wire.Overview) -> None:
    """A row for each group, a column for each step that has any."""
    titles = _titles | {"retried": "retried"}
    used = [step for step in titles if any(step in group.steps for group in answer.groups)]
    columns = [
        Column(answer.by, flexible=True),
        *(Column(titles[step].replace(" ", "\n", 1), right=True) for step in used),
    ]
    rows = [
        (group.key or "-", *(number(group.steps[step]) if step in group.steps else "" for step in used))
        for group in answer.groups[:_shown]
    ]
    print_table(columns, rows, empty="nothing was counted")
    if len(answer.groups) > _shown:
        click.echo(f"... and {number(len(answer.groups) - _shown)} more with --json")


@click.command()
@click.argument("destination")
@click.option("--reason", "-r", metavar="CODE", help="Only those with this reason.")
@click.option("--step", "-s", type=click.Choice(["delivered", "retry", "dead", "discarded"]), help="Only of this step.")
@click.option("--mapping", "-m", metavar="NAME", help="Only of this mapping.")
@click.option("--limit", "-n", type=click.IntRange(1, 100), default=20, show_default=True, help="So many.")
@click.option("--before", type=int, metavar="ID", help="The next page, as the one before says.")
@click.option("--full", "-f", is_flag=True, help="With event, payload, requests and responses.")
@json_option
@click.pass_obj
def samples(client: Client, /, full: bool, as_json: bool, **query: object) -> None:
    """Show examples of what was delivered, failed or was discarded at DESTINATION, the newest first.

    Up to 10 of each reason are kept for two weeks. Secrets are redacted.
    """
    page = client.get("/actionsd/samples", wire.DeliverySamples, **query)
    if as_json:
        print_json(page)
        return
    if full:
        for sample in page.items:
            _print_sample(sample)
    else:
        columns = (
            Column("id", right=True), Column("when", right=True), Column("step"), Column("reason", flexible=True),
            Column("mapping", flexible=True), Column("message id", flexible=True),
            Column("message", flexible=True, optional=True),
        )  # fmt: skip
        rows = [
            (str(s.id), ago(s.at), s.step, s.reason or "-", s.mapping or "-", s.message_id, s.message)
            for s in page.items
        ]
        print_table(columns, rows, empty="no samples")
    if page.before:
        click.echo(f"... and more: --before {page.before}")


def _print_sample(sample: wire.DeliverySample) -> None:
    where = " / ".join(filter(None, (sample.destination, sample.mapping)))
    click.echo(f"{coloured(sample.step)} {click.style(where, bold=True)} {sample.reason}".rstrip())
    click.echo(" ".join(filter(None, (local(sample.at), f"message id {sample.message_id}", sample.message))))
    for title, value in (("Event", sample.event), ("Payload", sample.payload), ("Exchange", sample.exchange)):
        if value:
            click.secho(title, bold=True)
            click.echo(pretty(value))
    click.echo()
