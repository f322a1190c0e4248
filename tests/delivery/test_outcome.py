"""Classification: what an exception or a result means for a delivery (FEATURES F071, F173, F180)."""

import asyncio
import re
from typing import Any

import pytest

from actionsd.delivery.outcome import classify, delivered, of_item
from actionsd.mapping import MappingError, Problem
from actionsd.sdk import (
    APIError,
    ContractError,
    HTTPError,
    IntegrationError,
    InvalidAudienceMembershipError,
    InvalidAuthenticationError,
    ItemResult,
    NetworkError,
    PayloadValidationError,
    Request,
    RequestError,
    Response,
    RetryableError,
    SelfTimeoutError,
)

NOW = 1_715_776_496_789  # 2024-05-15T12:34:56.789Z


def http_error(status: int, **headers: str) -> HTTPError:
    return HTTPError(Request("GET", "https://h.test/", {}), Response(status, headers))


@pytest.mark.parametrize(
    ("error", "kind", "status", "code"),
    [
        (http_error(500), "retry", 500, "INTERNAL_SERVER_ERROR"),
        (http_error(501), "discarded", 501, "NOT_IMPLEMENTED"),
        (http_error(408), "retry", 408, "REQUEST_TIMEOUT"),
        (http_error(423), "retry", 423, "LOCKED"),
        (http_error(429), "retry", 429, "TOO_MANY_REQUESTS"),
        (http_error(304), "discarded", 304, "NOT_MODIFIED"),
        (http_error(401), "discarded", 401, "UNAUTHORIZED"),
        (http_error(404), "discarded", 404, "NOT_FOUND"),
        (NetworkError("connect ECONNREFUSED", "ECONNREFUSED"), "retry", 0, "ECONNREFUSED"),
        (TimeoutError(), "retry", 0, "ETIMEDOUT"),
        (RetryableError("m", 400), "retry", 400, "RETRYABLE_ERROR"),
        (IntegrationError("m", "CODE"), "discarded", 0, "CODE"),
        (IntegrationError("m", "CODE", 503), "retry", 503, "CODE"),
        (PayloadValidationError("m"), "discarded", 400, "PAYLOAD_VALIDATION_FAILED"),
        (InvalidAuthenticationError("m"), "discarded", 401, "INVALID_AUTHENTICATION"),
        (InvalidAudienceMembershipError("m"), "discarded", 400, "INVALID_AUDIENCE_MEMBERSHIP"),
        (APIError("m", 503), "retry", 503, "SERVICE_UNAVAILABLE"),
        (SelfTimeoutError("m"), "retry", 408, "SELF_TIMEOUT"),
        (RequestError("m"), "discarded", 400, "INVALID_REQUEST"),
        (ContractError("m"), "discarded", 0, "CONTRACT"),
        (KeyError("id"), "retry", 0, "INTERNAL"),
    ],
)
def test_r16_what_is_tried_again(error: Exception, kind: str, status: int, code: str) -> None:
    outcome = classify(error, NOW)
    assert (outcome.kind, outcome.status, outcome.code, outcome.error) == (kind, status, code, type(error).__name__)


def test_r03_a_mapping_that_fails_settles_as_internal() -> None:
    outcome = classify(MappingError(Problem("/a", "cannot be read")))
    assert (outcome.kind, outcome.code, outcome.message) == ("discarded", "INTERNAL", "cannot be read")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("3", 3.0), (" 120 ", 120.0), ("Wed, 15 May 2024 12:35:06 GMT", 9.211), ("Wed, 15 May 2024 12:00:00 GMT", 0.0),
     ("soon", None), ("", None)],
)  # fmt: skip
def test_r15_retry_after_is_seconds_or_a_date(value: str, expected: float | None) -> None:
    found = classify(http_error(429, **{"retry-after": value}), NOW).retry_after
    assert found == (expected if expected is None else pytest.approx(expected))


def test_a_plugin_asks_for_its_own_delay() -> None:
    assert classify(RetryableError("m", retry_after=30)).retry_after == 30


@pytest.mark.parametrize(
    ("result", "data"),
    [(None, None), ("text", "text"), (0, 0), ({"a": 1}, {"a": 1}), ([1, None], [1, None]),
     ([Response(200, {}, b"x"), Response(200, {"content-type": "application/json"}, b"[1]")], ["x", [1]])],
)  # fmt: skip
def test_results_that_mean_delivered(result: Any, data: Any) -> None:
    assert (delivered(result).kind, delivered(result).data) == ("delivered", data)


def test_a_result_of_an_unknown_type_breaks_the_contract() -> None:
    with pytest.raises(ContractError, match="an action returned object; expected a Response"):
        delivered(object())


def test_r25_a_payload_without_a_result_is_a_bad_batch_result() -> None:
    outcome = of_item(None)
    assert (outcome.kind, outcome.status, outcome.code) == ("discarded", 500, "bad_batch_result")


def test_r25_each_item_settles_by_its_own_status() -> None:
    assert [of_item(ItemResult(status)).kind for status in (200, 429, 400, 503)] == [
        "delivered", "retry", "discarded", "retry",
    ]  # fmt: skip


def test_cancellation_is_no_outcome() -> None:
    assert not issubclass(asyncio.CancelledError, Exception)


def test_a_mistake_of_a_plugin_is_placed() -> None:
    try:
        {}["id"]
    except KeyError as error:
        outcome = classify(error)
    assert outcome.message == "KeyError: 'id'"
    assert re.fullmatch(r"KeyError: 'id' \(delivery/test_outcome\.py, line \d+\)", outcome.explanation)
    assert classify(KeyError("id")).explanation == "KeyError: 'id'"
