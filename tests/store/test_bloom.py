"""The memory filter of deduplication (RULES R9): what it says, in C and without, and how it grows."""

import importlib
from array import array
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd.store import bloom, purebloom
from actionsd.store.bloom import Chain, sift
from actionsd.store.dedup import bucket_at
from support.store import spread

compiled = None if bloom.add is purebloom.add else importlib.import_module("actionsd.store._bloom")
needs_compiled = pytest.mark.skipif(compiled is None, reason="there was no C compiler when actionsd was installed")
both = pytest.mark.parametrize(
    "filters", [pytest.param(purebloom, id="pure"), pytest.param(compiled, id="compiled", marks=needs_compiled)]
)
KEYS = st.lists(st.binary(min_size=16, max_size=16), max_size=50)


@given(keys=st.lists(st.binary(min_size=16, max_size=16), unique=True, max_size=200))
def test_a_filter_never_denies_a_key_that_it_has(keys: list[bytes]) -> None:
    chain, other = Chain(bucket_at(86_400_000), 1 << 20), Chain(bucket_at(86_400_000), 1 << 20)
    for number, key in enumerate(keys):
        if number % 3:
            (chain if number % 3 == 1 else other).add(key, number)
        else:
            sift([key], number, chain, other)
    assert sift(keys, len(keys), chain, other) == set(keys)


def test_a_full_filter_mostly_denies_other_keys() -> None:
    chain = Chain(1000, 1 << 20, expected=50_000)
    chain.add(b"".join(spread(number) for number in range(50_000)), 0)
    assert len(chain.filters) == 1
    assert len(sift([spread(-number) for number in range(1, 10_001)], 0, Chain(1000, 1 << 20), chain)) < 40


def test_a_chain_grows_by_filters_and_stays_within_its_bytes() -> None:
    chain = Chain(1000, 1 << 18)
    for start in range(0, 100_000, 1000):
        chain.add(b"".join(spread(number) for number in range(start, start + 1000)), 0)
    assert sum(8 * len(each.words) for each in chain.filters) <= 1 << 18
    chain.forget(1)
    assert chain.filters == []


@both
@given(added=KEYS, asked=KEYS)
def test_what_was_added_is_known_from_then_on(filters: ModuleType, added: list[bytes], asked: list[bytes]) -> None:
    words = array("Q", bytes(64))
    for number, key in enumerate(added):
        seen = added[:number]
        assert filters.add(words, key)[0] or key not in seen
        assert filters.has(words, b"".join([*seen, key])) == b"\1" * (number + 1)
    before = words[:]
    answers = filters.has(words, b"".join(asked))
    assert len(answers) == len(asked)
    assert all(answer for key, answer in zip(asked, answers, strict=True) if key in added)
    assert words == before


@needs_compiled
@given(groups=st.lists(KEYS, max_size=5), exponent=st.integers(0, 4))
def test_in_c_it_is_the_same_filter(groups: list[list[bytes]], exponent: int) -> None:
    assert compiled is not None
    words, twin = array("Q", bytes(8 << exponent)), array("Q", bytes(8 << exponent))
    for number, keys in enumerate(map(b"".join, groups)):
        answer, same = ("add", "has")[number % 2], (compiled, purebloom)
        assert getattr(same[0], answer)(words, keys) == getattr(same[1], answer)(twin, keys)
        assert words == twin


@needs_compiled
def test_in_c_it_refuses_what_is_no_filter_and_no_keys() -> None:
    assert compiled is not None
    for words, keys in [(24, b""), (0, b""), (12, b""), (8, b"15 bytes of key")]:
        with pytest.raises(ValueError, match=r"a filter has 2\^n words of 8 bytes, a key 16 bytes"):
            compiled.add(array("B", bytes(words)), keys)
    for arguments in [(array("Q", [0]), "x" * 16), (b"8 bytes.", b"x" * 16), (array("Q", [0]),)]:
        with pytest.raises((TypeError, BufferError)):
            compiled.has(*arguments)
