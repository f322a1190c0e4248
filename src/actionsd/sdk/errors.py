"""What an action may raise, and what each class makes of the delivery (FEATURES F071, F174).

    DestinationError                  message, code, status; its status decides
    ├── IntegrationError              the destination or the payload is wrong
    │   ├── PayloadValidationError    400; `problems` lists what is wrong, a sentence each
    │   ├── APIError                  the destination answered with an error; code from the status
    │   ├── SelfTimeoutError          408: the action gave up waiting; retried
    │   └── InvalidAudienceMembershipError  400
    ├── InvalidAuthenticationError    401; retried once after a refresh where the scheme is OAuth
    ├── RetryableError                retried, whatever the status
    ├── HTTPError                     raised by `call.http` for an answer that is not 2xx
    └── NetworkError                  no answer: `code` is ECONNREFUSED, ENOTFOUND, ETIMEDOUT ...; retried
    RequestError                      the request could not be built (TypeError upstream); final
    ContractError                     a plugin breaks the contract; names the plugin's own mistake

Statuses 408, 423, 429 and 5xx but 501 are retried; everything else is final. Any other exception that leaves an action
counts as a bug of the plugin and is retried with the code `INTERNAL`.
"""

from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from actionsd.sdk.http import Request, Response

_OWN_NAMES = {
    413: "PAYLOAD_TOO_LARGE", 414: "URI_TOO_LONG", 416: "RANGE_NOT_SATISFIABLE", 419: "AUTHENTICATION_TIMEOUT",
    422: "UNPROCESSABLE_ENTITY", 499: "CANCELLED", 529: "SITE_IS_OVERLOADED",
}  # fmt: skip


def is_retryable(status: int) -> bool:
    """Whether an answer with this HTTP status may be different the next time (FEATURES F071).

    >>> [status for status in (400, 408, 429, 500, 501, 503) if is_retryable(status)]
    [408, 429, 500, 503]
    """
    return status in (408, 423, 429) or (status >= 500 and status != 501)


def code_of(status: int) -> str:
    """The name of an HTTP status as error codes spell it (FEATURES F174).

    >>> code_of(429), code_of(400), code_of(529), code_of(799)
    ('TOO_MANY_REQUESTS', 'BAD_REQUEST', 'SITE_IS_OVERLOADED', 'UNKNOWN_ERROR')
    """
    own = _OWN_NAMES.get(status)
    if own is not None:
        return own
    try:
        return HTTPStatus(status).name
    except ValueError:
        return "UNKNOWN_ERROR"


class DestinationError(Exception):
    """Base of the errors that say how a delivery ended.

    Args:
        message: one sentence for people.
        code: a name for programs, such as ``"MISSING_CHANNEL"``; "" for none.
        status: the HTTP status that describes the failure; 0 where it has none, which is final.

    Example:
        try:
            await call.http.post(URL, json=call.payload)
        except DestinationError as error:
            call.log.info("refused with %d", error.status)
            raise
    """

    def __init__(self, message: str = "", code: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status

    @property
    def retryable(self) -> bool:
        """Whether the delivery is tried again."""
        return is_retryable(self.status)


class IntegrationError(DestinationError):
    """The destination cannot take this: ``raise IntegrationError("No such list", "NOT_FOUND", 404)``."""


class PayloadValidationError(IntegrationError):
    """The payload (or the settings) is wrong; final. ``problems`` has a sentence for each fault.

    Example:
        raise PayloadValidationError("Either `Email` or `User ID` must be defined.")
    """

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems), "PAYLOAD_VALIDATION_FAILED", 400)
        self.problems = problems


class APIError(IntegrationError):
    """The destination refused in its own way, e.g. in the body of a 200: ``raise APIError("Unknown user", 404)``."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message, code_of(status), status)


class SelfTimeoutError(IntegrationError):
    """The action itself gave up waiting; retried: ``raise SelfTimeoutError("The export is not ready")``."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message, "SELF_TIMEOUT", 408)


class InvalidAudienceMembershipError(IntegrationError):
    """The event does not tell whether the user is in the audience; final.

    Example:
        raise InvalidAudienceMembershipError("The event names no audience")
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(message, "INVALID_AUDIENCE_MEMBERSHIP", 400)


class InvalidAuthenticationError(DestinationError):
    """The credentials were refused; counts towards the breaker's reason ``auth`` (RULES R17).

    Example:
        raise InvalidAuthenticationError("The token was revoked")
    """

    def __init__(self, message: str = "", code: str = "INVALID_AUTHENTICATION") -> None:
        super().__init__(message, code, 401)


class RetryableError(DestinationError):
    """Try again later: ``raise RetryableError("Still importing", 503, retry_after=30)``.

    Args:
        message: one sentence for people.
        status: HTTP status that describes it; always retried, whatever it is.
        retry_after: seconds to wait before this destination is tried again; None for the usual backoff.
    """

    def __init__(self, message: str = "", status: int = 500, *, retry_after: float | None = None) -> None:
        super().__init__(message, "RETRYABLE_ERROR", status)
        self.retry_after = retry_after

    @property
    def retryable(self) -> bool:
        return True


class HTTPError(DestinationError):
    """An answer that is not 2xx. ``response`` is that answer; the text is its reason phrase, such as "Not Found".

    Example:
        try:
            await call.http.get(url)
        except HTTPError as error:
            if error.status != 404:
                raise
    """

    def __init__(self, request: "Request", response: "Response") -> None:
        super().__init__(response.reason, code_of(response.status), response.status)
        self.request = request
        self.response = response


class NetworkError(DestinationError):
    """There was no answer; always retried. ``code`` is the system's name for it (FEATURES F173), ``status`` 0.

    Example:
        raise NetworkError("connect ECONNREFUSED 127.0.0.1:443", "ECONNREFUSED")
    """

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message, code)

    @property
    def retryable(self) -> bool:
        return True


class RequestError(DestinationError):
    """A request that can't be made of what it was given: a relative URL, a body on GET, an illegal header; final.

    Example:
        await call.http.get("/v1/me")  # RequestError: Only absolute URLs are supported
    """

    def __init__(self, message: str) -> None:
        super().__init__(message, "INVALID_REQUEST", 400)


class ContractError(TypeError):
    """A plugin breaks the contract of ``actionsd.sdk``; the text names the definition, the action and the field.

    Example:
        with pytest.raises(ContractError):
            Definition("acme", name="Acme", actions=[])
    """
