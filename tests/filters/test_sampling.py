from typing import Any

import pytest

from actionsd.filters.sampling import fraction, is_sampled
from actionsd.sdk.js import UNDEFINED


def test_fractions_are_uniform_over_100000_keys() -> None:
    buckets = [0] * 20
    for number in range(100_000):
        buckets[int(fraction(f"user-{number}") * 20)] += 1
    expected = 100_000 / 20
    chi_square = sum((count - expected) ** 2 / expected for count in buckets)
    assert chi_square < 43.8, "19 degrees of freedom exceed this once in a thousand times"


@pytest.mark.parametrize("percent", [0.01, 0.1, 0.5, 0.9])
def test_a_sample_keeps_its_share(percent: float) -> None:
    kept = sum(is_sampled(percent, number) for number in range(20_000)) / 20_000
    assert kept == pytest.approx(percent, abs=4 * (percent * (1 - percent) / 20_000) ** 0.5)


def test_a_larger_sample_contains_the_smaller() -> None:
    users = [f"u{number}" for number in range(1_000)]
    assert {user for user in users if is_sampled(0.2, user)} < {user for user in users if is_sampled(0.4, user)}


@pytest.mark.parametrize("value", ["u", 5, 5.0, None, UNDEFINED, True, ["a", 1], {"b": 1, "a": None}, "ü😀", "\ud800"])
def test_every_value_has_its_fraction(value: Any) -> None:
    assert fraction(value) == fraction(value)
    assert 0 <= fraction(value) < 1
    assert is_sampled(1, value)
    assert not is_sampled(0, value)


def test_equal_numbers_are_the_same_value() -> None:
    assert fraction(5) == fraction(5.0)
    assert fraction(5) != fraction("5")
