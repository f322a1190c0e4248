"""I6: secrets do not survive in a text, in whatever form they stand there."""

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from actionsd.delivery.redactor import Redactor

Form = Callable[[str], str]

SECRETS = st.text(st.characters(exclude_categories=["Cs"]), min_size=4)
LONG = st.text(st.sampled_from("aB3/+=&%\"'\\\\ é\U0001f511"), min_size=12)


def json_ascii(text: str) -> str:
    return json.dumps(text)[1:-1]


def json_unicode(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def percent(text: str) -> str:
    return quote(text, safe="")


def percent_lower(text: str) -> str:
    return re.sub("%..", lambda escape: escape[0].lower(), percent(text))


def base64(text: str) -> str:
    return b64encode(text.encode()).decode()


def base64_inside(text: str) -> str:
    return urlsafe_b64encode(f"xy{text}z".encode()).decode()


def in_hex(text: str) -> str:
    return text.encode().hex()


TEXTUAL: list[Form] = [str, quote_plus, percent, percent_lower, json_ascii, json_unicode]
SENT: list[Form] = [str, quote_plus, percent, json_ascii, json_unicode]  # as a request has it
ONCE: list[Form] = [*TEXTUAL, html.escape, base64, in_hex]


@settings(deadline=None)
@given(secret=SECRETS, form=st.sampled_from(ONCE), before=st.text("xyz"), after=st.text("xyz"))
@example(secret="\f\b\n\t", form=json_ascii, before="", after="")
def test_no_form_of_a_secret_survives(secret: str, form: Form, before: str, after: str) -> None:
    assert form(secret) not in Redactor([secret])(before + form(secret) + after).replace("•", "")


@settings(deadline=None)
@given(secret=LONG, inner=st.sampled_from(TEXTUAL), outer=st.sampled_from(TEXTUAL))
def test_a_form_of_a_form_does_not_survive(secret: str, inner: Form, outer: Form) -> None:
    """What went out as JSON comes back in a URL, or in JSON again."""
    assert outer(inner(secret)) not in Redactor([secret])(outer(inner(secret)))


@settings(deadline=None)
@given(secret=LONG, inner=st.sampled_from(SENT), outer=st.sampled_from([base64, base64_inside, in_hex]))
def test_what_was_sent_does_not_survive_in_base64(secret: str, inner: Form, outer: Form) -> None:
    """Nothing is left but the characters at the edges that the neighbours have a part in."""
    repeated = outer(inner(secret))
    assert Redactor([secret])(repeated).replace("•", "") in _edges(repeated)


def _edges(text: str) -> set[str]:
    """What may be left at the edges of a form: in base64 the characters that the neighbours have a part in."""
    return {text[:first] + text[len(text) - last :] for first in range(4) for last in range(7)}


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("form", TEXTUAL[1:])
def test_three_times_over_is_found_too(form: Form, times: int) -> None:
    secret = text = 'Se"cr\\\\et/+ &%é\U0001f511'
    for _ in range(times):
        text = form(text)
    assert Redactor([secret])(f"<{text}>") == "<••••••>"


def test_basic_credentials_go_whole() -> None:
    token = base64("user:s3cret-key")
    assert Redactor(["s3cret-key"])(f"Basic {token}") == "Basic ••••••"
    assert Redactor(["another"])(f"Basic {token}") == f"Basic {token}"
    assert Redactor(["another"])("Basic %%%") == "Basic %%%"


def test_the_longest_secret_is_taken_first() -> None:
    assert Redactor(["key", "key-of-all"])("key-of-all, key") == "••••••, ••••••"


def test_without_secrets_nothing_changes() -> None:
    assert Redactor([])("text") == "text"
    assert Redactor(["", "abcd"])("text") == "text"


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("\\" * 8 + "a", "\\" * 65536),
        ("\\/" * 8 + "a", "\\/" * 32768),
        ("%" * 8 + "a", "%25" * 22000),
        ("/" * 8, "%2" * 9000),
    ],
)
def test_no_answer_of_a_server_makes_the_search_slow(secret: str, text: str) -> None:
    """A pattern that can match in many ways would not come back in this life."""
    assert Redactor([secret])(text) == text
