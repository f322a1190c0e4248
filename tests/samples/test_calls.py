"""The call that would make an event, as code."""

from typing import Any

import pytest

from actionsd.samples import all_types, call_of

BROWSER = {"library": {"name": "analytics.js"}}


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({"type": "page", "name": "Home", "context": BROWSER}, 'analytics.page("Home");'),
        ({"type": "page", "category": "Docs", "name": "Home", "context": BROWSER}, 'analytics.page("Docs", "Home");'),
        ({"type": "alias", "userId": "new", "previousId": "old", "context": BROWSER}, 'analytics.alias("new", "old");'),
        (
            {"type": "track", "event": 'Say "hi"', "integrations": {"All": False}, "context": BROWSER},
            'analytics.track("Say \\"hi\\"", undefined, {\n  "integrations": {\n    "All": false\n  }\n});',
        ),
        (
            {"type": "identify", "userId": "u", "traits": {"name": "Zoë"}, "context": BROWSER},
            'analytics.identify("u", {\n  "name": "Zoë"\n});',
        ),
        (
            {"type": "group", "userId": "u", "groupId": "g", "messageId": "m", "context": {"ip": "1.2.3.4"}},
            'analytics.group({\n  "userId": "u",\n  "groupId": "g",\n  "context": {\n    "ip": "1.2.3.4"\n  }\n});',
        ),
        ({"type": 5, "userId": "u"}, 'analytics.5({\n  "userId": "u"\n});'),
    ],
)
def test_a_call_is_written_as_its_sdk_would_have_it(event: dict[str, Any], code: str) -> None:
    assert call_of(event) == code


def test_every_type_has_one() -> None:
    assert [call_of(each).partition("(")[0] for each in all_types()] == [
        f"analytics.{type}" for type in ("track", "identify", "page", "screen", "group", "alias")
    ]
