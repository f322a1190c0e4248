"""``actionsd``: run the daemon, or check its config."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from actionsd.errors import ActionsdError, ConfigError
from actionsd.settings import default_path

if TYPE_CHECKING:
    from actionsd.operate.parts import Parts

_config = click.option(
    "--config",
    "-c",
    type=click.Path(path_type=Path, dir_okay=False),
    default=default_path,
    show_default=True,
    help="The file that says what to do.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="actionsd")
def actionsd() -> None:
    """Take Segment-spec events in, keep them, and deliver them to destinations.

    Exit codes: 0 stopped in order, 1 the store is broken, 2 the config is wrong.
    """


@actionsd.command()
@_config
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="What is worth a line on stderr.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Send nothing: answer each request with 200 here, with a journal of its own in <data_dir>/dry-run.",
)
def run(config: Path, log_level: str, dry_run: bool) -> None:
    """Run in the foreground until SIGTERM or SIGINT, then drain and stop; a second signal stops at once.

    SIGHUP reads the config again: sources and destinations follow, anything else needs a restart.
    """
    import gc

    gc.disable()  # until the daemon is ready: imports make no garbage, looking for it takes a fifth of the start
    from actionsd.daemon import log, process  # `actionsd check` and --help need none of it

    log.set_up(log_level)
    try:
        process.run(config, announce, dry_run=dry_run)
    except ConfigError as error:
        _fail(error, 2)
    except ActionsdError as error:
        _fail(error, 1)


@actionsd.command()
@_config
def check(config: Path) -> None:
    """Check the config: every key, every reference, every mapping against the installed definitions."""
    from actionsd.cli.check import check_file

    problems = check_file(config)
    if problems:
        _fail(ConfigError(*problems), 2)
    click.echo(f"{config} is fine")


def announce(parts: "Parts") -> None:
    """Say where the daemon listens and, to a person, what to try first."""
    for part, addresses in parts.listeners.items():
        for address in addresses:
            click.echo(f"{part} listens on {address}")
    tcp = [address for address in parts.listeners["ingest"] if not address.startswith("unix:")]
    keys = [key for source in parts.settings.sources if source.enabled for key in source.write_keys]
    if sys.stdout.isatty() and tcp and keys:
        click.echo(
            f"Try:\n  curl http://{tcp[0]}/v1/track -u {keys[0]}: -H 'content-type: application/json' \\\n"
            """       -d '{"userId": "ada", "event": "Signed Up"}'"""
        )


def _fail(error: ActionsdError, code: int) -> None:
    click.echo(f"actionsd: {error}", err=True)
    sys.exit(code)


def main() -> None:
    """The entry point of the console script."""
    actionsd()
