"""Plugins that no destination uses are loaded when there is nothing better to do."""

import asyncio
import logging
from importlib.metadata import EntryPoint

import pytest

from actionsd.catalog import Catalog, load
from actionsd.daemon.unused import load_unused, look, patience
from support.clock import FakeClock, settle


class Counted(Catalog):
    """Says how many entry points were loaded, none of which can be."""

    def __init__(self, names: str) -> None:
        super().__init__(points=[EntryPoint(name, "no.such.module", "actionsd") for name in names])
        self.loaded = 0

    def load_next(self) -> bool:
        self.loaded += (more := super().load_next())
        return more


def test_one_is_loaded_after_each_quiet_moment_and_the_broken_are_named(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        clock, catalog = FakeClock(), Counted("ab")
        loading = asyncio.create_task(load_unused(catalog, lambda: 7, clock))
        await settle()
        assert catalog.loaded == 0
        await clock.advance(look)
        assert catalog.loaded == 1
        assert not caplog.messages
        await clock.advance(2 * look)
        await loading
        assert [message.partition(" is in quarantine: ")[::2] for message in caplog.messages] == [
            ("the plugin no.such.module ", "ModuleNotFoundError: No module named 'no'"),
        ] * 2

    with caplog.at_level(logging.WARNING):
        asyncio.run(main())


def test_while_there_is_something_to_do_they_wait_but_not_for_ever() -> None:
    async def main() -> None:
        clock, catalog = FakeClock(), Counted("abc")
        done = [0]

        def counted() -> int:
            done[0] += 1
            return done[0]

        loading = asyncio.create_task(load_unused(catalog, counted, clock))
        await settle()
        await clock.advance(patience - look)
        assert catalog.loaded == 0
        await clock.advance(2 * look)
        assert catalog.loaded == 1
        await clock.advance(patience - 2 * look)
        assert catalog.loaded == 1
        loading.cancel()
        await asyncio.wait([loading])

    asyncio.run(main())


def test_what_was_asked_for_meanwhile_is_not_loaded_again() -> None:
    async def main() -> None:
        clock, catalog = FakeClock(), load([EntryPoint("a", "no.such.module", "actionsd")])
        loading = asyncio.create_task(load_unused(catalog, lambda: 0, clock))
        assert len(catalog.plugins) == 1
        await settle()
        await clock.advance(look)
        await loading
        assert len(catalog.plugins) == 1

    asyncio.run(main())
