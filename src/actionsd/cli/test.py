"""``actionsctl test``: try a destination or a mapping with one event, and run stored cases."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import UNSET

from actionsd import wire
from actionsd.cli.cases import cases, save
from actionsd.cli.client import Client, Usage
from actionsd.cli.mappings import changed_fields, mapping_path
from actionsd.cli.noun import NewFile
from actionsd.cli.output import coloured, json_option, pretty, print_json

_json_file = click.Path(path_type=Path, dir_okay=False)
_samples = ("track", "identify", "page", "screen", "group", "alias", "trigger")


class _Test(click.Group):
    """A group that runs cases where it is given a path and no verb."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        first = next((arg for arg in args if not arg.startswith("-")), None)
        if first is not None and first not in self.commands and Path(first).exists():
            args = ["cases", *args]
        return super().parse_args(context, args)


@click.group(cls=_Test)
def test() -> None:
    """Try a destination or a mapping with one event, or run stored cases.

    \b
    actionsctl test cases/                   the same as `test cases cases/`
    actionsctl test event signups --recent
    actionsctl test mapping signups "Signed up" --sample trigger --mode dry
    actionsctl test mapping signups "Signed up" --event event.json --field text=hello --mode send
    """


def _choice(command: Callable[..., Any]) -> Callable[..., Any]:
    """Which event, and how far to go."""
    for option in (
        click.option(
            "--save-case",
            type=NewFile(".case.json"),
            metavar="FILE",
            help="Store what happened as a case, NAME.case.json.",
        ),
        click.option(
            "--mode",
            type=click.Choice(("preview", "dry", "send")),
            default="preview",
            show_default=True,
            help="preview: map and validate; dry: also build the requests, send nothing; send: send them.",
        ),
        click.option("--with-filters", is_flag=True, help="Let consent, integrations, filters, transformations act."),
        click.option("--sample", type=click.Choice(_samples), help="Made up: of a type, or to fit the trigger."),
        click.option("--message-id", metavar="ID", help="An event of the journal."),
        click.option("--recent", is_flag=True, help="The source's last event."),
        click.option("--event", "-e", type=_json_file, metavar="FILE", help="A file with an event in JSON."),
    ):
        command = option(command)
    return command


@test.command()
@click.argument("destination")
@_choice
@json_option
@click.pass_obj
def event(client: Client, /, destination: str, as_json: bool, **given: Any) -> None:
    """Run one event through all enabled mappings of DESTINATION.

    Exits with 1 where a mapping does not end as it should, or none matches.
    """
    body = wire.EventTest(destination=destination, **_event(given))
    _finish(client, body, client.post("/actionsd/test/event", wire.TestedEvent, body), given["save_case"], as_json)


@test.command()
@click.argument("destination")
@click.argument("name", required=False)
@click.option("--action", "-a", default="", metavar="SLUG", help="Without NAME: of a mapping that is not saved.")
@click.option("--trigger", "-t", metavar="FQL", help="Another trigger.")
@click.option("--field", "-f", "pairs", multiple=True, metavar="KEY=VALUE", help="Set a field (repeatable).")
@click.option("--unset", multiple=True, metavar="KEY", help="Take a field out (repeatable).")
@click.option("--fields", "file", type=_json_file, metavar="FILE", help="All fields, as a JSON object.")
@_choice
@json_option
@click.pass_obj
def mapping(client: Client, /, destination: str, name: str | None, as_json: bool, **given: Any) -> None:
    """Run one event through the mapping NAME of DESTINATION, enabled or not, with other values where given.

    Nothing is saved. Exits with 1 where the mapping does not end as it should, or does not match.
    """
    body = wire.MappingTest(
        destination=destination,
        mapping=name or "",
        action=given["action"],
        trigger=UNSET if given["trigger"] is None else given["trigger"],
        fields=changed_fields(
            client, mapping_path(destination, name) if name else "", given["file"], given["pairs"], given["unset"]
        ),
        **_event(given),
    )
    _finish(client, body, client.post("/actionsd/test/mapping", wire.TestedEvent, body), given["save_case"], as_json)


