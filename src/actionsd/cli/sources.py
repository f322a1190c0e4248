"""``actionsctl sources``: where events come from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import click
import msgspec
from msgspec import UNSET

from actionsd import wire
from actionsd.cli.client import Client, Usage, segment
from actionsd.cli.noun import Noun, confirm, read_file, yes_option
from actionsd.cli.output import Column, coloured, json_option, number, print_json, print_table, rate

Rule = Literal["optional", "required"]

_columns = (
    Column("source", flexible=True),
    Column("state"),
    Column("received", right=True),
    Column("duplicates", right=True),
    Column("refused", right=True),
    Column("filtered", right=True, optional=True),
    Column("rate", right=True),
)


@click.group(cls=Noun)
def sources() -> None:
    """List sources; show, add, change or remove one.

    \b
    actionsctl sources                    events received, seen before, refused, and the rate of the last minute
    actionsctl sources website            its write keys
    actionsctl sources add shop           a new one, with a write key of its own
    """


@sources.command("list")
@json_option
@click.pass_obj
def list_(client: Client, as_json: bool) -> None:
    """List the sources: events received, seen before, refused, and the rate of the last minute."""
    answer = client.get("/actionsd/sources", list[wire.SourceStatus])
    print_json(answer) if as_json else print_sources(answer)


@sources.command()
@click.argument("slug")
@json_option
@click.pass_obj
def show(client: Client, slug: str, as_json: bool) -> None:
    """Show the source SLUG with its write keys."""
    _print(client.get(_path(slug), wire.SourceDetail), as_json)


@sources.command()
@click.argument("slug")
@click.option("--name", default="", help="Its name for people.")
@click.option(
    "--write-key", "-k", "keys", multiple=True, metavar="KEY", help="A key (repeatable).  [default: a new one]"
)
@click.option("--disabled", is_flag=True, help="Take no events yet.")
@json_option
@click.pass_obj
def add(client: Client, slug: str, name: str, keys: tuple[str, ...], disabled: bool, as_json: bool) -> None:
    """Make the source SLUG."""
    body = wire.SourceCreate(slug=slug, name=name, write_keys=keys, enabled=not disabled)
    _print(client.post("/actionsd/sources", wire.SourceDetail, body), as_json)


@sources.command("set")
@click.argument("slug")
@click.option("--name", help="Another name.")
@click.option("--slug", "new_slug", metavar="SLUG", help="Another slug.")
@click.option("--oauth", type=click.Choice(get_args(Rule)), help="Whether events must come with an access token.")
@json_option
@click.pass_obj
def set_(client: Client, slug: str, name: str | None, new_slug: str | None, oauth: Rule | None, as_json: bool) -> None:
    """Change the source SLUG."""
    body = wire.SourceChange(
        name=UNSET if name is None else name,
        slug=UNSET if new_slug is None else new_slug,
        oauth=UNSET if oauth is None else oauth,
    )
    _print(client.patch(_path(slug), wire.SourceDetail, body), as_json)


@sources.command()
@click.argument("slug")
@click.pass_obj
def enable(client: Client, slug: str) -> None:
    """Take the events of SLUG again."""
    client.patch(_path(slug), wire.SourceDetail, wire.SourceChange(enabled=True))
    click.echo(f"{slug} is enabled")


@sources.command()
@click.argument("slug")
@click.pass_obj
def disable(client: Client, slug: str) -> None:
    """Take no events of SLUG: they are answered 200 and counted, not kept."""
    client.patch(_path(slug), wire.SourceDetail, wire.SourceChange(enabled=False))
    click.echo(f"{slug} is disabled")


@sources.command("add-key")
@click.argument("slug")
@click.argument("key", required=False, default="")
@json_option
@click.pass_obj
def add_key(client: Client, slug: str, key: str, as_json: bool) -> None:
    """Give SLUG one more write key, KEY or a new one; all of them are valid at once."""
    _print(client.post(f"{_path(slug)}/keys", wire.SourceDetail, wire.KeyRequest(key=key)), as_json)


@sources.command("rm-key")
@click.argument("slug")
@click.argument("key")
@yes_option
@json_option
@click.pass_obj
def rm_key(client: Client, slug: str, key: str, yes: bool, as_json: bool) -> None:
    """Take the write key KEY away from SLUG; who still uses it is an unknown source."""
    confirm(f"Take the write key {key} away from {slug}?", yes)
    _print(client.delete(f"{_path(slug)}/keys/{segment(key)}", wire.SourceDetail), as_json)


@sources.command()
@click.argument("slug")
@yes_option
@click.pass_obj
def rm(client: Client, slug: str, yes: bool) -> None:
    """Remove the source SLUG, which no destination belongs to any more."""
    confirm(f"Remove the source {slug}?", yes)
    client.delete(_path(slug), wire.Done)
    click.echo(f"{slug} is removed; `actionsctl history` has it")


@sources.command()
@click.argument("slug")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), required=False)
@json_option
@click.pass_obj
def schema(client: Client, slug: str, file: Path | None, as_json: bool) -> None:
    """Show what SLUG lets in, or change what FILE names of it ("-": standard input).

    \b
    {"filters": {"track": ["Debug"], "page": [], "screen": [], "identifyTraits": [], "groupTraits": []},
     "settings": {"track": {"allowUnplannedEvents": false}},     as in Segment's Public API
     "violationsTo": "inbox", "blockedTo": "inbox"}              slugs of sources
    """
    path = f"{_path(slug)}/schema"
    if file is None:
        found = client.get(path, wire.SourceSchema)
    else:
        try:
            body = msgspec.json.decode(read_file(file), type=wire.SchemaChange)
        except msgspec.DecodeError as error:
            raise Usage(f"{file}: {error}") from None
        found = client.patch(path, wire.SourceSchema, body)
    if as_json:
        print_json(found)
        return
    click.echo(f"{slug} follows {f'the tracking plan {found.plan}' if found.plan else 'no tracking plan'}")
    for what, target in (("violations", found.violations_to), ("blocked events", found.blocked_to)):
        if target:
            click.echo(f"{what} go to {target}")
    print_json({"settings": found.settings, "filters": found.filters})


def print_sources(rows: Sequence[wire.SourceStatus]) -> None:
    """The table of sources."""
    print_table(
        _columns,
        [
            (
                row.slug,
                "enabled" if row.enabled else "disabled",
                number(row.received),
                number(row.duplicates),
                number(row.refused),
                number(row.filtered),
                rate(row.rate),
            )
            for row in rows
        ],
        empty="no sources: make one with `actionsctl sources add SLUG`, or declare it in actionsd.toml",
    )
    for row in rows:
        if row.trouble:
            click.echo(f"{row.slug}: {click.style(row.trouble, fg='red')}")


def _path(slug: str) -> str:
    return f"/actionsd/sources/{segment(slug)}"


def _print(source: wire.SourceDetail, as_json: bool) -> None:
    if as_json:
        print_json(source)
        return
    click.secho(source.name, bold=True)
    declared = ", declared in the file" if source.declared else ""
    tokens = ", takes events with an access token only" if source.oauth == "required" else ""
    click.echo(f"{source.slug}, {coloured('enabled' if source.enabled else 'disabled')}{declared}{tokens}")
    for key in source.write_keys:
        click.echo(f"write key {key}")
