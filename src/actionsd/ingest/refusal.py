"""Why ingest says no: a refusal concerns an event and is counted, an error concerns the request and is its answer."""

from typing import NamedTuple

from actionsd.errors import ActionsdError, Unavailable


class Refusal(NamedTuple):
    """Why an event is not taken: a reason code of FEATURES F029, and a text for people that holds no payload."""

    code: str
    message: str


class BadRequest(ActionsdError):
    """A body that is no JSON, too large, or not to be read at all: 400, and sending it again is pointless."""

    code = "bad_request"


class TooMany(Unavailable):
    """Above the configured rate: 429 with the seconds after which the client may try again (FEATURES F015)."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("more events than the rate limit allows", reason="too_many_requests", retry_after=retry_after)