@test.command()
@click.argument("destination")
@click.argument("mapping", required=False)
@click.option("--recent", "-n", type=click.IntRange(1, 100), default=3, show_default=True, help="How many of the last.")
@click.pass_obj
def samples(client: Client, destination: str, mapping: str | None, recent: int) -> None:
    """Print events to test DESTINATION or MAPPING with, as JSON: recent, made-up, fitting the trigger."""
    print_json(
        client.get("/actionsd/test/samples", wire.Samples, destination=destination, mapping=mapping, recent=recent)
    )


def _event(given: dict[str, Any]) -> dict[str, Any]:
    """The members of a request that say which event is meant, and how far to go."""
    if sum(bool(given[key]) for key in ("event", "recent", "message_id", "sample")) != 1:
        raise Usage("say which event: one of --event FILE, --recent, --message-id ID and --sample TYPE")
    return {
        "mode": given["mode"],
        "with_filters": given["with_filters"],
        "event": read_event(given["event"]) if given["event"] else None,
        "recent": given["recent"],
        "message_id": given["message_id"] or "",
        "sample": given["sample"],
    }


def read_event(path: Path) -> dict[str, Any]:
    """The event in a file.

    Raises:
        Usage: it cannot be read, or is no JSON object.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError) as error:
        raise Usage(f"{path}: {getattr(error, 'strerror', None) or error}") from None


def _finish(client: Client, asked: wire.EventTest, tested: wire.TestedEvent, case: Path | None, as_json: bool) -> None:
    print_json(tested) if as_json else _print(tested)
    if case is not None:
        save(client, case, tested, asked)
        click.echo(f"stored {case}; `actionsctl test {case}` runs it", err=True)
        return
    if not tested.mappings or any(each.outcome not in ("valid", "delivered") for each in tested.mappings):
        raise click.exceptions.Exit(1)


test.add_command(cases)


def _print(tested: wire.TestedEvent) -> None:
    event = tested.event
    name = event.get("event") or event.get("name") or ""
    what = f'{event.get("type")} "{name}"' if name else str(event.get("type"))
    calls = sum(len(each.exchanges) for each in tested.mappings)
    unsent = " (nothing was sent)" if tested.mode != "send" else ""
    click.secho(f"{what} {event.get('messageId', '')}", bold=True)
    matched = f"{_counted(len(tested.mappings), 'mapping')} matched, {_counted(calls, 'request')}"
    click.echo(f"{matched} in {tested.seconds:.3f} s{unsent}")
    if tested.message:
        click.echo(tested.message)
    for each in tested.mappings:
        _print_mapping(each)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _print_mapping(each: wire.TestedMapping) -> None:
    click.echo()
    click.secho(each.mapping, bold=True, nl=False)
    batched = ", in a batch" if each.batched else ""
    status = f" {each.status}" if each.status else ""
    click.echo(f"  {each.action}{batched}: {coloured(each.outcome)}{status}  {each.seconds:.3f} s")
    for problem in each.problems:
        click.echo(f"  {problem}")
    if each.message and not each.problems:
        click.echo(f"  {each.code} {each.message}".rstrip())
    click.echo(pretty(each.payload))
    for exchange in each.exchanges:
        _print_exchange(exchange)


def _print_exchange(exchange: wire.Exchange) -> None:
    request, response = exchange.request, exchange.response
    click.secho(f"{request.method} {request.url}", fg="cyan")
    for name, value in request.headers.items():
        click.echo(f"  {name}: {value}")
    if request.body:
        click.echo(f"  {request.body}")
    if response is not None:
        click.echo(f"  -> {response.status} in {exchange.seconds:.3f} s  {response.body}".rstrip())
    elif exchange.error is not None:
        click.echo(f"  -> {exchange.error.code}: {exchange.error.message}")
