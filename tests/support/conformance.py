"""The conformance data beside the project: rows of ../shared/vectors, and the differences that are meant."""

import json
from pathlib import Path
from typing import Any

import pytest

VECTORS = Path(__file__).parents[3] / "shared" / "vectors"


def rows(*names: str) -> list[dict[str, Any]]:
    """All rows of the named files; the calling test is skipped where the data is not there."""
    if not VECTORS.is_dir():
        pytest.skip(f"{VECTORS} is not there")
    texts = (VECTORS.joinpath(f"{name}.jsonl").read_text(encoding="utf-8") for name in names)
    return [json.loads(line) for text in texts for line in text.split("\n") if line]  # rows may hold U+2028


def differences(path: Path) -> dict[str, str]:
    """Ids of the rows that are believed wrong, with the reason."""
    reasons: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return reasons
