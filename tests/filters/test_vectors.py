"""All rows of the transformer vectors (../shared/vectors/NOTES.md, trap 48)."""

import copy
from typing import Any

from actionsd.filters import FilterError, compile_transformers
from actionsd.filters.sampling import fraction
from support.conformance import rows

FAILED = "an error"


def outcome(row: dict[str, Any]) -> Any:
    try:
        return compile_transformers(row["transformers"])(row["event"])
    except FilterError:
        return FAILED


def test_transformers() -> None:
    checked = rows("filter_transform", "filter_transform.upstream")
    given = copy.deepcopy([row["event"] for row in checked])
    expected = [FAILED if "error" in row else row["output"] for row in checked]
    assert [row["id"] for row, wanted in zip(checked, expected, strict=True) if outcome(row) != wanted] == []
    assert [row["event"] for row in checked] == given, "an event was changed"


def test_fraction_is_segments() -> None:
    for row in rows("filter_sample_path.info"):
        value: Any = row["event"]
        for key in row["transformers"][0]["config"]["sample"]["path"].split("."):
            value = value[key] if isinstance(value, dict) else None
        assert abs(fraction(value) - row["derived_fraction"]) < 1e-12, row["id"]
