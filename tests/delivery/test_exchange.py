"""I6: secrets do not survive in what is recorded."""

import json

from actionsd.delivery.exchange import MAX_BODY, Exchange
from actionsd.delivery.redactor import Redactor
from actionsd.sdk import NetworkError, Request, Response


def test_everything_of_an_exchange_is_redacted_and_capped() -> None:
    exchange = Exchange(
        Request("POST", "https://h.test/?key=s3cret", {"authorization": "Bearer s3cret"}, b"s3cret" + b"x" * MAX_BODY)
    )
    exchange.response = Response(200, {"set-cookie": "k=s3cret"}, b'{"echo":"s3cret"}')
    exchange.error = NetworkError("lost s3cret", "ECONNRESET")
    record = exchange.record(Redactor(["s3cret"]))
    assert "s3cret" not in json.dumps(record)
    assert len(record["request"]["body"]) == MAX_BODY
    assert record["request"]["truncated"] is True
    assert record["response"] == {"status": 200, "headers": {"set-cookie": "k=••••••"}, "body": '{"echo":"••••••"}'}
    assert record["error"] == {"code": "ECONNRESET", "message": "lost ••••••"}
