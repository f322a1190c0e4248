"""What commands print: tables that fit the terminal, JSON for programs, numbers and times that read well."""

import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import click
import msgspec

from actionsd import wire


class Column(NamedTuple):
    """One column of a table. ``right`` is for numbers. Where the terminal is narrow the ``optional`` ones are left out,
    the last first, and the ``flexible`` ones cut. A title may have several lines."""

    title: str
    right: bool = False
    flexible: bool = False
    optional: bool = False


_readable = 20  # characters that a flexible column keeps while there are optional ones to leave out
_gap = "  "
_least = 8  # characters below which it is not cut

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs instead of text.")

_colours = {
    "enabled": "green", "closed": "green", "delivered": "green", "ok": "green", "ready": "green", "done": "green",
    "active": "green",
    "paused": "yellow", "retry": "yellow", "pending": "yellow", "undeclared": "yellow", "probing": "yellow",
    "open": "red", "dead": "red", "not ready": "red", "refused": "red", "error": "red", "expired": "red",
    "raised": "red",
    "disabled": "bright_black", "discarded": "bright_black", "duplicate": "bright_black", "filtered": "bright_black",
    "revoked": "bright_black",
}  # fmt: skip


def print_json(value: object) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[str]], *, empty: str) -> None:
    """Rows under their titles, fitted to the terminal's width where there is one; ``empty`` is said of no rows."""
    cells = [[_one_line(cell) for cell in row] for row in rows]
    if not cells:
        click.echo(empty)
        return
    titles = [column.title.upper().split("\n") for column in columns]
    widths = {column: max(map(len, (*titles[i], *(row[i] for row in cells)))) for i, column in enumerate(columns)}
    if sys.stdout.isatty():
        widths = fit(widths, shutil.get_terminal_size().columns)
    for left in reversed(range(max(map(len, titles)))):
        line = [title[-1 - left] if left < len(title) else "" for title in titles]
        shown = [cell for column, cell in zip(columns, line, strict=True) if column in widths]
        click.secho(_line(widths, shown, str), bold=True)
    for row in cells:
        shown = [cell for column, cell in zip(columns, row, strict=True) if column in widths]
        click.echo(_line(widths, shown, coloured))


def fit(widths: Mapping[Column, int], terminal: int) -> dict[Column, int]:
    """The columns that are shown, and how wide: optional ones go while a flexible one would become unreadable, then the
    widest flexible one is cut until all fit or none can give more."""
    fitted = dict(widths)
    for column in reversed(list(widths)):
        readable = sum(min(width, _readable) for each, width in fitted.items() if each.flexible)
        if column.optional and _room(fitted, terminal) < readable:
            del fitted[column]
    flexible = [column for column in fitted if column.flexible]
    while flexible and _room(fitted, terminal) < sum(fitted[column] for column in flexible):
        widest = max(flexible, key=lambda column: fitted[column])
        if fitted[widest] <= _least:
            break
        fitted[widest] -= 1
    return fitted


def _room(widths: Mapping[Column, int], terminal: int) -> int:
    """Characters that the other columns leave for the flexible ones."""
    fixed = sum(width for column, width in widths.items() if not column.flexible)
    return terminal - fixed - len(_gap) * (len(widths) - 1)


def _line(widths: Mapping[Column, int], cells: Sequence[str], style: Callable[[str], str]) -> str:
    shown = []
    for (column, width), cell in zip(widths.items(), cells, strict=True):
        text = cell if len(cell) <= width else cell[: width - 1] + "…"
        padding = " " * (width - len(text))
        shown.append(padding + style(text) if column.right else style(text) + padding)
    return _gap.join(shown).rstrip()


def _one_line(text: str) -> str:
    return " ".join(text.split()) if "\n" in text else text


def coloured(word: str) -> str:
    """A state or outcome in its colour; any other text as it is."""
    return click.style(word, fg=_colours[word]) if word in _colours else word


def number(value: int) -> str:
    return f"{value:,}"


def rate(value: float) -> str:
    return "-" if value == 0 else f"{value:.1f}/s" if value < 100 else f"{value:,.0f}/s"


def size(value: int) -> str:
    """Bytes as people say them.

    >>> size(1536)
    '1.5 KB'
    """
    if value < 1024:
        return f"{value} B"
    amount, units = value / 1024, ["KB", "MB", "GB"]
    while amount >= 1024 and len(units) > 1:
        amount /= 1024
        units.pop(0)
    return f"{amount:.0f} {units[0]}" if amount >= 10 else f"{amount:.1f} {units[0]}"


def span(seconds: float) -> str:
    """A length of time in its two largest units.

    >>> span(3725)
    '1h 2m'
    """
    left = int(seconds)
    parts: list[str] = []
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        if left >= length or (unit == "s" and not parts):
            parts.append(f"{left // length}{unit}")
            left %= length
        elif parts:
            break
    return " ".join(parts[:2])


def ago(moment: datetime | None) -> str:
    """How long ago, or in how long, seen from this machine's clock."""
    if moment is None:
        return "-"
    seconds = (datetime.now(UTC) - moment).total_seconds()
    return f"{span(seconds)} ago" if seconds >= 0 else f"in {span(-seconds)}"


def local(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def pretty(value: Any) -> str:
    """Any JSON value, indented."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def tell_refused(done: wire.Done) -> None:
    """Say what could not be done, and exit with 1 if there is such."""
    for line in done.refused:
        click.echo(line, err=True)
    if done.refused:
        raise click.exceptions.Exit(1)
