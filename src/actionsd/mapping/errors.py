"""What goes wrong with a mapping, for people: where, and what was expected."""

from typing import NamedTuple


class Problem(NamedTuple):
    """One thing wrong with a mapping."""

    path: str
    """Where it is in the mapping: keys joined with slashes, `/` for the mapping itself."""
    message: str
    """What is wrong, as one sentence that also stands alone."""


class MappingError(Exception):
    """A mapping that is not valid, or that could not be applied to an event.

    `errors` lists everything found, at least one; the text is their messages, a line each.
    """

    def __init__(self, *errors: Problem) -> None:
        super().__init__("\n".join(error.message for error in errors))
        self.errors = errors
