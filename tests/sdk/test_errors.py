"""Error classes carry upstream's status and code (FEATURES F071, F174)."""

import pytest

from actionsd.sdk import APIError, HTTPError, IntegrationError, NetworkError, Request, Response, RetryableError
from actionsd.sdk.errors import DestinationError, code_of, is_retryable


@pytest.mark.parametrize("status", [408, 423, 429, 500, 502, 503, 504, 507, 511, 529, 598, 599])
def test_statuses_that_are_tried_again(status: int) -> None:
    assert is_retryable(status)


@pytest.mark.parametrize("status", [0, 200, 304, 400, 401, 403, 404, 409, 413, 422, 501])
def test_statuses_that_are_final(status: int) -> None:
    assert not is_retryable(status)


def test_codes_are_the_names_of_statuses() -> None:
    names = [code_of(status) for status in (401, 418, 499, 529, 799)]
    assert names == ["UNAUTHORIZED", "IM_A_TEAPOT", "CANCELLED", "SITE_IS_OVERLOADED", "UNKNOWN_ERROR"]


def test_a_retryable_error_is_retried_whatever_its_status() -> None:
    assert RetryableError("m", 400).retryable
    assert NetworkError("gone", "ECONNRESET").retryable
    assert not IntegrationError("m", "CODE").retryable
    assert APIError("m", 503).retryable


def test_an_http_error_speaks_of_its_response() -> None:
    error = HTTPError(Request("GET", "https://h.test/", {}), Response(404, {}))
    assert (str(error), error.code, error.status) == ("Not Found", "NOT_FOUND", 404)
    assert isinstance(error, DestinationError)
    assert Response(799, {}).reason == ""
