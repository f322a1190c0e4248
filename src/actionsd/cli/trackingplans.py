"""``actionsctl tracking-plans``: which events are planned, and which sources follow a plan."""

from pathlib import Path

import click
import msgspec

from actionsd import wire
from actionsd.cli.client import Client, Usage, segment
from actionsd.cli.noun import Noun, confirm, read_file, yes_option
from actionsd.cli.output import Column, ago, json_option, number, print_json, print_table

_columns = (
    Column("plan", flexible=True),
    Column("name", flexible=True),
    Column("type", optional=True),
    Column("rules", right=True),
    Column("sources", flexible=True),
    Column("changed", right=True),
)
_rule_columns = (Column("type"), Column("key", flexible=True), Column("version", right=True), Column("requires"))


@click.group("tracking-plans", cls=Noun)
def tracking_plans() -> None:
    """List tracking plans; show, add, connect or remove one.

    \b
    actionsctl tracking-plans add shop.json            {"name": "Shop", "rules": [{"type": "TRACK", ...}]}
    actionsctl tracking-plans connect shop website     check the events of website
    actionsctl tracking-plans shop                     its rules
    """


@tracking_plans.command("list")
@json_option
@click.pass_obj
def list_(client: Client, as_json: bool) -> None:
    """List the tracking plans with the sources that follow them."""
    found = client.get("/actionsd/tracking-plans", list[wire.PlanStatus])
    if as_json:
        print_json(found)
        return
    rows = [
        (each.slug, each.name, each.type, number(each.rules), ", ".join(each.sources) or "-", ago(each.updated_at))
        for each in found
    ]
    print_table(_columns, rows, empty="no tracking plans: make one with `actionsctl tracking-plans add FILE`")


@tracking_plans.command()
@click.argument("plan")
@json_option
@click.pass_obj
def show(client: Client, plan: str, as_json: bool) -> None:
    """Show PLAN with its rules; with --json they are in the form that `add` takes."""
    found = client.get(_path(plan), wire.PlanDetail)
    if as_json:
        print_json(found)
        return
    click.secho(found.name, bold=True)
    click.echo(f"{found.slug}, followed by {', '.join(found.sources) or 'no source'}")
    rows = [
        (each["type"], each.get("key", "-"), str(each["version"]), _required(each["jsonSchema"]))
        for each in found.rules
    ]
    print_table(_rule_columns, rows, empty="no rules")


@tracking_plans.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@json_option
@click.pass_obj
def add(client: Client, file: Path, as_json: bool) -> None:
    """Make the tracking plan in FILE, JSON with a name and rules as in Segment's Public API ("-": standard input)."""
    try:
        body = msgspec.json.decode(read_file(file), type=wire.PlanCreate)
    except msgspec.DecodeError as error:
        raise Usage(f"{file}: {error}") from None
    made = client.post("/actionsd/tracking-plans", wire.PlanDetail, body)
    print_json(made) if as_json else click.echo(f"{made.slug} has {len(made.rules)} rules; no source follows it yet")


@tracking_plans.command()
@click.argument("plan")
@click.argument("source")
@click.pass_obj
def connect(client: Client, plan: str, source: str) -> None:
    """Check the events of SOURCE by PLAN; what is let in stands in `actionsctl sources schema SOURCE`."""
    client.post(f"{_path(plan)}/connect", wire.Done, wire.Follower(source=source))
    click.echo(f"{source} follows {plan}")


@tracking_plans.command()
@click.argument("plan")
@click.argument("source")
@click.pass_obj
def disconnect(client: Client, plan: str, source: str) -> None:
    """Check the events of SOURCE by PLAN no more."""
    client.post(f"{_path(plan)}/disconnect", wire.Done, wire.Follower(source=source))
    click.echo(f"{source} follows no tracking plan")


@tracking_plans.command()
@click.argument("plan")
@yes_option
@click.pass_obj
def rm(client: Client, plan: str, yes: bool) -> None:
    """Remove PLAN with its rules; the sources that followed it let everything in."""
    confirm(f"Remove the tracking plan {plan}?", yes)
    client.delete(_path(plan), wire.Done)
    click.echo(f"{plan} is removed; `actionsctl history` has it")


def _path(plan: str) -> str:
    return f"/actionsd/tracking-plans/{segment(plan)}"


def _required(schema: object) -> str:
    """The properties or traits that a rule requires."""
    members = schema.get("properties", {}) if isinstance(schema, dict) else {}
    parts = [members.get(part) for part in ("properties", "traits")]
    names = [name for part in parts if isinstance(part, dict) for name in part.get("required", ())]
    return ", ".join(names) or "-"
