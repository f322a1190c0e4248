"""What a source's events go through before the journal (FEATURES part 7, F148-F156)."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd.event import Accepted, Entry, decode, parse
from actionsd.ingest import gate
from actionsd.ingest.gate import Gates
from actionsd.ingest.taken import Taken
from actionsd.protocols import Enforcement, SchemaFilters, compile_plan, compile_transformations, read_settings
from actionsd.store.configs import PlanConfig, RuleConfig, SchemaConfig, TransformationConfig
from actionsd.store.records import Rule, Schema, Source, TrackingPlan, Transformation, Workspace
from support.ingest import KEY, WORKSPACE, Running, eventually, running

replace = msgspec.structs.replace

ORDER = RuleConfig(
    type="TRACK",
    key="Order",
    version=1,
    schema={"properties": {"properties": {"properties": {"total": {"type": "number"}, "plan": {}}}}},
)
ORDER_JSON = {"type": "TRACK", "key": "Order", "version": 1, "jsonSchema": ORDER.schema}
PLAN = TrackingPlan(
    id=7, version=1, config=PlanConfig(slug="shop", name="Shop"), rules=(Rule(1, 1, ORDER, 0, 0),), created_at=0,
    updated_at=0,
)  # fmt: skip
EVENT = {"type": "track", "event": "Order", "userId": "u", "messageId": "m1", "properties": {"total": "9", "extra": 1}}
BLOCK = {"track": {"allowUnplannedEvents": False, "allowEventOnViolations": False}}


def transformation(condition: str = "all", id: int = 1, enabled: bool = True, **edits: Any) -> Transformation:
    config = TransformationConfig(name=f"t{id}", condition=condition, edits=edits, enabled=enabled)
    return Transformation(id, 1, 1, config, 0, 0)


def workspace(*transformations: Transformation, plan: bool = True, **schema: Any) -> Workspace:
    """The website with a plan unless told otherwise, and an inbox (3) for what it forwards."""
    config = SchemaConfig(plan=PLAN.id if plan else 0, **schema)
    website = replace(WORKSPACE.sources[0], schema=Schema(1, config), transformations=transformations)
    inbox = Source(id=3, slug="inbox", name="Inbox", write_keys=("wk_inbox",))
    return Workspace(1, (website, WORKSPACE.sources[1], inbox), plans=(PLAN,))


def against(workspace: Workspace, look: Callable[[Running], Awaitable[None]], folder: Path | None = None) -> None:
    async def main() -> None:
        async with running(folder, workspace=workspace) as r:
            await look(r)

    asyncio.run(main())


async def send(r: Running, *events: Any) -> None:
    """Each alone, all answered 200."""
    for event in events:
        status, _, answer = await r.post("/v1/track", event | {"writeKey": KEY})
        assert (status, answer) == (200, {"success": True})


def test_a_source_without_any_of_it_has_no_gate() -> None:
    gates = Gates()
    gates.apply(replace(workspace(plan=False), plans=(PLAN,)))
    assert [gates.of(source) for source in (0, 1, 2, 3)] == [None] * 4


@pytest.mark.parametrize(
    ("schema", "event", "reason"),
    [
        ({"filters": {"track": ["Order"]}}, EVENT, "event_setting"),
        ({"settings": BLOCK}, EVENT, "schema_violation"),
        ({"settings": BLOCK}, EVENT | {"event": "Other"}, "unplanned"),
    ],
)
def test_f171_blocked_events_are_answered_200_and_counted_with_the_reason(
    schema: dict[str, Any], event: Any, reason: str
) -> None:
    async def look(r: Running) -> None:
        await send(r, event)
        await r.post("/v1/page", {"userId": "u", "writeKey": KEY})
        assert [event["type"] for event in r.journal.events] == ["page"]
        assert r.journal.reasons("filtered_at_source") == {reason: 1}

    against(workspace(**schema), look)


def test_events_of_a_batch_and_of_a_stream_are_blocked_one_by_one(tmp_path: Path) -> None:
    async def look(r: Running) -> None:
        fine = EVENT | {"properties": {}, "messageId": "m2"}
        status, _, _ = await r.post("/v1/batch", {"batch": [EVENT, fine, {"type": "x"}], "writeKey": KEY})
        assert status == 200
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "events.sock"))
        writer.write(b"".join(json.dumps(event | {"writeKey": KEY}).encode() + b"\n" for event in (EVENT, fine)))
        answers = [json.loads(await reader.readline()) for _ in range(2)]
        writer.close()
        assert answers == [{"ok": True, "messageId": "m1"}, {"ok": True, "messageId": "m2"}]
        assert [row.message_id for _, row in r.journal.rows] == ["m2", "m2"]
        assert r.journal.reasons("filtered_at_source") == {"schema_violation": 2}
        assert r.journal.reasons() == {"bad_request": 1}

    against(workspace(settings=BLOCK), look, tmp_path)


def test_an_event_that_nothing_changes_is_journalled_byte_for_byte() -> None:
    body = b'{ "type":"track","event":"Order","userId":"u","writeKey":"%b","properties":{"total":1.0} }' % KEY.encode()

    async def look(r: Running) -> None:
        await r.post("/v1/track", body)
        assert r.journal.rows[0][1].body == body

    against(workspace(transformation("event = 'Other'", newEventName="X")), look)


def test_f152_omitted_parts_are_gone_from_the_journal_and_noted() -> None:
    omit = {"track": {"allowUnplannedEventProperties": False, "allowPropertiesOnViolations": False}}

    async def look(r: Running) -> None:
        await send(r, EVENT | {"timestamp": "2020-01-01T00:00:00Z", "context": {"page": {"url": "u"}}})
        (event,) = r.journal.events
        assert event["properties"] == {}
        assert event["context"]["page"] == {"url": "u"}
        assert event["context"]["protocols"]["omitted"] == ["properties.extra"]
        assert event["context"]["protocols"]["omitted_on_violation"] == ["properties.total"]
        assert event["originalTimestamp"] == "2020-01-01T00:00:00Z"
        assert b"extra" not in r.journal.rows[0][1].body.replace(b"properties.extra", b"")

    against(workspace(settings=omit), look)


def test_transformations_come_after_the_plan_and_are_told_beside_the_event() -> None:
    rename = transformation("event = 'Order'", newEventName="Order Completed")
    move = transformation(id=2, propertyRenames=[{"oldName": "context.ip", "newName": "ip"}])
    off = transformation(id=3, enabled=False, drop=True)

    async def look(r: Running) -> None:
        event = EVENT | {"properties": {"total": 1}, "_metadata": {"bundled": ["X"]}}
        batch = {"batch": [event], "writeKey": KEY, "context": {"ip": "1.2.3.4", "library": {"name": "l"}}}
        await r.post("/v1/batch", batch)
        (event,) = r.journal.events
        assert (event["event"], event["properties"]) == ("Order Completed", {"total": 1, "ip": "1.2.3.4"})
        assert event["context"] == {"library": {"name": "l"}}
        assert gate.transformed not in event
        row = r.journal.rows[0][1]
        assert parse(row.added)[gate.transformed] == ["t1", "t2"]
        assert parse(row.body)["_metadata"] == {"bundled": ["X"]}
        assert row.facet == ("track", "Order Completed", "")
        assert r.journal.reasons("filtered_at_source") == {}

    against(workspace(off, rename, move, settings=BLOCK), look)


def test_dropping_and_undecidable_transformations_are_counted() -> None:
    drop = transformation("event = 'Debug'", drop=True)
    broken = transformation("'x' in properties.tags", id=2, newEventName="X")

    async def look(r: Running) -> None:
        await send(r, EVENT | {"event": "Debug"}, EVENT | {"properties": {"tags": "x"}})
        assert r.journal.rows == []
        assert r.journal.reasons("filtered_at_source") == {
            "transformation_drop": 1,
            "transformation_undecidable": 1,
        }

    against(workspace(drop, broken, plan=False), look)


def test_f151_violations_become_events_of_the_source_named() -> None:
    async def look(r: Running) -> None:
        context = {"app": {"version": "1.2", "name": "A"}, "library": {"name": "l" * 2000}}
        await send(r, EVENT | {"sentAt": "2020-01-01T00:00:00Z", "context": context})
        (source, record), (own, _) = r.journal.rows
        assert (source, own) == (3, 1)
        event = r.journal.events[0]
        assert event["receivedAt"] == event["timestamp"] == r.journal.events[1]["receivedAt"]
        assert (event["type"], event["event"], event["userId"]) == ("track", "Violation Generated", "schema-violations")
        assert (event["context"], event["messageId"]) == ({"app": context["app"]}, record.message_id)
        assert event["properties"] == {
            "appVersion": "1.2",
            "eventMessageID": "m1",
            "eventName": "Order",
            "eventSentAt": "2020-01-01T00:00:00Z",
            "eventTimestamp": event["timestamp"],
            "eventType": "track",
            "sourceID": "1",
            "sourceName": "Website",
            "sourceSlug": "website",
            "trackingPlanID": "7",
            "trackingPlanName": "Shop",
            "violationDescription": "properties.total must be of type number",
            "violationField": "properties.total",
            "violationType": "Invalid Type",
        }
        await send(r, EVENT)
        assert r.journal.rows[2][1].message_id == record.message_id

    against(workspace(violations_to=3), look)


def test_f152_blocked_events_go_to_the_source_named_with_what_was_wrong() -> None:
    async def look(r: Running) -> None:
        await send(r, EVENT)
        ((source, row),) = r.journal.rows
        (event,) = r.journal.events
        assert (source, row.message_id, event["properties"]) == (3, "m1", EVENT["properties"])
        assert event["context"]["protocols"]["sourceId"] == "1"
        assert [each["field"] for each in event["context"]["protocols"]["violations"]] == ["properties.total"]

    against(workspace(settings=BLOCK, blocked_to=3), look)


@pytest.mark.parametrize("target", [2, 9])
def test_nothing_is_forwarded_to_a_source_that_is_disabled_or_gone(target: int) -> None:
    async def look(r: Running) -> None:
        await send(r, EVENT)
        assert r.journal.rows == []
        assert r.journal.reasons("filtered_at_source") == {"schema_violation": 1}

    against(workspace(settings=BLOCK, blocked_to=target, violations_to=target), look)


def test_i1_the_answer_waits_for_what_is_forwarded() -> None:
    async def look(r: Running) -> None:
        r.journal.hold = True
        answer = asyncio.create_task(r.post("/v1/track", EVENT | {"writeKey": KEY}))
        await eventually(lambda: len(r.journal.waiting) == 2)
        forwarded, own = r.journal.waiting
        r.journal.waiting = [own]
        r.journal.commit()
        for _ in range(100):
            await asyncio.sleep(0)
        assert not answer.done()
        r.journal.waiting = [forwarded]
        r.journal.commit()
        assert (await answer)[0] == 200

    against(workspace(violations_to=3), look)


def test_i4_records_of_one_call_are_bounded_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "most_records", 3)

    async def look(r: Running) -> None:
        batch = [EVENT | {"messageId": f"m{index}"} for index in range(5)]
        await r.post("/v1/batch", {"batch": batch, "writeKey": KEY})
        assert [source for source, _ in r.journal.rows] == [3, 3, 3, 1, 1, 1, 1, 1]
        assert r.journal.reasons("violations_not_forwarded") == {"overload": 2}

    against(workspace(violations_to=3), look)


def test_a_number_beyond_a_double_does_not_get_an_event_around_the_gate() -> None:
    body = b'{"type":"track","event":"Order","userId":"u","writeKey":"%b","properties":{"plan":1e999,"ssn":1}}'

    async def look(r: Running) -> None:
        await r.post("/v1/track", body % KEY.encode())
        assert r.journal.events[0]["properties"] == {"plan": None}

    against(workspace(settings={"track": {"allowUnplannedEventProperties": False}}), look)


def test_what_did_not_change_is_not_compiled_again() -> None:
    gates = Gates()
    before = workspace(settings=BLOCK)
    gates.apply(before)
    first = gates.of(1)
    gates.apply(replace(before, version=2))
    assert gates.of(1) is first
    gates.apply(replace(before, plans=(replace(PLAN, version=2),)))
    assert gates.of(1) is not first
    gates.apply(WORKSPACE)
    assert gates.of(1) is None


BROKEN = replace(PLAN, rules=(Rule(1, 2, replace(ORDER, schema={"type": "text"}), 0, 0),))
NOT_ENFORCED = "its tracking plan shop is not enforced: rule 1.jsonSchema: expected a JSON schema"


def test_a_plan_that_cannot_be_compiled_is_told_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def look(r: Running) -> None:
        await send(r, EVENT)
        assert [row.message_id for _, row in r.journal.rows] == ["m1"]
        assert r.ingest.troubles[1].startswith(NOT_ENFORCED)
        r.ingest.apply(workspace(settings=BLOCK))
        assert r.ingest.troubles == {}

    against(replace(workspace(settings=BLOCK), plans=(BROKEN,)), look)
    assert f"source website: {NOT_ENFORCED}" in caplog.text


def test_schema_filters_act_though_the_plan_does_not() -> None:
    async def look(r: Running) -> None:
        await send(r, EVENT, EVENT | {"event": "Debug"})
        assert [event["event"] for event in r.journal.events] == ["Order"]
        assert r.journal.reasons("filtered_at_source") == {"event_setting": 1}

    against(replace(workspace(filters={"track": ["Debug"]}, settings=BLOCK), plans=(BROKEN,)), look)


def test_a_plan_that_is_gone_is_told() -> None:
    gates = Gates()
    gates.apply(replace(workspace(), plans=()))
    assert gates.troubles == {1: "its tracking plan is deleted, so none is enforced"}


NAMES = st.sampled_from(("total", "plan", "extra", "a"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.sampled_from((0, 2.5, 1.0, 2**60)) | st.sampled_from(("", "x", "é", "\ud83d")),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=5,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=3)
BODIES = st.fixed_dictionaries(
    {"userId": st.just("u"), "messageId": st.just("m"), "type": st.sampled_from(("track", "identify", "page"))},
    optional={
        "event": st.sampled_from(("Order", "Other")),
        "properties": OBJECTS | st.none(),
        "traits": OBJECTS,
        "context": st.dictionaries(st.sampled_from(("ip", "page", "protocols")), VALUES, max_size=2),
        "timestamp": st.just("2020-01-01T00:00:00Z"),
        "writeKey": st.just(KEY),
        "_metadata": st.just({"bundled": ["X"]}),
    },
)
ADDED = st.fixed_dictionaries(
    {"v": st.just(1), "receivedAt": st.just("2021-01-01T00:00:00.000Z"), "version": st.just(2)},
    optional={
        "context": st.dictionaries(st.sampled_from(("ip", "library", "page")), VALUES, max_size=2),
        "timestamp": st.just("2020-01-01T00:00:01.000Z"),
        "integrations": OBJECTS,
    },
)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "allowUnplannedEvents": st.booleans(),
        "allowUnplannedEventProperties": st.booleans(),
        "allowEventOnViolations": st.booleans(),
        "allowPropertiesOnViolations": st.booleans(),
    },
)
REWRITES = st.lists(
    st.sampled_from(
        (
            transformation("event = 'Order'", newEventName="X"),
            transformation(propertyRenames=[{"oldName": "context.ip", "newName": "context.page.ip"}]),
            transformation(propertyRenames=[{"oldName": "total", "newName": "context.total"}]),
            transformation(allowProperties=["plan", "context.page"]),
            transformation("properties.a = 'x'", drop=True),
        )
    ),
    max_size=3,
)


@given(BODIES, ADDED, SETTINGS, REWRITES)
def test_the_journal_reads_as_the_event_was_rewritten(
    body: dict[str, Any], added: dict[str, Any], settings: dict[str, Any], rewrites: list[Transformation]
) -> None:
    space = workspace(*rewrites, settings={"track": settings})
    gates = Gates()
    gates.apply(space)
    taken = Taken(1)
    sent = Accepted("m", json.dumps(body).encode(), json.dumps(added).encode())
    taken.accepted.append(sent)
    enter = gates.of(1)
    assert enter is not None
    enter.sift(taken)

    event = decode(sent.body, sent.added)
    plan = compile_plan([ORDER_JSON])
    verdict = Enforcement(read_settings({"track": settings}), SchemaFilters(), plan, source="1")(event)
    expected = verdict.event
    if expected is not None:
        expected = compile_transformations([each.as_json() for each in rewrites])(expected)
    assert [decode(row.body, row.added) for row in taken.accepted] == ([] if expected is None else [expected])
    assert len(taken.accepted) + len(taken.filtered) == 1
    assert sum(taken.counts.values()) == len(taken.filtered)
    for row in taken.accepted:
        assert Entry(1, 1, 0, "m", row.body, row.added).metadata == body.get("_metadata", {})
