"""``actionsctl``: shows what a running daemon does, and steers it. Every command asks the admin API and prints."""

from pathlib import Path

import click

from actionsd.cli import (
    alerts,
    backup,
    check,
    completion,
    config,
    dead,
    destinations,
    events,
    explain,
    filters,
    functions,
    history,
    importing,
    mappings,
    oauthclients,
    overview,
    plugin,
    plugins,
    preview,
    regulations,
    replay,
    retries,
    secrets,
    send,
    sources,
    status,
    tail,
    test,
    tokens,
    trackingplans,
    transformations,
)
from actionsd.cli.client import Client
from actionsd.settings import default_path


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--config",
    "-c",
    type=click.Path(path_type=Path, dir_okay=False),
    default=default_path,
    show_default=True,
    help="The daemon's file; its admin socket is asked.",
)
@click.option(
    "--url",
    envvar="ACTIONSD_URL",
    metavar="URL",
    help="The admin API: unix:PATH, http://HOST:PORT or https://HOST.  [env: ACTIONSD_URL]",
)
@click.version_option(package_name="actionsd")
@click.pass_context
def ctl(context: click.Context, config: Path, url: str | None) -> None:
    """Show what a running actionsd does, and steer it.

    The daemon is found by --url, else by the admin socket of --config. Over TCP the admin API asks for a token:
    put the one in <data_dir>/admin.token, or one that `tokens create` made, into ACTIONSD_TOKEN.

    Exit codes: 0 done, 1 failed, 2 wrong usage.
    """
    import os

    context.obj = Client(url, config, os.environ.get("ACTIONSD_TOKEN"))


for command in (
    status.status,
    tail.tail,
    test.test,
    preview.preview,
    send.send,
    events.events,
    explain.explain,
    overview.overview,
    overview.samples,
    alerts.alerts,
    sources.sources,
    destinations.destinations,
    destinations.pause,
    destinations.resume,
    destinations.forget,
    retries.retries,
    dead.dead,
    replay.replay,
    mappings.mappings,
    filters.filters,
    trackingplans.tracking_plans,
    transformations.transformations,
    history.history,
    config.plan,
    config.apply,
    config.export,
    importing.import_,
    history.restore,
    secrets.secrets,
    functions.functions,
    plugins.plugins,
    plugin.plugin,
    check.check,
    backup.backup,
    tokens.tokens,
    oauthclients.oauth_clients,
    regulations.suppressions,
    regulations.regulations,
    completion.completion,
):
    ctl.add_command(command)


def main() -> None:
    """The entry point of the console script."""
    ctl()
