"""The attempts of a lane that are under way, each in its own task (RULES R27)."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from actionsd.delivery.work import Attempt

log = logging.getLogger(__name__)

abandon_after = 1.0  # seconds between cancelling an attempt and giving it up (RULES R27)

Ended = Callable[[Attempt, "asyncio.Task[Any]"], None]


class Running:
    """Starts attempts, cancels them at their deadline, abandons those that outlive that.

    ``on_end`` is called with each attempt that ended, in time or by its cancellation, and its task; ``on_abandon`` with
    each that did not. What an abandoned one does later changes nothing any more.
    """

    def __init__(self, on_end: Ended, on_abandon: Callable[[Attempt], None]) -> None:
        self._on_end = on_end
        self._on_abandon = on_abandon
        self._tasks: dict[asyncio.Task[Any], Attempt] = {}  # in the order of their start, so about by deadline
        self._cancelled: dict[asyncio.Task[Any], Attempt] = {}
        self.by_mapping: Counter[int] = Counter()
        self.retrying = 0

    def __len__(self) -> int:
        return len(self._tasks) + len(self._cancelled)

    @property
    def fresh(self) -> int:
        """How many of them are no retries."""
        return len(self) - self.retrying

    def start(self, attempt: Attempt, call: Coroutine[Any, Any, Any], deadline: float) -> None:
        """Run ``call`` in a task of its own until ``deadline``."""
        attempt.deadline = deadline
        task = asyncio.get_running_loop().create_task(call)
        self._tasks[task] = attempt
        self.by_mapping[attempt.mapping] += 1
        self.retrying += attempt.retrying
        task.add_done_callback(self._ended)

    def of(self, task: "asyncio.Task[Any]") -> Attempt | None:
        """The attempt that runs in ``task``."""
        return self._tasks.get(task) or self._cancelled.get(task)

    def time_out(self, now: float) -> None:
        """Cancel what is over its deadline, abandon what did not end then."""
        while self._cancelled:
            task, attempt = next(iter(self._cancelled.items()))
            if attempt.deadline > now:
                break
            del self._cancelled[task]
            self._forget(attempt)
            self._on_abandon(attempt)
        while self._tasks:
            task, attempt = next(iter(self._tasks.items()))
            if attempt.deadline > now:
                break
            self._cancel(task, now)

    def cancel_all(self, now: float) -> None:
        """The time to drain is over."""
        for task in list(self._tasks):
            self._cancel(task, now)

    def next_at(self) -> float:
        """When :meth:`time_out` has something to do; infinity when nothing runs."""
        first = [next(iter(attempts.values())).deadline for attempts in (self._cancelled, self._tasks) if attempts]
        return min(first, default=float("inf"))

    def _cancel(self, task: "asyncio.Task[Any]", now: float) -> None:
        attempt = self._tasks.pop(task)
        attempt.deadline = now + abandon_after
        self._cancelled[task] = attempt
        task.cancel()

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        attempt = self._tasks.pop(task, None) or self._cancelled.pop(task, None)
        if attempt is None:
            error = None if task.cancelled() else task.exception()
            how = {"error": type(error).__name__} if error else {}  # its text may hold secrets (I6)
            log.warning("an abandoned attempt has ended", extra=how)
            return
        self._forget(attempt)
        self._on_end(attempt, task)

    def _forget(self, attempt: Attempt) -> None:
        self.by_mapping[attempt.mapping] -= 1
        self.retrying -= attempt.retrying
