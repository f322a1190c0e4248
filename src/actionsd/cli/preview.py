"""``actionsctl preview``: what a change would mean for events that have been."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import UNSET

from actionsd import wire
from actionsd.cli.client import Client, Usage
from actionsd.cli.mappings import changed_fields, mapping_path
from actionsd.cli.output import Column, json_option, number, pretty, print_json, print_table
from actionsd.cli.replay import Moment

_json_file = click.Path(path_type=Path, dir_okay=False)
_signs = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}


@click.command()
@click.argument("destination", required=False)
@click.argument("mapping", required=False)
@click.option("--action", "-a", default="", metavar="SLUG", help="Without MAPPING: a new one of this action.")
@click.option("--trigger", "-t", metavar="FQL", help="Another trigger.")
@click.option("--field", "-f", "pairs", multiple=True, metavar="KEY=VALUE", help="Set a field (repeatable).")
@click.option("--unset", multiple=True, metavar="KEY", help="Take a field out (repeatable).")
@click.option("--fields", "file", type=_json_file, metavar="FILE", help="All fields, as a JSON object.")
@click.option("--filter", "condition", metavar="FQL", help="A filter that drops these events, or see --actions.")
@click.option("--actions", metavar="JSON", help="What the filter does instead of dropping.")
@click.option("--filter-id", type=int, default=0, metavar="ID", help="In the place of this one; alone: without it.")
@click.option("--change", type=int, default=0, metavar="ID", help="A change that was made, by its id in the history.")
@click.option("--last", "-n", type=click.IntRange(1, wire.MOST_PREVIEWED), metavar="N", help="Events.  [default: 1000]")
@click.option("--since", type=Moment(), metavar="TIME", help="Events from this moment on, such as 1h (ago).")
@click.option("--up-to", type=int, default=0, metavar="POSITION", help="The newest event, as a report names it.")
@click.option("--requests", is_flag=True, help="Compare the requests, not the payloads; nothing is sent.")
@click.option("--examples", type=click.IntRange(0, 1000), default=10, show_default=True, help="Deliveries to show.")
@json_option
@click.pass_obj
def preview(client: Client, /, destination: str | None, as_json: bool, **given: Any) -> None:
    """Run the last events of the source through DESTINATION as it is and as it would be, and show what would change.

    \b
    actionsctl preview signups "Signed up" --field text=hello
    actionsctl preview signups "Signed up" --trigger 'event = "Signed Up"' --since 1h
    actionsctl preview signups --filter 'userId = "tester"'
    actionsctl preview --change 17
    """
    if bool(given["change"]) == bool(destination):
        raise Usage("name the destination, or a change of the history with --change ID")
    report = client.post("/actionsd/preview", wire.ChangePreview, _wanted(client, destination or "", given))
    print_json(report) if as_json else _print(report)


def _wanted(client: Client, destination: str, given: dict[str, Any]) -> wire.PreviewRequest:
    mapping: str = given["mapping"] or ""
    since: datetime | None = given["since"]
    return wire.PreviewRequest(
        destination=destination,
        mapping=mapping,
        action=given["action"],
        trigger=UNSET if given["trigger"] is None else given["trigger"],
        fields=changed_fields(
            client,
            mapping_path(destination, mapping) if mapping else "",
            given["file"],
            given["pairs"],
            given["unset"],
        ),
        filter=_filter(given["condition"], given["actions"]),
        filter_id=given["filter_id"],
        change=given["change"],
        last=given["last"],
        since=since,
        up_to=given["up_to"],
        requests=given["requests"],
        examples=given["examples"],
    )


def _filter(condition: str | None, actions: str | None) -> wire.FilterCreate | None:
    if condition is None:
        if actions is not None:
            raise Usage("--actions: say for which events with --filter FQL")
        return None
    try:
        made = msgspec.json.decode(actions or '[{"type": "DROP"}]', type=tuple[dict[str, Any], ...])
    except msgspec.DecodeError as error:
        raise Usage(f"--actions: {error}") from None
    return wire.FilterCreate(title="preview", condition=condition, actions=made)


def _print(report: wire.ChangePreview) -> None:
    more = "" if report.complete else ", there are more"
    click.echo(f"{number(report.events)} events, positions {report.first} to {report.last}{more}")
    if not (report.added or report.removed or report.changed or report.invalid):
        click.echo(f"nothing would change: {number(report.unchanged)} deliveries are the same")
        return
    for verdict in ("added", "removed", "changed", "unchanged"):
        click.echo(f"{number(getattr(report, verdict)):>8} {verdict}")
    if report.invalid:
        click.echo(f"{number(report.invalid):>8} no longer valid")
    click.echo()
    _print_fields(report.fields)
    for each in report.examples:
        _print_example(each)


def _print_fields(fields: list[wire.FieldCount]) -> None:
    if not fields:
        return
    columns = (
        Column("field", flexible=True),
        Column("lost", right=True),
        Column("gained", right=True),
        Column("changed", right=True),
    )
    rows = [(each.field, number(each.lost), number(each.gained), number(each.changed)) for each in fields]
    print_table(columns, rows, empty="")
    for each in fields:
        if each.lost:
            click.echo(f"{number(each.lost)} deliveries would lose {each.field}")


def _print_example(each: wire.PreviewedDelivery) -> None:
    sign, colour = _signs[each.verdict]
    what = f'{each.type} "{each.event}"' if each.event else each.type
    click.secho(f"\n{sign} {what} {each.message_id}, {each.mapping}", fg=colour)
    if each.why:
        click.echo(f"  {each.why}")
    for field in each.fields:
        click.echo(f"  {field.field}: {_value(field.before)} -> {_value(field.after)}")
    if each.payload is not None:
        click.echo(pretty(each.payload))


def _value(value: Any) -> str:
    return msgspec.json.encode(value).decode()
