"""Samples: the newest of each reason stay, and all of them are bounded (F170; R12)."""

import asyncio
from pathlib import Path

import pytest

from actionsd.store import Store, samples
from actionsd.store.records import LaneKey, Sample, Settlement
from support.clock import FakeClock
from support.store import append, destination, opened, source


def _sample(number: int, reason: str = "", **more: object) -> Sample:
    fields = {"destination": 1, "mapping": 1, "step": "dead", "position": number, "message_id": f"m{number}"}
    contents = {"at": FakeClock().now(), "message": "", "body": b"{}", "added": b"{}", "exchange": b"[]"}
    return Sample(**{**fields, **contents, "reason": reason, **more})  # type: ignore[arg-type]


async def _keep(store: Store, *kept: Sample) -> None:
    await store.ledger.settle(Settlement(LaneKey(1), 1, b"", {}, samples=kept))


def test_the_newest_ten_of_each_reason_stay(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await store.workspace.declare([source()], [destination()])
            await append(store, "a")
            await _keep(store, *[_sample(number, "400") for number in range(25)])
            await _keep(store, _sample(1, "401", message_id="\ud800"), _sample(2, step="delivered"))
            assert [each.position for _, each in await store.samples.list(1, reason="400")] == list(range(24, 14, -1))
            ((_, other),) = await store.samples.list(1, reason="401")
            assert other == _sample(1, "401", message_id="\ud800")
            assert len(await store.samples.list(1)) == 12
            assert len(await store.samples.list(1, step="delivered", mapping=1)) == 1
            assert await store.samples.list(1, mapping=2) == await store.samples.list(2) == []
            (last, _), *_ = await store.samples.list(1, limit=3)
            assert len(await store.samples.list(1, before=last)) == 11

    asyncio.run(main())


def test_r12_samples_have_caps_by_age_number_and_size_and_bodies_go_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "_MOST_ROWS", 4)
    monkeypatch.setattr(samples, "_MOST_BYTES", 250)
    monkeypatch.setattr(samples, "_SLICE", 1)

    async def main() -> None:
        clock = FakeClock()
        async with opened(tmp_path, clock) as store:
            await store.workspace.declare([source()], [destination()])
            await append(store, "a")
            await _keep(store, *[_sample(n, f"reason {n}", payload=b"p" * 94, exchange=b"") for n in range(6)])
            await store.expire()
            kept = [each for _, each in await store.samples.list(1)]
            assert [each.position for each in kept] == [5, 4, 3, 2]
            assert [len(each.payload) for each in kept] == [94, 94, 0, 0]
            await clock.advance(15 * 86_400)
            await store.expire()
            assert await store.samples.list(1) == []

    asyncio.run(main())
