"""The fixtures for plugin tests."""

import asyncio
from collections.abc import Callable
from typing import Any

from actionsd.sdk import Request
from actionsd.testing import Run, StubTransport
from actionsd.testing.pytest_plugin import actionsd_events, actionsd_run, actionsd_stub
from support.acme import acme

__all__ = ["actionsd_events", "actionsd_run", "actionsd_stub"]


def test_the_fixtures(
    actionsd_stub: StubTransport, actionsd_events: list[dict[str, Any]], actionsd_run: Callable[..., Run]
) -> None:
    response = asyncio.run(actionsd_stub.send(Request("GET", "https://h.test/", {})))
    assert (response.status, response.data, len(actionsd_stub.requests)) == (200, {}, 1)
    done = actionsd_run(acme, "trackEvent", settings={"api_key": "k"}, events=actionsd_events)
    assert [outcome.kind for outcome in done.outcomes] == ["delivered"] + ["discarded"] * 5
