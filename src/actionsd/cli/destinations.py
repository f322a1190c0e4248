"""``actionsctl destinations``, ``pause``, ``resume`` and ``forget``: where events go."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from msgspec import UNSET, UnsetType

from actionsd import wire
from actionsd.cli.client import Client, Usage, segment
from actionsd.cli.connect import connect
from actionsd.cli.noun import Noun, confirm, values, yes_option
from actionsd.cli.output import Column, ago, coloured, json_option, number, pretty, print_json, print_table, rate

T = TypeVar("T")

_json_file = click.Path(path_type=Path, dir_okay=False)
_columns = (
    Column("destination", flexible=True),
    Column("state", flexible=True),
    Column("delivered", right=True),
    Column("discarded", right=True, optional=True),
    Column("retrying", right=True),
    Column("dead", right=True),
    Column("lag", right=True),
    Column("oldest", right=True, optional=True),
    Column("rate", right=True, optional=True),
)
_mapping_columns = (
    Column("mapping", flexible=True),
    Column("action", flexible=True),
    Column("state"),
    Column("delivered", right=True),
    Column("dead", right=True),
    Column("trigger", flexible=True),
)


@click.group(cls=Noun)
def destinations() -> None:
    """List destinations; show, add, change or remove one.

    \b
    actionsctl destinations               what became of their events
    actionsctl destinations signups       one, with its mappings
    actionsctl destinations add webhook --source website --set sharedSecret=env:HOOK_SECRET
    """


@destinations.command("list")
@json_option
@click.pass_obj
def list_(client: Client, as_json: bool) -> None:
    """List the destinations.

    LAG counts events of the journal that the destination has not settled, OLDEST is how long the first of them waits.
    STATE adds "held" while a breaker or Retry-After holds deliveries back.
    """
    answer = client.get("/actionsd/destinations", list[wire.DestinationStatus])
    print_json(answer) if as_json else print_destinations(answer)


@destinations.command()
@click.argument("slug")
@json_option
@click.pass_obj
def show(client: Client, slug: str, as_json: bool) -> None:
    """Show the destination SLUG with its mappings."""
    one = client.get(_path(slug), wire.DestinationStatus)
    print_json(one) if as_json else _print_one(one)


@destinations.command()
@click.argument("slug")
@json_option
@click.pass_obj
def config(client: Client, slug: str, as_json: bool) -> None:
    """Show how the destination SLUG is configured, secrets masked."""
    _print_config(client.get(f"{_path(slug)}/config", wire.DestinationDetail), as_json)


def _limits(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--retry-window", type=float, metavar="SECONDS", help="How long a delivery is tried again."),
        click.option("--timeout", type=float, metavar="SECONDS", help="How long one request may take."),
        click.option("--rate-limit", type=float, metavar="N", help="Deliveries a second."),
        click.option("--concurrency", type=click.IntRange(min=1), metavar="N", help="Deliveries at a time."),
        click.option("--settings", "file", type=_json_file, metavar="FILE", help="All settings, as a JSON object."),
        click.option(
            "--set", "pairs", multiple=True, metavar="KEY=VALUE", help="A setting; JSON, text, env:NAME or file:PATH."
        ),
    ):
        command = option(command)
    return command


@destinations.command()
@click.argument("definition")
@click.option("--source", "-s", required=True, metavar="SLUG", help="Where its events come from.")
@click.option("--slug", default="", help="Its slug.  [default: from its name]")
@click.option("--name", default="", help="Its name for people.  [default: the definition's]")
@_limits
@click.option("--disabled", is_flag=True, help="Deliver nothing yet; settings may be missing.")
@click.option("--no-presets", is_flag=True, help="Make no mappings of the definition's presets.")
@json_option
@click.pass_obj
def add(client: Client, /, definition: str, source: str, as_json: bool, **given: Any) -> None:
    """Make a destination of DEFINITION, one of `actionsctl plugins`.

    Its automatic presets become mappings, which are disabled until `actionsctl mappings enable`.
    """
    body = wire.DestinationCreate(
        source=source,
        definition=definition,
        slug=given["slug"],
        name=given["name"],
        enabled=not given["disabled"],
        presets=not given["no_presets"],
        settings=values(given["file"], given["pairs"]),
        concurrency=given["concurrency"],
        rate_limit=given["rate_limit"],
        timeout=given["timeout"],
        retry_window=given["retry_window"],
    )
    _print_config(client.post("/actionsd/destinations", wire.DestinationDetail, body), as_json)


@destinations.command("set")
@click.argument("slug")
@click.option("--slug", "new_slug", metavar="SLUG", help="Another slug.")
@click.option("--name", help="Another name.")
@_limits
@click.option("--unset", multiple=True, metavar="KEY", help="Take a setting out (repeatable).")
@json_option
@click.pass_obj
def set_(client: Client, /, slug: str, as_json: bool, **given: Any) -> None:
    """Change the destination SLUG; what is not named stays."""
    settings: dict[str, Any] | UnsetType = UNSET
    if given["file"] or given["pairs"] or given["unset"]:
        before = {} if given["file"] else client.get(f"{_path(slug)}/config", wire.DestinationDetail).settings
        merged = before | values(given["file"], given["pairs"])
        settings = {key: value for key, value in merged.items() if key not in given["unset"]}
    body = wire.DestinationChange(
        slug=_or_unset(given["new_slug"]),
        name=_or_unset(given["name"]),
        settings=settings,
        concurrency=_or_unset(given["concurrency"]),
        rate_limit=_or_unset(given["rate_limit"]),
        timeout=_or_unset(given["timeout"]),
        retry_window=_or_unset(given["retry_window"]),
    )
    if body == wire.DestinationChange():
        raise Usage("say what to change; --help lists it")
    _print_config(client.patch(_path(slug), wire.DestinationDetail, body), as_json)


@destinations.command()
@click.argument("slug")
@click.pass_obj
def enable(client: Client, slug: str) -> None:
    """Deliver to SLUG the events that come from now on."""
    now = client.patch(_path(slug), wire.DestinationDetail, wire.DestinationChange(enabled=True))
    paused = f", but paused: `actionsctl resume {slug}` lets it deliver" if now.state == "paused" else ""
    click.echo(f"{slug} is enabled{paused}")


@destinations.command()
@click.argument("slug")
@click.pass_obj
def disable(client: Client, slug: str) -> None:
    """Deliver nothing to SLUG: its events are counted, not kept for it; `pause` lets them wait."""
    client.patch(_path(slug), wire.DestinationDetail, wire.DestinationChange(enabled=False))
    click.echo(f"{slug} is disabled")


@destinations.command()
@click.argument("slug")
@yes_option
@click.pass_obj
def rm(client: Client, slug: str, yes: bool) -> None:
    """Remove the destination SLUG with its mappings and filters; what it has not delivered is not sent."""
    confirm(f"Remove {slug} with its mappings and filters?", yes)
    client.delete(_path(slug), wire.Done)
    click.echo(f"{slug} is removed; `actionsctl history` has it")


@click.command()
@click.argument("slug")
@click.pass_obj
def pause(client: Client, slug: str) -> None:
    """Stop deliveries to the destination SLUG; its events and retries wait until resume."""
    client.post(f"/actionsd/destinations/{segment(slug)}/pause", wire.Done)
    click.echo(f"{slug} is paused; its events wait")


@click.command()
@click.argument("slug", required=False)
@click.pass_obj
def resume(client: Client, slug: str | None) -> None:
    """Let deliveries to SLUG go on after a pause or behind an open breaker.

    Without SLUG, release all destinations that the start of a restored backup holds.
    """
    if slug:
        client.post(f"/actionsd/destinations/{segment(slug)}/resume", wire.Done)
        click.echo(f"{slug} is resumed")
        return
    released = client.post("/actionsd/resume", wire.Done).changed
    click.echo("all destinations are released" if released else "nothing was held")


@click.command()
@click.argument("slug")
@yes_option
@click.pass_obj
def forget(client: Client, slug: str, yes: bool) -> None:
    """Delete the destination SLUG, which actionsd.toml no longer declares, with its retries and dead letters."""
    confirm(f"Delete {slug} with its retries and dead letters?", yes)
    client.post(f"/actionsd/destinations/{segment(slug)}/forget", wire.Done)
    click.echo(f"{slug} is forgotten")


destinations.add_command(connect)
destinations.add_command(pause)
destinations.add_command(resume)


def print_destinations(rows: Sequence[wire.DestinationStatus]) -> None:
    """The table of destinations, and below it why some of them hold back."""
    print_table(
        _columns,
        [
            (
                row.slug,
                _state(row),
                number(row.delivered),
                number(row.discarded),
                number(row.retrying),
                number(row.dead),
                number(row.backlog),
                ago(row.oldest).removesuffix(" ago"),
                rate(row.rate),
            )
            for row in rows
        ],
        empty="no destinations: make one with `actionsctl destinations add`, or declare it in actionsd.toml",
    )
    for row in rows:
        if row.reason:
            click.echo(f"{row.slug}: {row.reason}")


def _path(slug: str) -> str:
    return f"/actionsd/destinations/{segment(slug)}"


def _or_unset(value: T | None) -> T | UnsetType:
    return UNSET if value is None else value


def _print_config(found: wire.DestinationDetail, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    click.secho(found.name, bold=True)
    declared = ", declared in the file" if found.declared else ""
    click.echo(f"{found.slug}: {found.definition} for events of {found.source}, {coloured(found.state)}{declared}")
    if found.trouble:
        click.echo(f"trouble: {found.trouble}")
    if found.settings:
        click.echo(pretty(found.settings))
    for mapping in found.mappings:
        state = coloured("enabled" if mapping.enabled else "disabled")
        click.echo(f"mapping {mapping.name}: {mapping.action}, {state}, when {mapping.trigger}")
    for filter in found.filters:
        click.echo(f"filter {filter.title}: if {filter.condition}")


def _state(row: wire.DestinationStatus) -> str:
    return row.state if row.breaker == "closed" else f"{row.state}, held"


def _print_one(row: wire.DestinationStatus) -> None:
    click.secho(row.name, bold=True)
    click.echo(f"{row.definition} for events of {row.source}, {coloured(row.state)}, breaker {coloured(row.breaker)}")
    print_destinations([row])
    click.echo()
    print_table(
        _mapping_columns,
        [
            (
                mapping.name,
                mapping.action,
                "enabled" if mapping.enabled else "disabled",
                number(mapping.delivered),
                number(mapping.dead),
                mapping.trigger,
            )
            for mapping in row.mappings
        ],
        empty="no mappings: nothing will be sent",
    )
