"""All rows of the mapping and Liquid vectors (../shared/vectors/NOTES.md)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actionsd import mapping
from actionsd.mapping import UNDEFINED, MappingError
from actionsd.sdk import js
from support.conformance import differences, rows

EXPECTED = differences(Path(__file__).with_name("expected_differences.json"))

Row = dict[str, Any]

KINDS: dict[str, Callable[[Row], Any]] = {
    "transform": lambda row: mapping.compile_mapping(row["mapping"])(row.get("data", {})),
    "transformBatch": lambda row: mapping.apply_batch(row["mapping"], row.get("data", [])),
    "get": lambda row: mapping.get(row["obj"], row.get("path")),
    "render": lambda row: mapping.render(row["template"], row.get("data", {})),
    "flatten": lambda row: mapping.flatten(row["input"], row.get("separator", "."), row.get("omitArrays", False)),
    "valueKeys": lambda row: mapping.field_paths(row["value"]),
    "validate": lambda row: mapping.validate(row["mapping"]),
}
"""How each kind of row is run; rows of the Liquid suite have none and are transforms."""


def outcome(row: Row) -> Any:
    """The value, or the messages of the error."""
    try:
        return KINDS[row.get("kind", "transform")](row)
    except MappingError as error:
        return [problem.message for problem in error.errors]


def differs(row: Row) -> bool:
    found = outcome(row)
    if "error" in row:
        return bool(found != (row.get("errors") or [row["error"]])) and "engine-error" not in row.get("tags", ())
    if row.get("kind") == "validate":
        return found is not None
    if "output" not in row:
        return found is not UNDEFINED
    return canonical(found) != canonical(row["output"])


def canonical(value: Any) -> Any:
    """Values that JavaScript can't tell apart are equal: 5 and 5.0, and the members of objects in any order."""
    if isinstance(value, dict):
        return {key: canonical(member) for key, member in value.items()}
    if isinstance(value, list):
        return [canonical(item) for item in value]
    return js.stringify(value)


@pytest.mark.parametrize("name", ["mapping_aux", "mapping_suite", "mapping_generated", "liquid_suite"])
def test_every_row_of_the_vectors(name: str) -> None:
    checked = rows(name)
    assert checked
    found = [f"{row['id']}: {outcome(row)!r}" for row in checked if row["id"] not in EXPECTED and differs(row)]
    assert found == []


def test_few_differences_are_meant_and_each_has_a_reason() -> None:
    assert len(EXPECTED) <= 10
    assert all(EXPECTED.values())
