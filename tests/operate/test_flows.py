"""Connections that were begun: bound to their state, to ten minutes and to a number (RULES C10)."""

import asyncio
from base64 import urlsafe_b64decode
from hashlib import sha256

import pytest

from actionsd.errors import Conflict
from actionsd.operate.flows import LIFE, MOST, Flows
from support.clock import FakeClock

URI = "http://127.0.0.1:1/callback"


def test_c10_a_flow_is_taken_once_and_with_its_own_state() -> None:
    flows = Flows(FakeClock())
    other, flow = flows.begin(2, URI), flows.begin(1, URI)
    for state in ("", other.state, "é\udcff"):
        with pytest.raises(Conflict, match="state: it is not the one"):
            flows.take(1, state)
    assert flows.take(1, flow.state) is flow, "a wrong state changes nothing"
    with pytest.raises(Conflict, match="begin again"):
        flows.take(1, flow.state)
    assert flow.state != other.state
    assert flow.verifier != other.verifier
    assert urlsafe_b64decode(f"{flow.challenge}=") == sha256(flow.verifier.encode()).digest()
    assert flow.state not in repr(flow)


def test_c10_a_flow_ends_after_ten_minutes_and_with_the_next_one() -> None:
    clock = FakeClock()
    flows = Flows(clock)
    first, second = flows.begin(1, URI), flows.begin(1, URI)
    with pytest.raises(Conflict, match="state"):
        flows.take(1, first.state)
    asyncio.run(clock.advance(LIFE + 1))
    with pytest.raises(Conflict, match="more than 10 minutes"):
        flows.take(1, second.state)


def test_c10_flows_are_few() -> None:
    flows = Flows(FakeClock())
    begun = [flows.begin(destination, URI) for destination in range(MOST + 1)]
    with pytest.raises(Conflict, match="no connection of it was begun"):
        flows.take(0, begun[0].state)
    assert flows.take(1, begun[1].state) is begun[1]
