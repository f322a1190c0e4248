"""Named points where tests make the store fail; in production each is one look into an empty dictionary.

``ACTIONSD_FAULTS="after_commit=exit@3"`` makes the third pass of a point fail; without ``@n`` every pass does. Kinds:
``exit`` (the process is gone at once), ``full``, ``busy`` and ``io`` (what SQLite raises then).
"""

import os
import sqlite3
from collections.abc import Callable
from functools import partial

POINTS = frozenset(
    {
        "before_write",  # a group is taken, nothing is written
        "before_commit",  # all rows are written; an error here is the error of COMMIT
        "after_commit",  # committed, nobody answered yet
        "before_checkpoint",
    }
)
_CODES = {"full": sqlite3.SQLITE_FULL, "busy": sqlite3.SQLITE_BUSY, "io": sqlite3.SQLITE_IOERR}

_armed: dict[str, Callable[[], None]] = {}


def point(name: str) -> None:
    """Do what a test has armed under ``name``."""
    if _armed:
        _armed.get(name, _nothing)()


def arm(name: str, action: Callable[[], None]) -> None:
    """Run ``action`` whenever ``name`` is passed."""
    if name not in POINTS:
        raise ValueError(f"no fault point {name!r}; there are {', '.join(sorted(POINTS))}")
    _armed[name] = action


def disarm() -> None:
    """Back to production."""
    _armed.clear()


def arm_from_environment() -> None:
    """Arm what ``ACTIONSD_FAULTS`` asks for: ``point=kind[@n]``, separated by commas."""
    for part in filter(None, os.environ.get("ACTIONSD_FAULTS", "").split(",")):
        name, _, rest = part.partition("=")
        kind, _, nth = rest.partition("@")
        action = partial(fail, kind)
        arm(name, _Nth(action, int(nth)) if nth else action)


def fail(kind: str) -> None:
    """Fail as ``kind`` says (see the module)."""
    if kind == "exit":
        os._exit(9)
    error = sqlite3.OperationalError(f"injected: {kind}")
    error.sqlite_errorcode = _CODES[kind]
    raise error


def _nothing() -> None:
    pass


class _Nth:
    def __init__(self, action: Callable[[], None], n: int) -> None:
        self._action = action
        self._left = n

    def __call__(self) -> None:
        self._left -= 1
        if self._left == 0:
            self._action()
