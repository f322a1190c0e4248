"""What one rendering of a template may use: time, and what it builds up."""

import time
from io import StringIO
from typing import Any

from liquid import BoundTemplate, RenderContext

from actionsd.mapping.liquids.failure import LiquidFailure

MAX_SECONDS = 0.5
"""Time that one rendering may take (FEATURES F115)."""

MAX_MEMORY = 10**8
"""Characters and items that one rendering may make in all (FEATURES F115: 100 MB)."""


class Rendering(RenderContext):
    """One rendering: the payload, and what is left of the limits. Variables and counters are python-liquid's."""

    __slots__ = ("_deadline", "_made", "payload")

    def __init__(self, template: BoundTemplate, payload: Any) -> None:
        super().__init__(template)
        self.payload = payload
        # The clock of the process, not the injected one: this bounds work, no result depends on it but the failure.
        self._deadline = time.monotonic() + MAX_SECONDS
        self._made = 0

    def check_time(self) -> None:
        """Raises `LiquidFailure` when the time is over."""
        if time.monotonic() > self._deadline:
            raise LiquidFailure("template render limit exceeded")

    def charge(self, size: int) -> None:
        """Counts what is made. Raises `LiquidFailure` where it is too much in all."""
        self._made += max(size, 0)
        if self._made > MAX_MEMORY:
            raise LiquidFailure("memory alloc limit exceeded")


class Output(StringIO):
    """What a template printed so far; halves of surrogate pairs are welcome."""

    def __init__(self, rendering: Rendering) -> None:
        super().__init__(newline="")
        self._rendering = rendering

    def write(self, text: str) -> int:
        self._rendering.charge(len(text))
        return super().write(text)
