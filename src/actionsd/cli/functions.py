"""``actionsctl functions``: what a mapping can compute with."""

import click
import msgspec

from actionsd.cli.output import Column, json_option, print_json, print_table


@click.command()
@json_option
def functions(as_json: bool) -> None:
    """List the functions that a mapping's fields may use. Needs no running daemon."""
    from actionsd.mapping import FUNCTIONS  # only this command and `mapping` need the engine

    if as_json:
        print_json(FUNCTIONS)
        return
    rows = [tuple(str(value) for value in msgspec.to_builtins(function).values()) for function in FUNCTIONS]
    print_table((Column("function"), Column("arguments"), Column("meaning", flexible=True)), rows, empty="none")
