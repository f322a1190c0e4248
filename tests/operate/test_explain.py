"""What `explain` says of a delivery must be so: what is kept of it wins, and where nothing is, only that is said."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from msgspec.structs import replace

from actionsd import wire
from actionsd.event import Accepted
from actionsd.operate.explain import explain
from actionsd.store.configs import DestinationConfig, MappingConfig, Put
from support.lanes import Bench, bench, catalog, destination, event, mapping, status

MAPPINGS = (mapping("a"), mapping("b"))
ON, OFF = destination("one", *MAPPINGS), destination("one", *MAPPINGS, enabled=False)


def _run(folder: Path, test: Callable[[Bench], Awaitable[None]]) -> None:
    async def main() -> None:
        async with bench(folder, ON) as it:
            await test(it)

    asyncio.run(main())


async def _told(it: Bench, message_id: str) -> dict[str, str]:
    """Outcomes by mapping; "" is the destination as a whole."""
    return {mapping: outcome for mapping, (outcome, _) in (await _steps(it, message_id)).items()}


async def _steps(it: Bench, message_id: str) -> dict[str, tuple[str, str]]:
    return {step.mapping: (step.outcome, step.why) for step in await _all(it, message_id) if step.destination}


async def _all(it: Bench, message_id: str) -> list[wire.Step]:
    parts: Any = SimpleNamespace(store=it.store, lanes=it.lanes, catalog=catalog, workspace=it.store.workspace.current)
    (item,) = (await explain(parts, message_id, "site")).items
    return item.steps


async def _switch_off_and_on(it: Bench) -> None:
    await it.declare(OFF)
    await it.declare(ON)


def test_what_was_delivered_before_the_destination_was_last_enabled_is_not_called_discarded(tmp_path: Path) -> None:
    async def test(it: Bench) -> None:
        await it.accept(event("sampled"))
        await it.settled()
        await it.accept(event("delivered"))
        await it.settled()
        await _switch_off_and_on(it)
        assert await _told(it, "sampled") == {"a": "delivered", "b": "delivered"}
        steps = await _steps(it, "delivered")
        assert steps.keys() == {""}
        assert steps[""][0] == "unknown"
        assert "delivered if it was taken then" in steps[""][1]

    _run(tmp_path, test)


def test_what_died_or_waits_is_told_whatever_was_switched_since(tmp_path: Path) -> None:
    async def test(it: Bench) -> None:
        it.partner.respond = lambda request: status(400 if request.url.endswith("/refused") else 503)
        await it.accept(event("refused"), event("waits"))
        await it.settled()
        assert await _told(it, "waits") == {"a": "retry", "b": "retry"}
        await _switch_off_and_on(it)
        assert await _told(it, "refused") == {"a": "dead", "b": "dead"}
        assert "rejected" in (await _steps(it, "refused"))["a"][1]
        assert "destination_disabled" in (await _steps(it, "waits"))["b"][1]
        filter = {"if": 'type = "track"', "actions": [{"type": "drop"}]}
        await it.declare(destination("one", *MAPPINGS, filters=(filter,)))
        assert await _told(it, "refused") == {"a": "dead", "b": "dead"}

    _run(tmp_path, test)


def test_what_came_while_the_destination_was_disabled_was_passed_over(tmp_path: Path) -> None:
    async def test(it: Bench) -> None:
        await it.declare(OFF)
        await it.accept(event("late"))
        await it.declare(ON)
        steps = await _steps(it, "late")
        assert steps == {"": ("dead", "destination_disabled: the lane was told to pass it over")}

    _run(tmp_path, test)


def test_what_a_mapping_delivered_before_it_was_disabled_is_not_called_discarded(tmp_path: Path) -> None:
    async def test(it: Bench) -> None:
        await it.accept(event("sampled"))
        await it.settled()
        await it.accept(event("delivered"), event("other", type="identify"))
        await it.settled()
        for enabled in (False, True):
            await it.declare(destination("one", mapping("a"), replace(mapping("b"), enabled=enabled)))
            assert await _told(it, "sampled") == {"a": "delivered", "b": "delivered"}
            assert await _told(it, "delivered") == {"a": "delivered", "b": "unknown"}
        assert await _told(it, "other") == {"a": "discarded", "b": "discarded"}

    _run(tmp_path, test)


def test_what_came_before_something_was_made_is_known_not_to_have_been_sent(tmp_path: Path) -> None:
    async def test(it: Bench) -> None:
        await it.accept(event("early"))
        await it.settled()
        config = DestinationConfig(slug="made", definition="partner", name="Made", enabled=True)
        made = await _put(it, Put(config=config, parent="site"))
        await it.accept(event("between"))
        await it.settled("made")
        off = MappingConfig(name="m", action="send", trigger='type = "track"', fields={}, enabled=False)
        id = await _put(it, Put(config=off, parent=made))
        await it.accept(event("later"))
        await it.settled("made")
        before = "it came before the {} was made; a replay would send it"
        assert await _of_made(it, "early") == ("discarded", before.format("destination"))
        assert await _of_made(it, "between") == ("discarded", before.format("mapping"))
        assert await _of_made(it, "later") == ("discarded", "the mapping is disabled")
        await _put(it, Put(config=replace(off, enabled=True), id=id))
        assert (await _of_made(it, "later"))[0] == "unknown"
        await _put(it, Put(config=off, id=id))
        outcome, why = await _of_made(it, "later")
        assert outcome == "unknown"
        assert why.startswith("the mapping is disabled now: no retry")

    _run(tmp_path, test)


async def _put(it: Bench, change: Put) -> int:
    """A change of the configuration, a minute after what was before."""
    await it.clock.advance(60)
    (id,) = await it.store.workspace.change("test", [change])
    it.lanes.apply(it.store.workspace.current)
    await it.lanes.applied()
    await it.clock.advance(60)
    return id


async def _of_made(it: Bench, message_id: str) -> tuple[str, str]:
    ((outcome, why),) = [(step.outcome, step.why) for step in await _all(it, message_id) if step.destination == "made"]
    return outcome, why


def test_a_dead_letter_of_an_event_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    async def test(it: Bench) -> None:
        await it.accept(Accepted("broken", b"{", b"{}"))
        await it.settled()
        steps = await _steps(it, "broken")
        assert steps.keys() == {""}
        assert steps[""][0] == "dead"
        assert steps[""][1].startswith("undecodable")

    _run(tmp_path, test)
