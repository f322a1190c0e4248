"""``actionsctl functions``: what a mapping can compute with."""

import click

from actionsd.cli.output import Column, json_option, print_json, print_table


@click.command()
@json_option
def functions(as_json: bool) -> None:
    """List the functions that a mapping's fields may use. Needs no running daemon."""
    from actionsd.mapping.functions import FUNCTIONS  # only this command and `mapping` need the engine

    if as_json:
        print_json(FUNCTIONS)
        return
    columns = (Column("function"), Column("directive"), Column("meaning", flexible=True))
    print_table(columns, [(each.name, each.directive, each.meaning) for each in FUNCTIONS], empty="none")
