"""What all surfaces share that change what is configured."""

from typing import Any

import pytest

from actionsd.errors import ConfigError, Forbidden
from actionsd.operate import configuring
from actionsd.operate.callers import Caller
from actionsd.sdk.payload import MASK

ADMIN, WRITER = Caller("socket", "admin"), Caller("token:ci", "write")
BEFORE = {"key": "env:KEY", "list": [{"file": "file:/etc/key"}], "url": "https://acme.test"}


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"key": "env:OTHER"}, "settings.key"),
        ({**BEFORE, "url": "env:KEY"}, "settings.url"),
        ({"list": [1, {"file": "file:/etc/key"}]}, r"settings.list\[1\].file"),
        ({"@if": {"exists": "file:x"}}, "settings.@if.exists"),
    ],
)
def test_only_an_admin_writes_a_new_reference(value: dict[str, Any], path: str) -> None:
    with pytest.raises(Forbidden, match=f"^{path}: only the role admin .* token:ci has write$"):
        configuring.allow_references(WRITER, "settings", value, BEFORE)
    configuring.allow_references(ADMIN, "settings", value, BEFORE)


def test_a_reference_may_stay_in_its_place() -> None:
    configuring.allow_references(WRITER, "settings", {**BEFORE, "url": "https://other.test"}, BEFORE)
    assert not configuring.has_reference({"url": "https://env:8080/"})


def test_a_mask_that_comes_back_stays_what_it_was() -> None:
    assert configuring.unmasked({"key": MASK, "url": "x"}, BEFORE) == {"key": "env:KEY", "url": "x"}
    with pytest.raises(ConfigError, match=r"^other: this is how secrets are shown"):
        configuring.unmasked({"other": MASK}, BEFORE)
