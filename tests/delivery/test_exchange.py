"""I6: secrets do not survive in what is recorded, in whatever form they went out."""

import json
from base64 import b64encode
from typing import Any
from urllib.parse import quote, quote_plus

from hypothesis import given
from hypothesis import strategies as st

from actionsd.delivery.exchange import MAX_BODY, Exchange, Redactor
from actionsd.sdk import NetworkError, Request, Response

SECRETS = st.text(st.characters(exclude_categories=["Cs"]), min_size=4)
FORMS = st.sampled_from([
    str, quote_plus, lambda s: quote(s, safe=""), lambda s: json.dumps(s, ensure_ascii=False)[1:-1],
    lambda s: b64encode(s.encode()).decode(), lambda s: s.encode().hex(),
])  # fmt: skip


@given(secret=SECRETS, form=FORMS, before=st.text("xyz"), after=st.text("xyz"))
def test_no_form_of_a_secret_survives(secret: str, form: Any, before: str, after: str) -> None:
    assert form(secret) not in Redactor([secret])(before + form(secret) + after).replace("•", "")


def test_basic_credentials_go_whole() -> None:
    token = b64encode(b"user:s3cret-key").decode()
    assert Redactor(["s3cret-key"])(f"Basic {token}") == "Basic ••••••"
    assert Redactor(["another"])(f"Basic {token}") == f"Basic {token}"
    assert Redactor(["another"])("Basic %%%") == "Basic %%%"


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


def test_without_secrets_nothing_changes() -> None:
    assert Redactor([])("text") == "text"
    assert Redactor(["", "abcd"])("text") == "text"
