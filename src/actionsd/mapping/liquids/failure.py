"""The one error of a Liquid template."""

from liquid.exceptions import LiquidSyntaxError


class LiquidFailure(LiquidSyntaxError):
    """A template that could not be parsed or rendered. `where` is an index into `source`, if it is known."""

    def __init__(self, message: str, source: str = "", where: int | None = None) -> None:
        super().__init__(message, token=None)
        self.reason = message
        self.source = source
        self.where = where

    def at(self, source: str, where: int) -> "LiquidFailure":
        """This failure with a position; one that has a position already keeps it."""
        return self if self.where is not None else LiquidFailure(self.reason, source, where)

    def __str__(self) -> str:
        if self.where is None:
            return self.reason
        before = self.source[: self.where]
        return f"{self.reason}, line:{before.count(chr(10)) + 1}, col:{self.where - before.rfind(chr(10))}"
