"""Fixtures for plugin tests; switch them on with ``pytest_plugins = ["actionsd.testing.pytest_plugin"]``.

actionsd_stub      a StubTransport that answers 200 ``{}``; ``actionsd_stub.requests`` has what was sent
actionsd_events    one Segment-spec event of each type, a new list for every test
actionsd_run       ``run`` without ``await``: ``done = actionsd_run(acme, "trackEvent", settings=..., events=...)``
"""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from actionsd.samples.events import all_types
from actionsd.testing.kit import Run, run
from actionsd.testing.stub import StubTransport


@pytest.fixture
def actionsd_stub() -> StubTransport:
    """The HTTP layer of a test."""
    return StubTransport()


@pytest.fixture
def actionsd_events() -> list[dict[str, Any]]:
    """One event of each type."""
    return all_types()


@pytest.fixture
def actionsd_run() -> Callable[..., Run]:
    """:func:`actionsd.testing.run`, called like a plain function."""

    def run_now(*arguments: Any, **options: Any) -> Run:
        return asyncio.run(run(*arguments, **options))

    return run_now
