"""The one error of FQL: what is wrong, where, and a caret under it."""

_SHOWN = 60  # characters of a long line that are shown on each side of the caret
_REASON = 200  # characters of a reason, which may quote what was found


class FQLError(ValueError):
    """FQL text that cannot be read, or a condition that cannot be decided for an event.

    `reason` is one sentence; `text` the FQL and `position` the offset in it, both None where no text is at hand.
    `str()` adds the place and a caret line:

        >>> print(FQLError("expected a value", 'type =', 6))
        expected a value (line 1, column 7)
          type =
                ^
    """

    def __init__(self, reason: str, text: str | None = None, position: int | None = None) -> None:
        self.reason = reason = reason if len(reason) <= _REASON else f"{reason[:_REASON]}…"
        self.text = text
        self.position = position
        super().__init__(reason if text is None or position is None else _with_caret(reason, text, position))


def _with_caret(reason: str, text: str, position: int) -> str:
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    line, column = text[start : end if end >= 0 else None], position - start
    shown = line[max(0, column - _SHOWN) : column + _SHOWN].replace("\t", " ")
    number = text.count("\n", 0, position) + 1
    return f"{reason} (line {number}, column {column + 1})\n  {shown}\n  {' ' * min(column, _SHOWN)}^"
