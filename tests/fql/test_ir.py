import json
from typing import Any

import pytest

from actionsd.fql import FQLError, compile_ir

IR = [
    "and",
    ["=", "type", {"value": "track"}],
    ["in", "properties.plan", {"value": [{"value": "pro"}, "properties.x"]}],
]
EVENT = {"type": "track", "properties": {"plan": "a", "x": "a"}}


def test_decoded_text_and_matcher_mean_the_same() -> None:
    for form in (IR, json.dumps(IR), {"type": "fql", "ir": json.dumps(IR)}, {"type": "fql", "ir": IR}):
        assert compile_ir(form)(EVENT)
        assert not compile_ir(form)({"type": "page"})


def test_all_and_nothing() -> None:
    assert compile_ir({"type": "all", "ir": ""})({})
    assert not compile_ir({"type": "fql", "ir": ""})({})


@pytest.mark.parametrize(
    "ir",
    [
        None,
        5,
        [],
        [5],
        ["nope", "type"],
        ["=", "type"],
        ["!", "a", "b"],
        ["length", "a", "b"],
        {"values": 1},
        {"value": {"a": 1}},
        "[not json",
        {"type": "glob", "ir": "true"},
        json.loads('["!",' * 200 + '"a"' + "]" * 200),
        "[" * 100_000,
    ],
)
def test_what_is_no_ir_is_refused(ir: Any) -> None:
    with pytest.raises(FQLError):
        compile_ir(ir)
