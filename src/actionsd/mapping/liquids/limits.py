"""What one rendering of a template may cost.

Segment stops a template after 500 ms or at 100 MB (FEATURES F115). Here work is counted and not timed, so that the same
event always gives the same payload, on a busy machine too. Without loops a template has few steps, and what they cost
is what they read and make: the bound is far above any event and far below half a second.
"""

from io import StringIO
from typing import Any

from liquid import BoundTemplate, RenderContext

from actionsd.mapping.liquids.failure import LiquidFailure

MAX_WORK = 5_000_000
"""Characters that the filters and outputs of one rendering may read and make in all."""

ITEM_WORK = 10
"""What an array's item counts for, in characters."""


class Rendering(RenderContext):
    """One rendering: the payload, and the work done. Variables and counters are python-liquid's."""

    __slots__ = ("_work", "payload")

    def __init__(self, template: BoundTemplate, payload: Any) -> None:
        super().__init__(template)
        self.payload = payload
        self._work = 0

    def charge(self, work: float) -> None:
        """Counts work. Raises `LiquidFailure` where it is too much in all."""
        self._work += max(int(min(work, MAX_WORK + 1)), 0)
        if self._work > MAX_WORK:
            raise LiquidFailure("template render limit exceeded")

    def charge_value(self, value: Any) -> None:
        """Counts a value that is read or made; an array with all that is in it, which may be the same many times."""
        waiting = [value]
        while waiting:
            part = waiting.pop()
            if isinstance(part, str):
                self.charge(len(part))
            elif isinstance(part, list):
                self.charge(len(part) * ITEM_WORK)
                waiting += part


class Output(StringIO):
    """What a template printed so far; halves of surrogate pairs are welcome."""

    def __init__(self, rendering: Rendering) -> None:
        super().__init__(newline="")
        self._rendering = rendering

    def write(self, text: str) -> int:
        self._rendering.charge(len(text))
        return super().write(text)
