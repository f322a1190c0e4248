"""How an attempt ended, and what decides it: one pure classification for everything an action may raise or return
(FEATURES F071, F173, F180; RULES R15-R17)."""

from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from actionsd.delivery.session import Session
from actionsd.mapping import MappingError
from actionsd.sdk import (
    ContractError,
    DestinationError,
    HTTPError,
    ItemResult,
    Payload,
    Response,
    RetryableError,
    plain,
)
from actionsd.sdk.errors import is_retryable

Kind = Literal["delivered", "retry", "discarded"]

INTERNAL = "INTERNAL"
TIMED_OUT = "ETIMEDOUT"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The end of one attempt at one delivery.

    ``status`` is an HTTP status, 0 where there is none; ``code`` a name for programs, "" for delivered; ``message``
    one sentence; ``error`` the class of the exception, "" for none. ``retry_after`` is in seconds, as the destination
    asked. ``sent`` is the typed payload, None where there was none; ``result`` what the action returned. ``session`` is
    where the attempt's exchanges are; ``where`` the line of a plugin that failed by a mistake of its own.
    """

    kind: Kind
    status: int = 0
    code: str = ""
    message: str = ""
    error: str = ""
    retry_after: float | None = None
    sent: Any = None
    result: Any = None
    session: Session | None = None
    where: str = ""

    @property
    def data(self) -> Any:
        """What the action returned, an answer reduced to its body; read only where somebody looks."""
        return _data(self.result)

    @property
    def payload(self) -> Any:
        """The payload as JSON, secrets included; None where the event did not get that far."""
        return plain(self.sent) if isinstance(self.sent, Payload) else self.sent

    @property
    def explanation(self) -> str:
        """The message, and the place for whoever has to mend it."""
        return f"{self.message} ({self.where})" if self.where else self.message

    @property
    def exchange(self) -> bytes:
        """JSON of the requests and answers of the attempt, secrets redacted, bodies capped."""
        return b"[]" if self.session is None else self.session.exchange


def classify(error: BaseException, now_ms: int = 0) -> Outcome:
    """The outcome that an exception means.

    Args:
        error: anything that mapping, validation or an action raised.
        now_ms: the wall clock, for a Retry-After that is a date.

    >>> classify(RetryableError("later", 503)).kind, classify(KeyError("id")).code, classify(TimeoutError()).code
    ('retry', 'INTERNAL', 'ETIMEDOUT')
    """
    name = type(error).__name__
    if isinstance(error, DestinationError):
        return Outcome(
            kind="retry" if error.retryable else "discarded", status=error.status, code=error.code,
            message=error.message, error=name, retry_after=_retry_after(error, now_ms),
        )  # fmt: skip
    if isinstance(error, MappingError):
        return Outcome(kind="discarded", code=INTERNAL, message=str(error), error=name)
    if isinstance(error, ContractError):
        return Outcome(kind="discarded", code="CONTRACT", message=str(error), error=name)
    if isinstance(error, TimeoutError):
        return Outcome(kind="retry", code=TIMED_OUT, message=str(error) or "no answer in time", error=name)
    return Outcome(kind="retry", code=INTERNAL, message=f"{name}: {error}", error=name, where=_where(error))


def _where(error: BaseException) -> str:
    """The file and line that raised; "" where it was not raised."""
    trace = error.__traceback__
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{'/'.join(Path(trace.tb_frame.f_code.co_filename).parts[-2:])}, line {trace.tb_lineno}"


def of_item(result: ItemResult | None) -> Outcome:
    """The outcome of one item of a MultiStatus; a payload without a result is lost (RULES R25)."""
    if result is None:
        message = "MultiStatusResponse is missing a response at the specified index"
        return Outcome(kind="discarded", status=500, code="bad_batch_result", message=message)
    body = None if result.body is msgspec.UNSET else result.body
    if result.ok:
        return Outcome(kind="delivered", status=result.status, result=body)
    kind: Kind = "retry" if is_retryable(result.status) else "discarded"
    return Outcome(kind=kind, status=result.status, code=result.code, message=result.message, result=body)


def delivered(result: Any, sent: Any = None, session: Session | None = None) -> Outcome:
    """The outcome of what ``perform`` returned for the payload ``sent``.

    Raises:
        ContractError: it is no Response and no JSON value.
    """
    if isinstance(result, Response):
        return Outcome(kind="delivered", status=result.status, result=result, sent=sent, session=session)
    _check(result)
    return Outcome(kind="delivered", status=200, result=result, sent=sent, session=session)


def _check(result: Any) -> None:
    if isinstance(result, list | tuple):
        for part in result:
            _check(part)
    elif not (isinstance(result, Response | str | int | float | dict) or result is None):
        raise ContractError(f"an action returned {type(result).__name__}; expected a Response, a JSON value or None")


def _data(result: Any) -> Any:
    if isinstance(result, Response):
        return result.text if result.data is None else result.data
    return [*map(_data, result)] if isinstance(result, list | tuple) else result


def _retry_after(error: DestinationError, now_ms: int) -> float | None:
    if isinstance(error, RetryableError):
        return error.retry_after
    if not isinstance(error, HTTPError):
        return None
    value = error.response.headers.get("retry-after", "").strip()
    if value.isdigit():
        return float(value)
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, date.replace(tzinfo=date.tzinfo or UTC).timestamp() - now_ms / 1000)
