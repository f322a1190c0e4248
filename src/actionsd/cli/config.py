"""``actionsctl plan``, ``apply`` and ``export``: sources and destinations as code."""

from pathlib import Path

import click

from actionsd import wire
from actionsd.cli.client import Client, Usage
from actionsd.cli.noun import yes_option
from actionsd.cli.output import json_option, pretty, print_json

_path = click.Path(path_type=Path, exists=True)
_prune = click.option("--prune", is_flag=True, help="Remove what no file has.")
_signs = {"add": ("+", "green"), "change": ("~", "yellow"), "remove": ("-", "red")}


@click.command()
@click.argument("path", type=_path)
@_prune
@json_option
@click.pass_obj
def plan(client: Client, path: Path, prune: bool, as_json: bool) -> None:
    """Show what the TOML file PATH, or all *.toml in the folder PATH, would change. Nothing is changed.

    The files have [[sources]] and [[destinations]] as actionsd.toml has them, and [[tracking_plans]], [[schemas]] and
    [[transformations]] as an export shows them. What actionsd.toml itself declares is left alone, and so is, without
    --prune, what no file has.
    """
    found = client.post("/actionsd/config/plan", wire.ConfigPlan, _files(path, prune))
    print_json(found) if as_json else _print(found)


@click.command()
@click.argument("path", type=_path)
@_prune
@yes_option
@json_option
@click.pass_obj
def apply(client: Client, path: Path, prune: bool, yes: bool, as_json: bool) -> None:
    """Make it what the TOML file PATH, or all *.toml in the folder PATH, say: all of it or nothing.

    Shows the plan and asks before it does.
    """
    files = _files(path, prune)
    planned = client.post("/actionsd/config/plan", wire.ConfigPlan, files)
    if not as_json:
        _print(planned)
    if planned.items and not yes:
        click.confirm("Apply this?", abort=True, err=True)
    wanted = wire.ConfigFiles(files=files.files, prune=prune, version=planned.version)
    done = client.post("/actionsd/config/apply", wire.ConfigPlan, wanted) if planned.items else planned
    if as_json:
        print_json(done)
    elif done.items:
        click.echo("done")


@click.command()
@click.argument("path", required=False)
@json_option
@click.pass_obj
def export(client: Client, path: str | None, as_json: bool) -> None:
    """Write everything that is configured here as TOML: into the file or folder PATH, or to the terminal.

    PATH is a folder where it exists as one or ends in a slash. Secrets are written as references to environment
    variables, which are listed; set them for the daemon before you apply the files elsewhere.
    """
    folder = Path(path) if path is not None and (path.endswith("/") or Path(path).is_dir()) else None
    together = None if folder or as_json else 1
    found = client.get("/actionsd/config/export", wire.ConfigExport, together=together)
    if as_json:
        print_json(found)
        return
    if path is None:
        click.echo("\n".join(found.files.values()), nl=False)
        return
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    for name, text in found.files.items():
        _write(folder / name if folder else Path(path), text)
    for name in found.needs:
        click.echo(f"needs {name}")


def _files(path: Path, prune: bool) -> wire.ConfigFiles:
    """The TOML texts of a file or folder."""
    paths = sorted(path.glob("*.toml")) if path.is_dir() else [path]
    if not paths:
        raise Usage(f"{path}: no *.toml in this folder")
    try:
        return wire.ConfigFiles(files={str(each): each.read_text(encoding="utf-8") for each in paths}, prune=prune)
    except (OSError, UnicodeDecodeError) as error:
        raise Usage(f"{path}: {getattr(error, 'strerror', None) or error}") from None


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Usage(f"{path}: {error.strerror}") from None
    click.echo(f"wrote {path}")


def _print(found: wire.ConfigPlan) -> None:
    for item in found.items:
        sign, colour = _signs[item.verb]
        click.secho(f"{sign} {item.kind} {item.name}", fg=colour)
        if item.verb == "remove":
            continue
        for each in item.changed:
            click.echo(f"    {each.field}: {_change(each)}")
    counts = {verb: sum(item.verb == verb for item in found.items) for verb in _signs}
    told = ", ".join(f"{count} to {verb}" for verb, count in counts.items() if count)
    click.echo(told or "nothing to change")
    if found.extra:
        click.echo(f"not in these files, and left alone without --prune: {', '.join(found.extra)}")


def _change(each: wire.FieldChange) -> str:
    if each.before is None:
        return _told(each.after)
    return f"{_told(each.before)} -> {'(none)' if each.after is None else _told(each.after)}"


def _told(value: object) -> str:
    """A text as it is, any other value as JSON, indented below its field."""
    return value if isinstance(value, str) else pretty(value).replace("\n", "\n    ")
