import asyncio

import pytest

from actionsd.ingest.limits import RateLimit
from actionsd.ingest.refusal import TooMany
from support.clock import FakeClock


def test_f015_above_the_rate_the_client_is_told_when_to_come_back() -> None:
    async def main() -> None:
        clock = FakeClock()
        limit = RateLimit(10.0, clock)
        limit.take(10)
        with pytest.raises(TooMany) as raised:
            limit.take(1)
        assert raised.value.retry_after == 1
        await clock.advance(0.1)
        limit.take(1)

    asyncio.run(main())


def test_a_batch_above_the_rate_passes_and_its_debt_is_waited_off() -> None:
    async def main() -> None:
        clock = FakeClock()
        limit = RateLimit(10.0, clock)
        limit.take(100)
        with pytest.raises(TooMany) as raised:
            limit.take(1)
        assert raised.value.retry_after == 10
        await clock.advance(raised.value.retry_after)
        limit.take(1)

    asyncio.run(main())


def test_idle_time_saves_up_one_second_at_most() -> None:
    async def main() -> None:
        clock = FakeClock()
        limit = RateLimit(10.0, clock)
        await clock.advance(3600)
        for _ in range(10):
            limit.take(1)
        with pytest.raises(TooMany):
            limit.take(1)

    asyncio.run(main())


def test_without_a_rate_everything_passes() -> None:
    limit, passed = RateLimit(None, FakeClock()), 0
    for _ in range(10):
        limit.take(1_000_000)
        passed += 1
    assert passed == 10
