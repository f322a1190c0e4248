"""What went over the wire, kept for the tester, samples and `explain`; secrets redacted by value (invariant I6).

An exchange holds references while the delivery runs and costs nothing more; it is formatted when somebody reads it.
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Collection
from typing import Any
from urllib.parse import quote, quote_plus

from actionsd.sdk import NetworkError, Request, Response
from actionsd.sdk.payload import MASK

MAX_BODY = 65_536  # bytes of a body that are shown and stored
_BASIC = re.compile(r"(?i)\bbasic ([A-Za-z0-9+/=_-]+)")


class Exchange:
    """One request with its answer or its failure; ``seconds`` is how long that took."""

    __slots__ = ("error", "request", "response", "seconds")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.response: Response | None = None
        self.error: NetworkError | None = None
        self.seconds = 0.0

    def record(self, redact: "Redactor") -> dict[str, Any]:
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


def _body(body: bytes, redact: "Redactor") -> dict[str, Any]:
    """The first bytes of a body; what is redacted is the whole, so that no secret survives at the edge."""
    text = redact(body.decode(errors="replace"))
    return {"body": text[:MAX_BODY], "truncated": True} if len(text) > MAX_BODY else {"body": text}


class Redactor:
    """Replaces secrets by value wherever they appear: as they are, percent-encoded, JSON-escaped, in base64, and in the
    credentials of the Basic scheme whole.

    >>> Redactor(["s3cret/key"])("https://u:s3cret%2Fkey@h/?k=s3cret/key")
    'https://u:••••••@h/?k=••••••'
    """

    def __init__(self, secrets: Collection[str]) -> None:
        self._secrets = [secret for secret in secrets if secret]
        forms = {form for secret in self._secrets for form in _forms(secret)}
        longest_first = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if forms else None

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        if self._pattern is None:
            return text
        return self._pattern.sub(MASK, _BASIC.sub(self._basic, text))

    def _basic(self, match: re.Match[str]) -> str:
        try:
            credentials = b64decode(match[1] + "==").decode(errors="replace")
        except ValueError:
            return match[0]
        return f"{match[0][:6]}{MASK}" if any(secret in credentials for secret in self._secrets) else match[0]


def _forms(secret: str) -> set[str]:
    raw = secret.encode("utf-8", "replace")
    encoded = b64encode(raw).decode()
    escaped = json.dumps(secret, ensure_ascii=False)[1:-1]
    return {
        secret, quote(secret, safe="", errors="replace"), quote_plus(secret, errors="replace"), escaped, encoded,
        encoded.rstrip("="), encoded.replace("+", "-").replace("/", "_").rstrip("="), raw.hex(),
    }  # fmt: skip
