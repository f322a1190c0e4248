"""What happens to events, live, and what went over the wire for one of them."""

from datetime import datetime

from actionsd.wire.base import Wire


class Seen(Wire, frozen=True, kw_only=True, omit_defaults=True):
    """One line of ``tail``: what happened to which event. ``message`` and ``exchanges`` (what was sent and answered)
    are there only for a viewer who asks for them; those of a batch stand at the first of its events."""

    at: datetime
    step: str
    source: str = ""
    message_id: str = ""
    type: str = ""
    event: str = ""
    destination: str = ""
    mapping: str = ""
    reason: str = ""
    status: int = 0
    took_ms: float = 0.0
    message: str = ""
    exchanges: list["Exchange"] = []


class Sent(Wire, frozen=True, kw_only=True):
    """A request as it went out, secrets redacted; ``truncated`` tells that the body was longer."""

    method: str
    url: str
    headers: dict[str, str]
    body: str
    truncated: bool = False


class Answered(Wire, frozen=True, kw_only=True):
    """What a destination answered, secrets redacted."""

    status: int
    headers: dict[str, str]
    body: str
    truncated: bool = False


class Exchange(Wire, frozen=True, kw_only=True, omit_defaults=True):
    """One request with its answer or, where there was none, its failure; ``seconds`` is how long that took."""

    request: Sent
    seconds: float
    response: Answered | None = None
    error: "Failure | None" = None


class Failure(Wire, frozen=True, kw_only=True):
    """Why there was no answer; ``code`` is such as ECONNREFUSED."""

    code: str
    message: str
