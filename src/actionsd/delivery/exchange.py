"""What went over the wire, kept for the tester, samples and `explain`; secrets redacted by value (invariant I6).

An exchange holds references while the delivery runs and costs nothing more; it is formatted when somebody reads it.
"""

from typing import Any

import msgspec

from actionsd.delivery.redactor import Redactor
from actionsd.sdk import NetworkError, Request, Response

MAX_BODY = 65_536  # bytes of a body that are shown and stored


class Exchange(msgspec.Struct, eq=False):
    """One request with its answer or its failure; ``seconds`` is how long that took."""

    request: Request
    response: Response | None = None
    error: NetworkError | None = None
    seconds: float = 0.0

    __repr__ = object.__repr__  # headers and bodies hold secrets (I6)

    def record(self, redact: Redactor) -> dict[str, Any]:
        """The exchange as JSON, fit to be shown and stored."""
        request: dict[str, Any] = {
            "method": self.request.method,
            "url": redact(self.request.url),
            "headers": {name: redact(value) for name, value in self.request.headers.items()},
            **_body(self.request.body, redact),
        }
        record: dict[str, Any] = {"request": request, "seconds": round(self.seconds, 6)}
        if self.response is not None:
            record["response"] = {
                "status": self.response.status,
                "headers": {name: redact(value) for name, value in self.response.headers.items()},
                **_body(self.response.body, redact),
            }
        if self.error is not None:
            record["error"] = {"code": self.error.code, "message": redact(self.error.message)}
        return record


def _body(body: bytes, redact: Redactor) -> dict[str, Any]:
    """The first bytes of a body; what is redacted is the whole, so that no secret survives at the edge."""
    text = redact(body.decode(errors="replace"))
    return {"body": text[:MAX_BODY], "truncated": True} if len(text) > MAX_BODY else {"body": text}
