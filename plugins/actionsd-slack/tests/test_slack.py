import asyncio
from pathlib import Path

from actionsd_slack import Post, slack

from actionsd import testing
from actionsd.sdk import plain
from support import catalogue, parity

README = Path(__file__).parents[1] / "README.md"

HOOK = "https://hooks.slack.com/services/T/B/X"


def run(mapping: dict[str, object]) -> testing.Run:
    return asyncio.run(
        testing.run(slack, "postToChannel", settings={}, events=[testing.track("Signed Up")], mapping=mapping)
    )


def test_the_recorded_requests_are_sent() -> None:
    report = parity.replay(slack)
    assert report.total, "no records"
    assert report.agreement == 1.0, report.text()
    assert f"Parity: {report.agreed.total()} of {report.total} records" in README.read_text()


def test_the_definition_is_the_catalogues_but_for_what_is_meant() -> None:
    assert catalogue.differences(slack) == [
        "postToChannel: trigger is 'type = \"track\"', expected ''",
        "postToChannel.url: type is 'password', expected 'string'",
    ], "a mapping needs a trigger to start from, and the address is the credential"


def test_a_message_is_posted_with_what_is_mapped() -> None:
    done = run({"url": HOOK, "text": {"@template": "{{event}}!"}, "channel": "#general"})
    assert [request.json for request in done.requests] == [{"channel": "#general", "text": "Signed Up!"}]


def test_only_slack_is_posted_to() -> None:
    done = run({"url": "https://hooks.slack.com.evil.test/services/T/B/X", "text": "t"})
    assert done.requests == []
    assert (done.outcomes[0].kind, done.outcomes[0].message) == ("discarded", "Invalid Slack URL")


def test_the_url_is_a_secret() -> None:
    assert HOOK not in repr(Post(url=HOOK, text="t"))
    assert plain(Post(url=HOOK, text="t"))["url"] == HOOK


def test_it_conforms_to_the_contract() -> None:
    testing.check_definition(slack)
