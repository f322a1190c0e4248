"""``actionsctl completion``: what a shell needs to complete commands and options."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for SHELL.

    For bash: actionsctl completion bash > ~/.local/share/bash-completion/completions/actionsctl
    """
    found = get_completion_class(shell)
    if found is None:
        raise click.ClickException(f"this version of click does not know {shell}")
    root = click.get_current_context().find_root().command
    click.echo(found(root, {}, "actionsctl", "_ACTIONSCTL_COMPLETE").source())
