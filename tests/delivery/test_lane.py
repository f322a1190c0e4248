import asyncio
from pathlib import Path

from support.lanes import bench, destination, event, mapping


def test_an_accepted_event_is_delivered(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, destination("one", mapping())) as it:
            await it.accept(event("a"), event("b"))
            await it.settled()
            assert it.partner.received == ["a", "b"]
            assert it.count("delivered") == 2
            assert it.status().histogram is not None
            assert sum(it.status().histogram.counts) == 2

    asyncio.run(main())
