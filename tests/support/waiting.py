"""Waiting for a condition with a deadline, for tests that look at another process."""

import threading
import time
from collections.abc import Callable

_pause = threading.Event()


def until(condition: Callable[[], object], *, timeout: float = 30.0, every: float = 0.02, what: str = "") -> None:
    """Return as soon as ``condition()`` is true.

    Raises:
        TimeoutError: it was not within ``timeout`` seconds; the text says what was waited for.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout:g} s: {what or condition}")
        _pause.wait(every)
