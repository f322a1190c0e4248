"""Slack: posts a message to a channel through an incoming webhook."""

from typing import Annotated, Any
from urllib.parse import urlsplit

from actionsd.sdk import (
    Action,
    Call,
    Definition,
    Field,
    IntegrationError,
    NoSettings,
    Payload,
    Response,
    Secret,
    Text,
    hookimpl,
)

actionsd_contract = 1


class Post(Payload):
    """A message. Its URL holds the key to the channel, so it is a secret (RULES C2)."""

    url: Annotated[Secret, Field("Webhook URL", "Slack webhook URL.", format="uri")]
    text: Annotated[Text, Field("Message", "The text message to post to Slack.")]
    channel: Annotated[str | None, Field("Channel", "The channel to post to, such as #general.")] = None
    username: Annotated[str | None, Field("User", "User name to post messages as.", default="Segment")] = None
    icon_url: Annotated[
        str | None,
        Field("Icon URL", "URL of the image for the user's avatar.", default="https://logo.clearbit.com/segment.com"),
    ] = None


async def post_to_channel(call: Call[NoSettings, Post]) -> Response:
    """Post one message; only Slack's own webhook host is sent to."""
    message = call.payload
    if urlsplit(message.url).hostname != "hooks.slack.com":
        raise IntegrationError("Invalid Slack URL", "Bad Request", 400)
    body = {
        "channel": message.channel, "text": message.text, "username": message.username, "icon_url": message.icon_url,
    }  # fmt: skip
    return await call.http.post(message.url, json={key: value for key, value in body.items() if value is not None})


slack = Definition(
    "slack",
    id="5f7dd8e302173ff732db5cc4",
    name="Slack",
    description="Post messages to Slack channels.",
    actions=[
        Action("postToChannel", title="Post Message", payload=Post, trigger='type = "track"', perform=post_to_channel),
    ],
)


@hookimpl
def actionsd_definitions() -> list[Definition[Any]]:
    return [slack]
