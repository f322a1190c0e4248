"""What the commands of nouns share: ``actionsctl NOUN`` lists, ``NOUN SLUG`` shows one, ``NOUN VERB ...`` changes."""

import os
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from actionsd.cli.client import Usage

yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask.")


class Noun(click.Group):
    """A group whose ``list`` is what it does without a verb, and whose ``show``, if any, takes what is no verb."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and not {"--help", "-h"} & set(args)):
            args = ["list", *args]
        elif "show" in self.commands and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["show", *args]
        return super().parse_args(context, args)


class NewFile(click.Path):
    """A file to write, in a folder that is there: known before anything is done whose outcome it is for."""

    def __init__(self, suffix: str = "") -> None:
        super().__init__(path_type=Path, dir_okay=False, writable=True)
        self._suffix = suffix

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if not path.name.endswith(self._suffix):
            self.fail(f"expected a file NAME{self._suffix}, got {path.name}", param, ctx)
        if not path.parent.is_dir():
            self.fail(f"{path.parent} is no folder", param, ctx)
        return path


def write_file(file: Path, content: bytes) -> None:
    """Put ``content`` into a file.

    Raises:
        Usage: it cannot be written.
    """
    try:
        file.write_bytes(content)
    except OSError as error:
        raise Usage(f"{file}: {error.strerror}") from None


def read_file(file: Path) -> bytes:
    """What a file holds; "-" is standard input.

    Raises:
        Usage: it cannot be read.
    """
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise Usage(f"{file}: {error.strerror}") from None


def pair(text: str) -> tuple[str, Any]:
    """KEY=VALUE; a VALUE that is JSON is taken as such.

    Raises:
        Usage: there is no key or no equals sign.
    """
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise Usage(f"expected KEY=VALUE, got {text!r}")
    try:
        return key, msgspec.json.decode(value)
    except msgspec.DecodeError:
        return key, value


def values(file: Path | None, pairs: tuple[str, ...]) -> dict[str, Any]:
    """The JSON object of ``file`` with the pairs put over it.

    Raises:
        Usage: the file cannot be read or holds no object.
    """
    found: dict[str, Any] = {}
    if file is not None:
        try:
            found = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
        except (OSError, msgspec.DecodeError) as error:
            raise Usage(f"{file}: {getattr(error, 'strerror', None) or error}") from None
    return found | dict(map(pair, pairs))


def confirm(question: str, yes: bool) -> None:
    """Ask before something is deleted, unless told not to."""
    if not yes:
        click.confirm(question, abort=True)
