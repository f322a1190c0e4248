import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd.routing.consent import consents, sent_by_the_browser, switched_on


@pytest.mark.parametrize(
    ("preferences", "categories", "expected"),
    [
        ({"ads": True}, ("ads",), True),
        ({"ads": False}, ("ads",), False),
        ({"ads": True, "analytics": False}, ("ads", "analytics"), False),
        ({"ads": True, "analytics": True}, ("ads", "analytics"), True),
        ({"ads": True}, ("ads", "analytics"), False),
        ({}, ("ads",), False),
        ({"ads": "true"}, ("ads",), False),
        ({"ads": 1}, ("ads",), False),
        ({"ads": False}, (), True),
        ({}, (), True),
    ],
)
def test_f043_every_category_of_the_destination_needs_a_yes(
    preferences: dict[str, object], categories: tuple[str, ...], expected: bool
) -> None:
    event = {"context": {"consent": {"categoryPreferences": preferences}}}
    assert consents(event, categories) is expected


@pytest.mark.parametrize("context", [None, "text", {}, {"consent": None}, {"consent": {"categoryPreferences": []}}])
def test_f043_without_preferences_consent_is_not_enforced(context: object) -> None:
    assert consents({"context": context}, ("ads",))


@pytest.mark.parametrize(
    ("integrations", "expected"),
    [
        ({}, True),
        ({"All": True}, True),
        ({"All": False}, False),
        ({"All": False, "Slack": True}, True),
        ({"All": False, "Slack": {"channel": "#x"}}, True),
        ({"All": False, "Slack": {}}, True),
        ({"Slack": False}, False),
        ({"All": True, "Slack": False}, False),
        ({"slack": False}, True),
        ({"All": False, "slack": True}, False),
        ({"Segment.io": False}, True),
        ({"All": False, "Segment.io": True}, False),
        ({"No Such Thing": False}, True),
        ({"team-slack": False}, False),
        ({"team-slack": False, "Slack": True}, False),
        ({"team-slack": True, "Slack": False, "All": False}, True),
        ({"other-slack": False}, True),
    ],
)
def test_f147_the_most_particular_name_decides(integrations: dict[str, object], expected: bool) -> None:
    assert switched_on(integrations, ("team-slack", "Slack")) is expected


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.dictionaries(st.text(), st.text())))
def test_f147_names_of_others_change_nothing(others: dict[str, object]) -> None:
    strangers = {name: value for name, value in others.items() if name not in {"All", "team-slack", "Slack"}}
    assert switched_on(strangers, ("team-slack", "Slack"))
    assert not switched_on({"All": False, **strangers}, ("team-slack", "Slack"))


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"bundled": ["Slack"]}, True),
        ({"bundled": ["slack"]}, False),
        ({"bundled": "Slack"}, False),
        ({"unbundled": ["Slack"]}, False),
    ],
)
def test_f045_what_the_browser_sent_is_not_sent_again(metadata: dict[str, object], expected: bool) -> None:
    assert sent_by_the_browser(metadata, "Slack") is expected
