"""What an action may return (FEATURES F193), and what dynamic choices are made of (FEATURES F064).

``perform`` returns a Response, a JSON value or None; ``perform_batch`` also a MultiStatus, or an HTTPError it caught.
All of these mean delivered (a status that is no success excepted); anything else is a contract error.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from actionsd.sdk.errors import HTTPError, code_of
from actionsd.sdk.fields import UNSET, Choice
from actionsd.sdk.http import Response

Result = Response | dict[str, Any] | list[Any] | str | int | float | bool | None
"""What ``perform`` may return; all of it means delivered, and is kept for people to look at.

Example:
    async def track(call: Call[AcmeSettings, TrackEvent]) -> Result:
        response = await call.http.post(URL, json=call.payload)
        return {"id": response.data["id"]}
"""


class ItemResult(msgspec.Struct, frozen=True):
    """The fate of one payload of a batch; ``status`` decides as an HTTP status would.

    Example:
        results = MultiStatus()
        results.failure(429, "Slow down")
        assert results.get(0) == ItemResult(429, "Slow down", "TOO_MANY_REQUESTS")
    """

    status: int
    message: str = ""
    code: str = ""
    sent: Any = UNSET
    body: Any = UNSET

    @property
    def ok(self) -> bool:
        """Whether the item was delivered."""
        return 200 <= self.status < 300

    @property
    def reporter(self) -> str:
        """Who refused the item: the destination, or the integration before sending (framework.jsonl, batch.*)."""
        return "INTEGRATIONS" if self.sent is UNSET and self.body is UNSET else "DESTINATION"


class MultiStatus:
    """One result per payload, in their order; a payload without one becomes a dead letter (RULES R25).

    Example:
        results = MultiStatus()
        for item in response.data["items"]:
            if item["ok"]:
                results.success(body=item)
            else:
                results.failure(item["status"], item["error"], body=item)
        return results
    """

    def __init__(self) -> None:
        self._results: dict[int, ItemResult] = {}

    def success(self, status: int = 200, *, sent: Any = UNSET, body: Any = UNSET, index: int | None = None) -> None:
        """The next payload, or the one at ``index``, was delivered; ``sent`` and ``body`` are kept for people."""
        self._put(index, ItemResult(status, sent=sent, body=body))

    def failure(
        self, status: int, message: str, *, code: str = "", sent: Any = UNSET, body: Any = UNSET,
        index: int | None = None,
    ) -> None:  # fmt: skip
        """The next payload, or the one at ``index``, was not; only retryable statuses are tried again.

        Args:
            status: as the destination gave it, or an HTTP status that describes the failure.
            message: one sentence for people.
            code: a name for programs; from the status where it is "". A local 400 is PAYLOAD_VALIDATION_FAILED.
        """
        local = status == 400 and sent is UNSET and body is UNSET
        code = code or ("PAYLOAD_VALIDATION_FAILED" if local else code_of(status))
        self._put(index, ItemResult(status, message, code, sent, body))

    def _put(self, index: int | None, result: ItemResult) -> None:
        self._results[max(self._results, default=-1) + 1 if index is None else index] = result

    def get(self, index: int) -> ItemResult | None:
        """The result of the payload at ``index``; None where there is none."""
        return self._results.get(index)

    def __len__(self) -> int:
        return max(self._results, default=-1) + 1

    def __iter__(self) -> Iterator[ItemResult | None]:
        return (self.get(index) for index in range(len(self)))


BatchResult = Result | MultiStatus | HTTPError


class Choices(msgspec.Struct, frozen=True):
    """What a handler of dynamic choices returns: ``Choices([Choice("C01", "#general")], next_page="2")``.

    ``error`` is a message and a code such as "404", for what people can correct; raise for everything else.
    """

    choices: Sequence[Choice] = ()
    next_page: str = ""
    error: tuple[str, str] | None = None
