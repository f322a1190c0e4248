"""Counters equal the truth of a sink, per step and reason and per event name (RULES R29; FEATURES F167-F173)."""

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from support.daemon import EVERYTHING, Daemon, inline, webhook
from support.sink import Sink, fickle
from support.waiting import until

EVENTS = 100_000 if os.environ.get("ACTIONSD_SOAK") else 20_000
BATCH = 200
NAMES = ("Order Completed", "Signed Up", "Viewed", "Debug", "Home")
WANTED = ("Order Completed", "Signed Up")

Event = dict[str, Any]


def _events() -> Iterator[Event]:
    """Mixed events; the message id ends in a number and says what it is about: ``name/number``."""
    for number in range(EVENTS):
        name = NAMES[number // 7 % len(NAMES)]
        event: Event = {"type": "track", "event": name, "userId": f"u{number % 999}", "messageId": f"{name}/{number}"}
        if name == "Home":
            event |= {"type": "page", "name": name}
            del event["event"]
        if number % 101 == 3:
            del event["userId"]  # refused
        if number % 103 == 5:
            event["integrations"] = {"All": False}
        if number % 107 == 6:
            event["integrations"] = {"All": False, "Nobody": True, "fickle": True}
        event["context"] = {"app": {"version": f"1.{number % 3}"}}
        yield event


def _destinations(sink: Sink) -> str:
    trigger = inline(" or ".join(f'event = "{name}"' for name in WANTED))
    filters = [{"if": 'event = "Debug"', "actions": [{"type": "DROP"}]}]
    fickle = webhook("fickle", sink.url("fickle")).replace(inline(EVERYTHING), trigger)
    batched = webhook("batched", sink.url("ok"), batch=100, filters=filters)
    deaf = webhook("deaf", sink.url("ok"))
    return f"{fickle}{batched}{deaf}enabled = false\n"


def _name(event: Event) -> str:
    return str(event["messageId"]).partition("/")[0]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Daemon, Sink, list[Event]]]:
    """A daemon that has taken and settled all events, some of them sent twice."""
    more = '[delivery]\nretry_base = "10ms"\nretry_cap = "20ms"\n'
    events = list(_events())
    with Sink() as sink, Daemon(tmp_path_factory.mktemp("counts"), _destinations(sink), more=more) as daemon:
        for start in range(0, EVENTS, BATCH):
            batch = events[start : start + BATCH]
            assert daemon.post("/v1/batch", {"batch": [*batch, *batch[::97]]}) == 200
        until(lambda: _is_settled(daemon), timeout=240, every=0.2, what="everything is settled")
        yield daemon, sink, events


def _is_settled(daemon: Daemon) -> bool:
    rows = daemon.ask("destinations")
    return not any(row["backlog"] or row["retrying"] or row["inFlight"] for row in rows)


def _accepted(events: list[Event]) -> list[Event]:
    return [event for event in events if "userId" in event]


def _by(daemon: Daemon, of: str, by: str, step: str) -> dict[str, int]:
    groups = daemon.ask("overview", of, "--since", "1h", "--by", by)["groups"]
    return {group["key"]: group["steps"][step] for group in groups if step in group["steps"]}


def _totals(daemon: Daemon, of: str) -> dict[str, int]:
    answer = daemon.ask("overview", of, "--since", "1h")
    return {step["step"]: step["total"] for step in answer["steps"]} | {"retried": answer["retried"]}


def _reason_at_batched(event: Event) -> str:
    """Why the destination "batched" leaves an event out, "" when it does not."""
    integrations = event.get("integrations", {})
    if integrations:
        return "UNKNOWN_INTEGRATION" if "Nobody" in integrations else "FILTERED_BY_INTEGRATIONS_OBJECT"
    return "FILTERED_BY_RULES" if _name(event) == "Debug" else ""


def _reason_at_fickle(event: Event) -> str:
    if event.get("integrations", {}) == {"All": False}:
        return "FILTERED_BY_INTEGRATIONS_OBJECT"
    return "" if _name(event) in WANTED else "FILTERED_AT_MAPPING"


def test_truth_of_what_was_received(run: tuple[Daemon, Sink, list[Event]]) -> None:
    daemon, _, events = run
    accepted = _accepted(events)
    totals = _totals(daemon, "website")
    assert totals["successfully_received"] == len(accepted)
    assert totals["failed_on_ingest"] == sum(
        1 + (number % BATCH % 97 == 0) for number, event in enumerate(events) if "userId" not in event
    ), "a refused event that comes again is refused again"
    assert _by(daemon, "website", "event", "successfully_received") == Counter(map(_name, accepted))
    assert _by(daemon, "website", "type", "successfully_received") == Counter(event["type"] for event in accepted)
    versions = Counter(event["context"]["app"]["version"] for event in accepted)
    assert _by(daemon, "website", "version", "successfully_received") == versions
    assert _by(daemon, "website", "reason", "failed_on_ingest") == {"no_user_anon_id": totals["failed_on_ingest"]}


