"""``call.log``: the plugin's log, without the secrets that its call knows (invariant I6)."""

import logging
import traceback
from collections.abc import Callable
from typing import Any

from actionsd.delivery.redactor import Redactor

_log = logging.getLogger("actionsd.plugin")


class QuietLog(logging.LoggerAdapter[logging.Logger]):
    """``redactor`` is asked for each record, because a call may get new tokens while it runs."""

    def __init__(self, redactor: Callable[[], Redactor]) -> None:
        super().__init__(_log, None)
        self._redactor = redactor

    def log(
        self, level: int, msg: object, *args: object, exc_info: Any = None, extra: Any = None, **kwargs: Any
    ) -> None:
        """As a logger does it; an exception becomes text, because what it says is redacted too."""
        if not self.isEnabledFor(level):
            return
        redact = self._redactor()
        text = str(msg) % args if args else str(msg)
        if exc_info:
            text = f"{text}\n{''.join(_formatted(exc_info)).rstrip()}"
        shown = {key: redact(str(value)) for key, value in (extra or {}).items()}
        self.logger.log(level, "%s", redact(text), extra=shown, **kwargs)


def _formatted(exc_info: Any) -> list[str]:
    """A traceback in lines, of what ``exc_info`` may be: an exception, a triple, or true for the one handled now."""
    if isinstance(exc_info, BaseException):
        return traceback.format_exception(exc_info)
    if isinstance(exc_info, tuple):
        return traceback.format_exception(*exc_info)
    return [traceback.format_exc()]