def test_truth_of_a_destination_with_filters_and_batches(run: tuple[Daemon, Sink, list[Event]]) -> None:
    daemon, sink, events = run
    got = sink.received["ok"]
    assert set(got.values()) == {1}
    totals = _totals(daemon, "batched")
    assert totals["successful_delivery"] == len(got)
    assert (totals["failed_delivery"], totals["retried"]) == (0, 0)
    assert _by(daemon, "batched", "event", "successful_delivery") == Counter(id.partition("/")[0] for id in got)
    left_out = [(reason, _name(event)) for event in _accepted(events) if (reason := _reason_at_batched(event))]
    assert _by(daemon, "batched", "reason", "filtered_at_destination") == Counter(reason for reason, _ in left_out)
    assert _by(daemon, "batched", "event", "filtered_at_destination") == Counter(name for _, name in left_out)
    assert len(got) + len(left_out) == len(_accepted(events))


def test_truth_of_a_destination_that_fails_and_refuses(run: tuple[Daemon, Sink, list[Event]]) -> None:
    daemon, sink, events = run
    got = sink.received["fickle"]
    refused = {id: n for id, n in got.items() if fickle(id, 2) == "refuse"}
    taken = {id: n for id, n in got.items() if id not in refused}
    repeated = sum(n - 1 for n in taken.values())
    totals = _totals(daemon, "fickle")
    assert totals["successful_delivery"] == len(taken) == sink.answered["fickle"]
    assert totals["failed_delivery"] == len(refused) == sum(refused.values())
    assert totals["retried"] == repeated > 0
    for step, ids in (("successful_delivery", taken), ("failed_delivery", refused)):
        assert _by(daemon, "fickle", "event", step) == Counter(id.partition("/")[0] for id in ids), step
    assert _by(daemon, "fickle", "reason", "failed_delivery") == {"errors.discarded.400": len(refused)}
    left_out = [(reason, _name(event)) for event in _accepted(events) if (reason := _reason_at_fickle(event))]
    assert _by(daemon, "fickle", "reason", "filtered_at_destination") == Counter(reason for reason, _ in left_out)
    assert _by(daemon, "fickle", "event", "filtered_at_destination") == Counter(name for _, name in left_out)
    assert len(got) + len(left_out) == len(_accepted(events))


def test_truth_of_a_destination_without_mappings(run: tuple[Daemon, Sink, list[Event]]) -> None:
    daemon, _, events = run
    accepted = _accepted(events)
    assert _by(daemon, "deaf", "reason", "filtered_at_destination") == {"NO_MATCHING_MAPPING": len(accepted)}
    assert _by(daemon, "deaf", "event", "filtered_at_destination") == Counter(map(_name, accepted))


def test_samples_and_tables_of_such_a_run(run: tuple[Daemon, Sink, list[Event]]) -> None:
    daemon, _, _ = run
    kept = daemon.ask("samples", "fickle", "--limit", "100")["items"]
    reasons = Counter((sample["step"], sample["reason"]) for sample in kept)
    assert reasons["dead", "errors.discarded.400"] == reasons["discarded", "FILTERED_AT_MAPPING"] == 10
    assert reasons["delivered", ""] in range(1, 11)
    refused = next(sample for sample in kept if sample["step"] == "dead")
    assert refused["exchange"][0]["response"]["status"] == 400
    assert refused["payload"]["data"] == refused["event"]
    table = daemon.ctl("overview", "website", "--since", "1h", "--by", "event")
    assert table.returncode == 0, table.stderr
    for word in ("RECEIVED", "Signed Up", "fickle", "batched", "95 % WITHIN", "received"):
        assert word in table.stdout
    shown = daemon.ctl("samples", "fickle", "--reason", "errors.discarded.400", "--full", "--limit", "1")
    assert "400" in shown.stdout
    assert "message id" in shown.stdout


def test_alerts_are_added_listed_and_removed(run: tuple[Daemon, Sink, list[Event]]) -> None:
    daemon, _, _ = run
    added = daemon.ctl("alerts", "add", "fickle fails", "--destination", "fickle", "--success", "99.9")
    assert added.returncode == 0, added.stderr
    assert daemon.ctl("alerts", "add", "half", "--source", "website", "--volume", "50").returncode == 0
    rows = {row["name"]: row for row in daemon.ask("alerts", "list")}
    assert (rows["fickle fails"]["kind"], rows["fickle fails"]["reportTo"]) == ("delivery", "website")
    table = daemon.ctl("alerts", "list").stdout
    assert "fickle delivers < 99.9 %" in table
    assert "volume of website ±50 %" in table
    assert daemon.ctl("alerts", "add", "half", "--source", "website").returncode == 2
    again = daemon.ctl("alerts", "add", "half", "--source", "website", "--volume", "5")
    assert (again.returncode, 'there is an alert "half" already' in again.stderr) == (1, True)
    for name in rows:
        assert daemon.ctl("alerts", "rm", name).returncode == 0
    assert daemon.ask("alerts", "list") == []
